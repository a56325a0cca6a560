"""Thousands of broken sound files, and whether each is heard or refused with a sentence.

    python -m tests.bench.bad_input [--files N] [--seed N] [--keep FOLDER]

Prints what became of them, and every file that crashed, hung, or made something be written to
the terminal; exit status 1 if there is any. `--keep` saves those files.
"""

import argparse
import tempfile
from collections import Counter
from pathlib import Path

from tests.audio.hearing_process import HearingProcess
from tests.audio.mutations import broken_sounds

SECONDS = 10.0
_BAD = ("CRASH", "HANG", "ERROR", "WROTE")


def main() -> None:
    """Hear all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--keep", type=Path)
    wishes = parser.parse_args()
    counts: Counter[str] = Counter()
    bad = 0
    with tempfile.TemporaryDirectory() as folder, HearingProcess() as hearing:
        before = ""
        for name, data in broken_sounds(wishes.files, seed=wishes.seed):
            path = Path(folder) / name
            path.write_bytes(data)
            told = hearing.told(path, seconds=SECONDS)
            after = hearing.complaints()
            if after != before and not told.startswith(_BAD):
                told = f"WROTE {after[len(before) :]}"
            before = after
            if told.startswith(_BAD):
                bad += 1
                print(f"{name}: {told}")
                if wishes.keep:
                    wishes.keep.mkdir(exist_ok=True)
                    (wishes.keep / name).write_bytes(data)
            counts["".join("0" if letter.isdigit() else letter for letter in told)] += 1
            path.unlink()
    for told, count in counts.most_common(30):
        print(f"{count:6,}  {told[:110]}")
    print(f"{wishes.files:,} files, {bad} neither heard nor refused with a sentence")
    raise SystemExit(1 if bad else 0)


if __name__ == "__main__":
    main()
