"""The colours of a terminal's 256 that follow the map best and never get darker, to any sight.

Run as `python -m tests.ui.draw.few_colours`; it prints what `colour_map` holds.
"""

from __future__ import annotations

import itertools
import math

from smtui.ui.draw.spectrogram import FEW_LEVELS, Lab, path

_CUBE = (0, 95, 135, 175, 215, 255)
RGB = dict(
    enumerate(
        [
            *itertools.product(_CUBE, repeat=3),
            *((8 + 10 * step, 8 + 10 * step, 8 + 10 * step) for step in range(24)),
        ],
        start=16,
    )
)
# How linear light is seen without a kind of cones (Machado, Oliveira and Fernandes, 2009).
SIGHTS = {
    "all cones": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "no long": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "no middle": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "no short": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
# What it costs to take a colour again, beside the squared distances in OKLab.
_AGAIN = 0.001


def lab(red: int, green: int, blue: int) -> Lab:
    """8-bit sRGB to OKLab."""
    return _of_linear(*(_decoded(value) for value in (red, green, blue)))


def _of_linear(r: float, g: float, b: float) -> Lab:
    long = math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
    middle = math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    short = math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def _decoded(value: int) -> float:
    part = value / 255
    return part / 12.92 if part <= 0.04045 else math.exp(2.4 * math.log((part + 0.055) / 1.055))


def lightness(colour: int, sight: str) -> float:
    """How light one of the 256 colours is to somebody."""
    linear = [_decoded(value) for value in RGB[colour]]
    seen = (sum(map(math.prod, zip(row, linear, strict=True))) for row in SIGHTS[sight])
    return _of_linear(*(min(max(value, 0.0), 1.0) for value in seen))[0]


def chosen() -> tuple[int, ...]:
    """Search the way along all colours that costs least, from the darkest level to the lightest."""
    wanted = path(FEW_LEVELS)
    light = {colour: [lightness(colour, sight) for sight in SIGHTS] for colour in RGB}
    labs = {colour: lab(*rgb) for colour, rgb in RGB.items()}
    darker = {
        colour: [
            other
            for other in RGB
            if all(a < b for a, b in zip(light[other], light[colour], strict=True))
        ]
        for colour in RGB
    }
    best: dict[int, tuple[float, tuple[int, ...]]] = {
        colour: (_cost(labs[colour], wanted[0]), (colour,)) for colour in RGB
    }
    for point in wanted[1:]:
        ways: dict[int, tuple[float, tuple[int, ...]]] = {}
        for colour in RGB:
            again = (best[colour][0] + _AGAIN, best[colour][1])
            cost, way = min([again, *(best[other] for other in darker[colour])])
            ways[colour] = (cost + _cost(labs[colour], point), (*way, colour))
        best = ways
    return min(best.values())[1]


def _cost(one: Lab, other: Lab) -> float:
    return math.dist(one, other) ** 2


if __name__ == "__main__":
    print(chosen())
