"""What was found out lately, kept at hand until something newer takes its room."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, ItemsView
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Lru(Generic[K, V]):
    """Values by key; those used last stay.

    Args:
        most: how many there may be, or how much they may weigh together.
        weigh: what a value counts; 1 by default.
        seconds: how long a value counts after it was put.
    """

    def __init__(
        self,
        most: int,
        *,
        weigh: Callable[[V], int] = lambda _: 1,
        seconds: float = math.inf,
    ) -> None:
        self._most = most
        self._weigh = weigh
        self._seconds = seconds
        self._values: OrderedDict[K, V] = OrderedDict()
        self._until: dict[K, float] = {}

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """Return the value, used last from now on; None where there is none, or it is too old."""
        if key not in self._values or time.monotonic() >= self._until[key]:
            return None
        self._values.move_to_end(key)
        return self._values[key]

    def put(self, key: K, value: V) -> None:
        """Keep a value; those not used for longest give way."""
        self._values[key] = value
        self._values.move_to_end(key)
        self._until[key] = time.monotonic() + self._seconds
        while sum(map(self._weigh, self._values.values())) > self._most:
            oldest, _ = self._values.popitem(last=False)
            del self._until[oldest]

    def items(self) -> ItemsView[K, V]:
        """Return what there is, without using it."""
        return self._values.items()

    def clear(self) -> None:
        """Forget all."""
        self._values.clear()
        self._until.clear()
