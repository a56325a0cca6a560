#!/usr/bin/env bash
# libsndfile 1.2.2: in an IMA ADPCM WAV the fact chunk counts the filled-up block, in MS ADPCM it does not.
# The good guess: fact holds the number of samples that were written, as the standard asks and as it
# does for MS ADPCM; so a loop can be cut at it. True: for IMA it holds whole blocks, so the end that
# only fills the block (up to 40 ms) counts as sound, and no reader can know. Hurt: loops that are
# converted to IMA and back are longer than their bars.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check soundfile==0.14.0 numpy==2.2.6
cd "$place"
venv/bin/python - <<'PY'
import struct, sys
import numpy as np, soundfile as sf
print("soundfile", sf.__version__, "libsndfile", sf.__libsndfile_version__)
facts = {}
for name in ("IMA_ADPCM", "MS_ADPCM"):
    sf.write("a.wav", 0.5 * np.sin(np.arange(88200) * .05), 44100, subtype=name)
    data = open("a.wav", "rb").read(); at = data.index(b"fact") + 8
    facts[name] = struct.unpack("<I", data[at:at + 4])[0]
    print(name, "88200 samples written, fact says", facts[name], "and the reader", sf.info("a.wav").frames)
sys.exit(0 if facts["IMA_ADPCM"] > 88200 and facts["MS_ADPCM"] == 88200 else 1)
PY
