"""Numbers in a filter: ranges, comparisons, units; typed text to limits and back.

Limits compare with what the table shows: it rounds a tempo to 0.1, so `bpm:120..128` also finds
a loop heard as 128.003. A single number means what rounds to it: `bpm:126` finds 126.4, and
`bpm:126.0` does not. MEASURES says how each field of numbers is asked for.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as given
from decimal import Decimal

from smtui.domain.errors import QueryInvalid
from smtui.domain.question import Between, Field
from smtui.domain.typed_words import Typed

_SIGNS = re.compile(r"<=|>=|<|>|~|=")
_TO = re.compile(r"\.{2,}|…|(?<=\d)[-–](?=\d)")
_NUMBER = re.compile(r"([-−]?)(?:(\d{1,3}):(?=\d))?(\d{0,12}(?:\.\d{0,30})?)\s*([a-zA-Z]*)")
_SECONDS_IN_MINUTE = 60
_LOWEST_RATE_IN_HZ = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How the numbers of one field are written.

    Attributes:
        field: which value is compared.
        noun: what it is called, with its article.
        examples: how it is written, for a mistake.
        grain: half of the last digit that the table shows.
        rounds: a single number means what rounds to it, else exactly this one.
        near: `~` allows this share of the number to each side; 0: there is no `~`.
        units: what may stand after the number, and what it multiplies by.
    """

    field: Field
    noun: str
    examples: str
    grain: Decimal = Decimal(0)
    rounds: bool = False
    near: Decimal = Decimal(0)
    units: Mapping[str, Decimal] = given(default_factory=dict)

    def limits_of(self, typed: Typed) -> Between:
        """Read `120`, `120..128`, `>120`, `<=128`, `~126`, `=119.97..120.03`.

        `=` takes the limits exactly as written. Raises QueryInvalid.
        """
        sign = typed.begins(_SIGNS) or ""
        value = typed.after(len(sign)) if sign else typed
        if not value.text.strip(" .…–-"):
            raise typed.mistake(f"{self.noun.capitalize()} is missing", hint=self.examples)
        if sign == "~" and not self.near:
            raise typed.mistake(f"No “about” for {self.noun}", hint=self.examples)
        between = _TO.search(value.text) if sign in ("", "=") else None
        if between is not None:
            grain = Decimal(0) if sign else self.grain
            left = value.cut(0, between.start())
            return self._range(left, value.cut(between.end(), len(value.text)), grain)
        return self._compared(sign, *self._number(value))

    def text_of(self, between: Between) -> str:
        """Write limits so that reading them gives the same; the shortest of the ways."""
        return min(
            (text for text in self._ways(between) if self._reads_as(text, between)),
            key=len,
            default=f"={self._as_range(between, Decimal(0))}",
        )

    def _reads_as(self, text: str, between: Between) -> bool:
        try:
            return self.limits_of(Typed.plain(text)) == between
        except QueryInvalid:
            return False

    def _range(self, left: Typed, right: Typed, grain: Decimal) -> Between:
        low = self._number(left)[0] if left.text else None
        high = self._number(right)[0] if right.text else None
        if low is not None and high is not None and low > high:
            low, high = high, low
        return Between(
            self.field,
            None if low is None else float(low - grain),
            None if high is None else float(high + grain),
        )

    def _compared(self, sign: str, number: Decimal, decimals: int) -> Between:
        low, high = float(number - self.grain), float(number + self.grain)
        match sign:
            case "<":
                return Between(self.field, None, math.nextafter(low, -math.inf))
            case "<=":
                return Between(self.field, None, high)
            case ">":
                return Between(self.field, math.nextafter(high, math.inf), None)
            case ">=":
                return Between(self.field, low, None)
        reach = Decimal(0)
        if sign == "~":
            reach = abs(number) * self.near
        elif self.rounds and sign != "=":
            reach = Decimal(5).scaleb(-decimals - 1)
        return Between(self.field, float(number - reach), float(number + reach))

    def _number(self, typed: Typed) -> tuple[Decimal, int]:
        """Read one number; gives it in the field's unit, and how many decimals were typed."""
        match = _NUMBER.fullmatch(typed.text.strip())
        if match is None or not match.group(3).strip(".") or not match.group(3).isascii():
            raise typed.mistake(f"“{typed.text}” is not {self.noun}", hint=self.examples)
        minus, minutes, digits, unit = match.groups()
        unit = unit.lower()
        if (unit and unit not in self.units) or (minutes and "s" not in self.units):
            raise typed.mistake(f"“{typed.text}” is not {self.noun}", hint=self.examples)
        number = Decimal(digits) + _SECONDS_IN_MINUTE * Decimal(minutes or 0)
        factor = self.units[unit] if unit else self._usual(number)
        decimals = len(digits.partition(".")[2]) - factor.adjusted()
        return (-number if minus else number) * factor, decimals

    def _usual(self, number: Decimal) -> Decimal:
        """Nobody means a sampling rate of 48 Hz: small rates are in kHz."""
        small = self.field is Field.RATE and number < _LOWEST_RATE_IN_HZ
        return Decimal(1000) if small else Decimal(1)

    def _ways(self, between: Between) -> Iterator[str]:
        low, high = between.low, between.high
        if low is not None and high is not None:
            yield self._as_range(between, self.grain)
            middle = (_exactly(low) + _exactly(high)) / 2
            for decimals in range(4):
                yield f"{round(middle, decimals):f}"
                yield f"~{_short(round(middle, decimals))}"
        elif low is not None:
            yield f">{_short(_exactly(math.nextafter(low, -math.inf)) - self.grain)}"
            yield f">={_short(_exactly(low) + self.grain)}"
        elif high is not None:
            yield f"<{_short(_exactly(math.nextafter(high, math.inf)) + self.grain)}"
            yield f"<={_short(_exactly(high) - self.grain)}"

    def _as_range(self, between: Between, grain: Decimal) -> str:
        left = "" if between.low is None else _short(_exactly(between.low) + grain)
        right = "" if between.high is None else _short(_exactly(between.high) - grain)
        return f"{left}..{right}"


def _exactly(number: float) -> Decimal:
    return Decimal(repr(float(number)))


def _short(number: Decimal) -> str:
    """Write without zeros at the end: 120.00 is 120."""
    return f"{number.normalize():f}"


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
