#!/usr/bin/env bash
# libsndfile 1.2.2: a seek in a variable-rate MP3 or on the last page of an Ogg Vorbis lands elsewhere.
# The good guess: SoundFile.seek(n) then read() gives the samples from n on, as both formats say that
# they can seek and as it does in WAV and FLAC. True: in a VBR MP3 most seeks give samples of
# another place; in a Vorbis file of a few seconds those on the last page are some 900 too late, and a
# seek forwards after a read may land anywhere. Nothing is raised. Hurt: players, waveform views and
# everybody who reads files in pieces. A new decoder before each seek mends Vorbis up to that page.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check soundfile==0.14.0 numpy==2.2.6
cd "$place"
venv/bin/python - <<'PY'
import sys
import numpy as np, soundfile as sf
print("soundfile", sf.__version__, "libsndfile", sf.__libsndfile_version__)
rate = 44100; t = np.arange(8 * rate) / rate
x = 0.6 * np.sin(2 * np.pi * (200 * t + 150 * t * t)) * np.exp(-12 * (t % .25))
with sf.SoundFile("a.mp3", "w", rate, 1, format="MP3", subtype="MPEG_LAYER_III",
                  bitrate_mode="VARIABLE", compression_level=.3) as f: f.write(x)
sf.write("a.ogg", x[:3 * rate], rate); sf.write("a.flac", x, rate)
wrong = {}
for name in ("a.flac", "a.mp3", "a.ogg"):
    whole, _ = sf.read(name, dtype="float32"); places = range(4999, len(whole) - 3000, 4999)
    bad = 0
    for n in places:
        with sf.SoundFile(name) as f: f.seek(n); part = f.read(2000, dtype="float32")
        bad += bool(np.abs(part - whole[n:n + 2000]).max() > .01)
    wrong[name] = bad; print(f"{name}: {bad} of {len(places)} seeks by a new decoder give other samples")
whole, _ = sf.read("a.ogg", dtype="float32")
with sf.SoundFile("a.ogg") as f:
    f.seek(777); f.read(2000); f.seek(66150); part = f.read(2000, dtype="float32")
again = bool(np.abs(part - whole[66150:68150]).max() > .01)
print("a.ogg: a second seek, forwards:", "other samples" if again else "right")
sys.exit(0 if wrong["a.flac"] == 0 and wrong["a.mp3"] and wrong["a.ogg"] and again else 1)
PY
