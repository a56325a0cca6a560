"""A process that hears files whose paths it reads, and what it says of them as JSON."""

from __future__ import annotations

import json
import resource
import select
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self

MEMORY = 3 << 30
"""Address space of the process, bytes: one that believes every header ends by it."""


@dataclass(slots=True)
class HearingProcess:
    """Hears files one after the other; started anew where one has ended it."""

    _process: subprocess.Popen[str] | None = None
    _errors: IO[bytes] = field(default_factory=tempfile.TemporaryFile)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._end()
        self._errors.close()

    def told(self, path: Path, *, seconds: float) -> str:
        """Give `heard`, or the sentence of why not; or CRASH, HANG, ERROR and what it said."""
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{path}\n")
        process.stdin.flush()
        if not select.select([process.stdout], [], [], seconds)[0]:
            self._end()
            return f"HANG over {seconds:.0f} s"
        line = process.stdout.readline()
        if not line:
            status = process.wait()
            self._end()
            return f"CRASH with status {status}: {self.complaints()[-300:]}"
        told: str = json.loads(line)
        return told

    def complaints(self) -> str:
        """What was written to its stderr so far."""
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.audio.hearing_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                text=True,
                cwd=Path(__file__).parents[2],
            )
            assert self._process.stdout is not None
            assert self._process.stdout.readline() == "ready\n", self.complaints()
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def main() -> None:
    """Hear every path on stdin."""
    from smtui.audio.decoder_messages import discard_decoder_messages

    discard_decoder_messages()
    from smtui.audio.recipe import listen
    from smtui.domain.analysis import Level
    from smtui.domain.errors import SoundUnreadable
    from smtui.domain.fields import analysis_fields

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    print("ready", flush=True)
    for line in sys.stdin:
        try:
            heard = listen(Path(line.removesuffix("\n")), level=Level.ADVANCED)
            # Every number that is told must be one.
            json.dumps(analysis_fields(heard, analyzed_at=datetime.now(UTC)), allow_nan=False)
            told = "heard"
        except SoundUnreadable as error:
            told = error.title
        except Exception as error:  # noqa: BLE001 - to find what is not caught is the purpose
            told = f"ERROR {type(error).__name__}: {error}"
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
