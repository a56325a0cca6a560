"""Any style of drums, and what is sold apart: one or two drums of a style."""

from __future__ import annotations

import random

from tests.truth.drums import Style, techno
from tests.truth.midi import Stroke
from tests.truth.more_drums import STYLES, WALTZ

_WALTZES, _STEMS = 0.13, 0.25
LOOPS = STYLES | {"rave": Style(play=techno, slowest=148, fastest=190)}


def any_style(chance: random.Random) -> tuple[str, Style]:
    """A style by name; a waltz now and then, and `stem` for parts of others."""
    which = chance.random()
    if which < _WALTZES:
        return "waltz", WALTZ
    name = chance.choice(list(LOOPS))
    return ("stem", stem_of(LOOPS[name])) if which < _STEMS else (name, LOOPS[name])


def stem_of(style: Style) -> Style:
    """The same style with only one or two of its drums."""

    def play(chance: random.Random, bars: int) -> list[Stroke]:
        strokes = style.play(chance, bars)
        drums = sorted({stroke.pitch for stroke in strokes})
        kept = {chance.choice(drums) for _ in range(chance.choice((1, 1, 2)))}
        return [stroke for stroke in strokes if stroke.pitch in kept]

    return Style(play=play, slowest=style.slowest, fastest=style.fastest, beats=style.beats)
