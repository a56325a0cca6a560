#!/usr/bin/env bash
# Good guess: FLAC was made for streaming, so whoever reads WAV, Ogg and Opus from a pipe reads FLAC
#   from it, too.
# True: libsndfile opens WAV, Ogg Vorbis and Opus from a pipe, and of the four refuses FLAC alone.
# Hurt: whoever sends sounds to a player over an SSH line: the smallest lossless format is the one
#   that players on libsndfile cannot take.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q soundfile==0.13.1 numpy==2.3.5
cd "$work"
cat > from_pipe.py <<'PYTHON'
import sys

import soundfile

try:
    with soundfile.SoundFile(sys.stdin.fileno(), closefd=False) as sound:
        print(f"{len(sound.read(200_000))} frames")
except soundfile.LibsndfileError as error:
    print(f"refused: {error.error_string}")
PYTHON
"$work/venv/bin/python" - <<'PYTHON'
import numpy
import soundfile

print(f"soundfile {soundfile.__version__}, {soundfile.__libsndfile_version__}")
sound = 0.3 * numpy.sin(numpy.arange(96_000) / 20)
for name, subtype in [("wav", "PCM_16"), ("ogg", "VORBIS"), ("opus", "OPUS"), ("flac", "PCM_16")]:
    kind = "OGG" if name == "opus" else name.upper()
    soundfile.write(f"made.{name}", sound, 48_000, format=kind, subtype=subtype)
PYTHON
for name in wav ogg opus flac; do
    said=$(cat "made.$name" | "$work/venv/bin/python" from_pipe.py)
    printf '%-5s %s\n' "$name" "$said"
    case "$name:$said" in
        flac:refused*) ;;
        flac:*) echo "libsndfile behaves otherwise now"; exit 1 ;;
        *:*frames) ;;
        *) echo "libsndfile behaves otherwise now"; exit 1 ;;
    esac
done
by_name=$("$work/venv/bin/python" -c 'import soundfile; print(soundfile.info("made.flac").frames)')
echo "flac  by its name: $by_name frames"
