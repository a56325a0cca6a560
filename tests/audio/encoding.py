"""Sounds in codecs that soundfile does not write: encoded by FFmpeg's libraries, or by hand."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile

RATE = 44_100
_GRAIN = 8_192


def encoded(
    path: Path,
    samples: np.ndarray,
    codec: str,
    *,
    container: str,
    rate: int = RATE,
    options: dict[str, str] | None = None,
) -> Path:
    """Write samples of shape (n,) or (n, channels) with a codec in a container."""
    wave = np.atleast_2d(np.asarray(samples, np.float32).T)
    layout = {1: "mono", 2: "stereo"}[len(wave)]
    with av.open(str(path), "w", format=container, container_options=options or {}) as out:
        stream: Any = out.add_stream(codec, rate=rate)
        stream.codec_context.layout, stream.codec_context.bit_rate = layout, 192_000
        kinds = [each.name for each in stream.codec_context.codec.audio_formats]
        stream.codec_context.format = next((each for each in kinds if "16" in each), kinds[0])
        stream.codec_context.open()
        wanted = stream.codec_context.format.name
        resampler = av.AudioResampler(format=wanted, layout=layout, rate=rate)
        for start in range(0, wave.shape[1], _GRAIN):
            part = np.ascontiguousarray(wave[:, start : start + _GRAIN])
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=layout)
            frame.sample_rate, frame.pts = rate, start
            frame.time_base = Fraction(1, rate)
            for whole in resampler.resample(frame):
                out.mux(stream.encode(whole))
        for whole in resampler.resample(None):
            out.mux(stream.encode(whole))
        out.mux(stream.encode(None))
    return path


def mp3(path: Path, samples: np.ndarray, *, variable: bool, rate: int = RATE) -> bytes:
    """Write an MP3 whose first frame tells its length, and give its bytes."""
    channels = 1 if np.ndim(samples) == 1 else np.shape(samples)[1]
    with soundfile.SoundFile(
        path, "w", rate, channels, format="MP3", subtype="MPEG_LAYER_III",
        bitrate_mode="VARIABLE" if variable else "CONSTANT", compression_level=0.3,
    ) as file:  # fmt: skip
        file.write(samples)
    return path.read_bytes()


def frames_alone(data: bytes) -> bytes:
    """An MP3 without its first frame, as encoders write into a pipe."""
    return data[data.index(data[:2], 4) :]


def chunk(name: bytes, body: bytes) -> bytes:
    """A chunk of RIFF."""
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)


def riff(*chunks: bytes, kind: bytes = b"RIFF") -> bytes:
    """A WAV of chunks."""
    body = b"WAVE" + b"".join(chunks)
    return kind + struct.pack("<I", len(body)) + body


def pcm(samples: np.ndarray) -> bytes:
    """Samples of 16 bits, lowest byte first."""
    return np.round(np.asarray(samples) * 32_767).astype("<i2").tobytes()


FORM = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16))
"""Mono of 16 bits at 44.1 kHz."""


def dsf(path: Path, samples: np.ndarray, *, over: int = 64) -> Path:
    """A file of one-bit sound: each sample held for `over` bits, made by feeding back the error."""
    error, bits = 0.0, np.zeros(len(samples) * over, np.uint8)
    for place, value in enumerate(np.repeat(np.asarray(samples, float), over)):
        error += value
        bits[place] = error > 0
        error -= 1.0 if bits[place] else -1.0
    packed = np.packbits(bits, bitorder="little").tobytes()
    block = 4_096
    data = packed + b"\x69" * (-len(packed) % block)
    form = struct.pack(
        "<4sQIIIIIIQII", b"fmt ", 52, 1, 0, 1, 1, RATE * over, 1, len(bits), block, 0
    )
    body = b"data" + struct.pack("<Q", 12 + len(data)) + data
    path.write_bytes(b"DSD " + struct.pack("<QQQ", 28, 28 + len(form) + len(body), 0) + form + body)
    return path


def opus_in_caf(path: Path, samples: np.ndarray) -> Path:
    """Opus as Apple's programs keep it: packets of 20 ms, their sizes in a chunk of its own."""
    whole = encoded(path.with_suffix(".webm"), samples, "libopus", container="webm", rate=48_000)
    with av.open(str(whole)) as file:
        packets = [bytes(packet) for packet in file.demux(audio=0) if packet.size]
    priming = 312
    tail = len(packets) * 960 - priming - len(samples)
    sizes = b"".join(
        bytes([0x80 | len(each) >> 7, len(each) & 0x7F]) if len(each) > 127 else bytes([len(each)])
        for each in packets
    )
    form = struct.pack(">d4sIIIII", 48_000, b"opus", 0, 0, 960, 1, 0)
    table = struct.pack(">qqii", len(packets), len(samples), priming, tail) + sizes
    data = bytes(4) + b"".join(packets)
    chunks = ((b"desc", form), (b"pakt", table), (b"data", data))
    body = b"".join(name + struct.pack(">q", len(each)) + each for name, each in chunks)
    path.write_bytes(b"caff" + struct.pack(">HH", 1, 0) + body)
    return path
