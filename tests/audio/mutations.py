"""Sound files that are broken in every way that happens, made from good ones by a seed."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile

RATE = 44_100
_SIZES = (0, 1, 3, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE, 0xFFFF_FFFF)
_RATES = (0, 1, 3, 1_999, 768_001, 0x7FFF_FFFF, 0xFFFF_FFFF)
_CHANNELS = (0, 3, 17, 65, 255, 1_024, 0xFFFF)
_VALUES = (
    np.nan, np.inf, -np.inf, 1e-42, -1e-44, 1e-38, 3e38, -3e38, 1e4, 9_999.0, 1.0, -1.0, 0.0,
)  # fmt: skip

Mutation = Callable[[bytes, np.random.Generator], bytes]


def good_sounds() -> dict[str, bytes]:
    """A second and a half of strokes and a tone in every format, by file name."""
    time = np.arange(round(1.5 * RATE)) / RATE
    noise = np.random.default_rng(1).standard_normal(len(time))
    left = 0.4 * np.sin(2 * np.pi * 220 * time) + 0.3 * noise * np.exp(-9 * (time % 0.25))
    stereo = np.stack((left, np.roll(left, 300)), axis=1).astype(np.float32) * 0.7
    kinds = {
        "16.wav": (stereo, "PCM_16"),
        "24.wav": (stereo[:, 0], "PCM_24"),
        "float.wav": (stereo, "FLOAT"),
        "double.wav": (stereo[:, 0], "DOUBLE"),
        "16.flac": (stereo, "PCM_16"),
        "24.flac": (stereo[:, 0], "PCM_24"),
        "q.ogg": (stereo, "VORBIS"),
        "q.mp3": (stereo, "MPEG_LAYER_III"),
        "16.aiff": (stereo, "PCM_16"),
        "float.aiff": (stereo[:, 0], "FLOAT"),
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, (samples, subtype) in kinds.items():
            soundfile.write(Path(folder) / name, samples, RATE, subtype=subtype)
        return {name: (Path(folder) / name).read_bytes() for name in kinds}


def broken_sounds(count: int, *, seed: int) -> Iterator[tuple[str, bytes]]:
    """Give names and bytes of `count` broken files; the name says from what and how."""
    chance = np.random.default_rng(seed)
    good = good_sounds()
    names = list(good)
    ways = list(_WAYS)
    for number in range(count):
        name = names[number % len(names)]
        way = ways[number // len(names) % len(ways)]
        made = _spliced(good, name, chance) if way == "spliced" else _WAYS[way](good[name], chance)
        yield f"{number:05d} {way} {name}", made


def _flipped(data: bytes, chance: np.random.Generator) -> bytes:
    """Some bits anywhere."""
    found = bytearray(data)
    for place in chance.integers(0, len(found), int(2 ** chance.uniform(0, 9))):
        found[place] ^= 1 << int(chance.integers(0, 8))
    return bytes(found)


def _flipped_header(data: bytes, chance: np.random.Generator) -> bytes:
    """Some bytes of the first two hundred."""
    found = bytearray(data)
    for place in chance.integers(0, 200, int(chance.integers(1, 9))):
        found[place] = int(chance.integers(0, 256))
    return bytes(found)


def _cut(data: bytes, chance: np.random.Generator) -> bytes:
    return data[: int(chance.integers(0, len(data)))]


def _cut_early(data: bytes, chance: np.random.Generator) -> bytes:
    return data[: int(chance.integers(0, 300))]


def _beheaded(data: bytes, chance: np.random.Generator) -> bytes:
    return data[int(chance.integers(1, 5_000)) :]


def _holed(data: bytes, chance: np.random.Generator) -> bytes:
    """A stretch overwritten by zeros or noise, left out, or doubled."""
    start, length = int(chance.integers(0, len(data))), int(2 ** chance.uniform(0, 14))
    held = data[start : start + length]
    instead = (b"", bytes(len(held)), chance.bytes(len(held)), held + held)[chance.integers(0, 4)]
    return data[:start] + instead + data[start + length :]


def _followed(data: bytes, chance: np.random.Generator) -> bytes:
    return data + chance.bytes(int(2 ** chance.uniform(0, 16)))


def _spliced(good: dict[str, bytes], name: str, chance: np.random.Generator) -> bytes:
    """The header of one file before the body of another."""
    other = good[list(good)[chance.integers(0, len(good))]]
    return good[name][: int(chance.integers(4, 300))] + other[int(chance.integers(0, 300)) :]


def _lying(data: bytes, chance: np.random.Generator) -> bytes:
    """Another size of the whole, of a chunk, or number of samples, than is true."""
    return _rewritten(data, _SIZES, chance, ((4, 4), (-4, 4), (16, 4), (18, 4), (22, 4)))


def _absurd_rate(data: bytes, chance: np.random.Generator) -> bytes:
    return _rewritten(data, _RATES, chance, ((24, 4), (18, 4), (28, 4), (40, 4)))


def _absurd_channels(data: bytes, chance: np.random.Generator) -> bytes:
    return _rewritten(data, _CHANNELS, chance, ((22, 2), (20, 2), (32, 2), (39, 1)))


def _rewritten(
    data: bytes,
    values: tuple[int, ...],
    chance: np.random.Generator,
    fields: tuple[tuple[int, int], ...],
) -> bytes:
    """Write an absurd number where a format may have such a field."""
    found = bytearray(data)
    place, size = fields[chance.integers(0, len(fields))]
    if place < 0:
        # The size of the chunk with the sound.
        place = max(found.find(b"data"), found.find(b"SSND"), 0) + 4
    value = values[chance.integers(0, len(values))] & (256**size - 1)
    order = "big" if data[:4] in (b"FORM", b"fLaC") else "little"
    found[place : place + size] = value.to_bytes(size, order)
    return bytes(found)


def _odd_values(_data: bytes, chance: np.random.Generator) -> bytes:
    """A sound of floats that are no numbers, hardly any, or far too large, here and there."""
    count = int(2 ** chance.uniform(0, 16))
    signal = (0.1 * chance.standard_normal(count)).astype("<f4")
    value = _VALUES[chance.integers(0, len(_VALUES))]
    places = slice(None) if chance.random() < 0.4 else chance.integers(0, count, 1 + count // 50)
    signal[places] = value
    return _float_wav(signal)


def _odd_signal(_data: bytes, chance: np.random.Generator) -> bytes:
    """DC, a full-scale square, a single click, the highest rate, steps, silence after noise."""
    count = int(2 ** chance.uniform(0, 17))
    time = np.arange(count)
    signals: tuple[np.ndarray, ...] = (
        np.ones(count),
        np.full(count, -0.7),
        np.where(time // int(chance.integers(1, 300)) % 2, 1.0, -1.0),
        (time == chance.integers(0, count)).astype(float),
        np.cos(np.pi * time),
        np.cumsum(chance.standard_normal(count)) / 30,
        np.where(time < count / 3, chance.standard_normal(count), 0),
        1e-7 * chance.standard_normal(count),
        np.sign(np.sin(2 * np.pi * time / count * 3)),
        np.zeros(count),
    )
    rate = int((8_000, 22_050, 44_100, 192_000, 2_000, 768_000)[chance.integers(0, 6)])
    return _float_wav(signals[chance.integers(0, len(signals))].astype("<f4"), rate)


def _float_wav(signal: np.ndarray, rate: int = RATE) -> bytes:
    body = signal.astype("<f4").tobytes()
    form = struct.pack("<HHIIHH", 3, 1, rate, 4 * rate, 4, 32)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form
    chunks += b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


_WAYS: dict[str, Mutation] = {
    "flipped": _flipped,
    "flipped header": _flipped_header,
    "cut": _cut,
    "cut early": _cut_early,
    "beheaded": _beheaded,
    "holed": _holed,
    "followed": _followed,
    "spliced": _flipped,
    "lying": _lying,
    "absurd rate": _absurd_rate,
    "absurd channels": _absurd_channels,
    "odd values": _odd_values,
    "odd signal": _odd_signal,
}
