#!/usr/bin/env bash
# Good guess: reading a compressed backup to its end proves that it is whole, as gzip and xz do.
# True: zstandard's stream reader gives what a cut frame still holds and then says "end of file",
#   without an error; backports.zstd raises EOFError for the same bytes.
# Hurt: whoever verifies a backup by reading it through: half an upload passes, and the loss is
#   found when the backup is needed.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q zstandard==0.25.0 backports.zstd==1.1.0
"$work/venv/bin/python" - <<'PYTHON'
import io
from importlib.metadata import version

import zstandard
from backports import zstd

whole = b"".join(b"%d\n" % number for number in range(400_000))
packed = zstd.compress(whole)
cut = packed[: len(packed) // 2]

read = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(cut)).read()
print(f"zstandard {version('zstandard')}: {len(read):,} of {len(whole):,} bytes, no error")
try:
    zstd.open(io.BytesIO(cut)).read()
    refused = None
except EOFError as error:
    refused = error
print(f"backports.zstd {version('backports.zstd')}: EOFError: {refused}")
assert 0 < len(read) < len(whole) and whole.startswith(read), "zstandard behaves otherwise now"
assert refused is not None, "backports.zstd behaves otherwise now"
PYTHON
