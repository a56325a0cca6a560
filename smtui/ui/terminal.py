"""Whether the terminal is still there: not every start gives us its signal when it goes."""

from __future__ import annotations

import select
import sys


def hung_up() -> bool:
    """Tell whether the other side of the terminal has closed it."""
    look = select.poll()
    look.register(sys.__stdin__ or 0, 0)
    return any(seen & (select.POLLHUP | select.POLLERR) for _, seen in look.poll(0))
