#!/usr/bin/env bash
# libsndfile 1.2.2: a variable-rate MP3 from a pipe (no Xing frame) is cut to a guess of its length.
# The good guess: `frames` may be a guess, but reading to the end gives all of the sound, as mpg123 and
# FFmpeg do. True: reading stops at the guess, which is made from the first frames: a sound that
# begins loud loses most of itself, one that begins with silence claims more than it has. Nothing is
# raised. Putting an Xing frame with the number of frames in front gives every sample.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check soundfile==0.14.0 numpy==2.2.6
cd "$place"
venv/bin/python - <<'PY'
import sys
import numpy as np, soundfile as sf
print("soundfile", sf.__version__, "libsndfile", sf.__libsndfile_version__)
rate = 44100; noise = np.random.default_rng(1).standard_normal(2 * rate)
def piped(x):
    with sf.SoundFile("a.mp3", "w", rate, 1, format="MP3", subtype="MPEG_LAYER_III",
                      bitrate_mode="VARIABLE", compression_level=.3) as f: f.write(x)
    data = open("a.mp3", "rb").read(); assert b"Xing" in data[:200]
    open("b.mp3", "wb").write(data[data.index(data[:2], 4):])   # without the frame that tells the length
    return len(sf.read("b.mp3")[0]) / rate, sf.info("b.mp3").frames / rate
tone = .5 * np.sin(np.arange(8 * rate) * .05)
loud = piped(np.concatenate([.3 * noise, 0 * tone])); soft = piped(np.concatenate([0 * tone, .3 * noise]))
print("10 s, loud first: reading gives %.2f s, info says %.2f s" % loud)
print("10 s, silence first: reading gives %.2f s, info says %.2f s" % soft)
sys.exit(0 if loud[0] < 9 and soft[1] > 11 else 1)
PY
