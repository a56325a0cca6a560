"""A curve over time, cut to what is seen of it before anybody draws it.

What draws lines walks along all of them, however far outside they end: a part of a long sound
would take it seconds and gigabytes.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple


class Point(NamedTuple):
    """A value at a time, s."""

    time: float
    value: float


def points(times: Iterable[float], values: Iterable[float]) -> list[Point]:
    """Put values at their times, in order; what is not finite, or has no partner, is left out."""
    pairs = map(Point, times, values)
    return sorted(pair for pair in pairs if all(map(math.isfinite, pair)))


def times_of(times: Sequence[float], count: int, duration: float) -> Sequence[float]:
    """Return when `count` values are, s: where nobody says, each in the middle of its part."""
    if len(times) >= count:
        return times
    return [(place + 0.5) * duration / count for place in range(count)]


def seen(curve: list[Point], start: float, end: float, columns: int) -> list[Point]:
    """Return the part of an ordered curve from `start` to `end`, s, with ends where it is cut.

    Where more points than that fall on a column, its lowest and its highest stand for all.
    """
    first = bisect_left(curve, start, key=itemgetter(0))
    last = bisect_right(curve, end, key=itemgetter(0))
    inside = curve[first:last]
    if 0 < first < len(curve) and curve[first].time > start:
        inside.insert(0, _between(curve[first - 1], curve[first], start))
    if 0 < last < len(curve) and curve[last - 1].time < end:
        inside.append(_between(curve[last - 1], curve[last], end))
    if len(inside) <= 2 * columns:
        return inside
    return list(_thinned(inside, (end - start) / columns))


def _between(left: Point, right: Point, time: float) -> Point:
    """Where the line from one point to the next is at a time."""
    share = (time - left.time) / (right.time - left.time)
    return Point(time, left.value + share * (right.value - left.value))


def _thinned(curve: list[Point], width: float) -> Iterator[Point]:
    begun = curve[0].time
    for _, column in groupby(curve, key=lambda point: int((point.time - begun) / width)):
        those = list(column)
        extremes = {min(those, key=itemgetter(1)), max(those, key=itemgetter(1))}
        yield from sorted(extremes)
