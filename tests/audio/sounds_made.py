"""Plain signals that several tests listen to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

Written = Callable[..., Path]
"""Writes samples to a file and gives its path; see the fixture `written`."""


def sine(hertz: float, seconds: float, rate: int, level: float = 0.5) -> npt.NDArray[np.float64]:
    """A plain tone."""
    return np.asarray(level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate))
