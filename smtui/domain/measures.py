"""How each field of numbers is asked for: `bpm:~126`, `len:<2`, `clipped:>0`, `head:>50ms`."""

from __future__ import annotations

from decimal import Decimal

from smtui.domain.numbers import Measure
from smtui.domain.question import Field

_SECONDS = {"s": Decimal(1), "ms": Decimal("0.001")}

MEASURES = {
    Field.TEMPO: Measure(
        field=Field.TEMPO,
        noun="a tempo",
        examples="A tempo looks like 126, 120..128, >120 or ~126; - finds sounds without one.",
        grain=Decimal("0.05"),
        rounds=True,
        near=Decimal("0.04"),
        units={"bpm": Decimal(1)},
    ),
    Field.LENGTH: Measure(
        field=Field.LENGTH,
        noun="a length",
        examples="A length in seconds looks like <2, 1..4, 0.5 or >1:30.",
        grain=Decimal("0.005"),
        rounds=True,
        near=Decimal("0.04"),
        units={"s": Decimal(1), "ms": Decimal("0.001")},
    ),
    Field.LOUDNESS: Measure(
        field=Field.LOUDNESS,
        noun="a loudness",
        examples="A loudness in LUFS looks like -12..-8, >-10 or -14; - finds silence.",
        grain=Decimal("0.05"),
        rounds=True,
        near=Decimal("0.04"),
        units={"lufs": Decimal(1), "db": Decimal(1)},
    ),
    Field.RATE: Measure(
        field=Field.RATE,
        noun="a sampling rate",
        examples="A sampling rate looks like 44100, 44.1k or >=48k.",
        near=Decimal("0.04"),
        units={"hz": Decimal(1), "k": Decimal(1000), "khz": Decimal(1000)},
    ),
    Field.CHANNELS: Measure(
        field=Field.CHANNELS,
        noun="a number of channels",
        examples="Channels look like 1, mono, stereo or >2.",
    ),
    Field.PEAK: Measure(
        field=Field.PEAK,
        noun="a true peak",
        examples="A true peak in dBTP looks like >-0.1, <-6 or -3..0; - finds silence.",
        grain=Decimal("0.05"),
        rounds=True,
        units={"dbtp": Decimal(1), "db": Decimal(1)},
    ),
    Field.BITS: Measure(
        field=Field.BITS,
        noun="a number of bits",
        examples="Bits look like 16 or <24; - finds lossy formats.",
        units={"bit": Decimal(1), "bits": Decimal(1)},
    ),
    Field.CLIPPED: Measure(
        field=Field.CLIPPED,
        noun="a number of samples",
        examples="Clipped samples look like >0 or >=100.",
    ),
    Field.DC: Measure(
        field=Field.DC,
        noun="a DC offset",
        examples="A DC offset looks like >0.01; full scale is 1, and the sign does not count.",
        rounds=True,
    ),
    Field.HEAD: Measure(
        field=Field.HEAD,
        noun="a length of silence",
        examples="Silence before a sound looks like >0.05 or >50ms.",
        rounds=True,
        units=_SECONDS,
    ),
    Field.TAIL: Measure(
        field=Field.TAIL,
        noun="a length of silence",
        examples="Silence after a sound looks like >0.5 or >500ms.",
        rounds=True,
        units=_SECONDS,
    ),
    Field.CORRELATION: Measure(
        field=Field.CORRELATION,
        noun="a correlation",
        examples="A correlation goes from -1 to 1: <0.2 is very wide, <0 cancels; - finds mono.",
        rounds=True,
    ),
}
