"""What keeps a screen small and quick over a long day: nothing of a screen outlives it for long.

Python's collector looks at all that lives and is not frozen, while keys wait: a hundred thousand
objects take it a tenth of a second, a million several seconds.
It stands apart from the app because it changes Textual and the collector, not what is seen.
"""

from __future__ import annotations

import gc
import sys
from functools import lru_cache

from textual._styles_cache import StylesCache
from textual.color import Color
from textual.style import Style

from smtui.heap import give_back

# Young objects are looked at often by default, which costs more than what it finds.
_YOUNG, _MIDDLE, _OLD = 5_000, 10, 5
# Who has not pressed a key for so long, s, will hardly press one within the next tenth.
_RESTED = 1.5
# Fewer new modules than this do not matter.
_WORTH_IT = 30


@lru_cache(maxsize=1024)
def _inner_and_outer(base_background: Color, background: Color) -> tuple[Style, Style]:
    """The styles of a widget's background within its border and without."""
    return Style(background=base_background + background), Style(background=base_background)


def let_dead_widgets_go() -> None:
    """Have all widgets share one cache of background styles.

    Textual's own `StylesCache.get_inner_outer` is a method with an `lru_cache`: its keys hold up
    to 1,024 caches of widgets that are gone, each with every line that it drew.
    """
    StylesCache.get_inner_outer = staticmethod(_inner_and_outer)  # type: ignore[assignment]


def freeze_what_stays() -> None:
    """Take what lives as long as the program out of the collector's sight.

    To be called when all is open: modules, styles, the library's screen. What was frozen before
    and has gone since is let go first.
    """
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
    gc.unfreeze()
    gc.collect()
    gc.freeze()


class Freezing:
    """Freezes again what came later, while no key is pressed: a screen's libraries come late.

    numpy and plotext alone bring 60,000 objects, at which the collector would look for 0.1 s and
    more between two keys for the rest of the day.
    """

    def __init__(self) -> None:
        self._modules = 0
        self._gave_back = False

    def look(self, *, rested: float) -> bool:
        """Freeze if that is worth a pause after so many seconds without a key; True if it was."""
        if rested < _RESTED:
            self._gave_back = False
            return False
        if not self._gave_back:
            # Once a rest: what answers and pictures took meanwhile is free again.
            self._gave_back = True
            give_back()
        if len(sys.modules) < self._modules + _WORTH_IT:
            return False
        freeze_what_stays()
        self._modules = len(sys.modules)
        return True
