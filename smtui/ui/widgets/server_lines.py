"""How the servers are: in one line while all is well, else a line for each with what to do."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from smtui.domain.drawn import drawn
from smtui.domain.health import Condition, ServerHealth

_WIDE = 110
_GAPS = (4, 3, 2)
_LOOKS = {Condition.OK: "$success", Condition.NOT_STARTED: "$quiet", Condition.BROKEN: "$error"}


class ServerLines(Static):
    """The servers as they answered a moment ago."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(Content.styled("asking the servers ...", "$quiet"), id=id)
        self._healths: tuple[ServerHealth, ...] = ()

    def show(self, healths: tuple[ServerHealth, ...]) -> None:
        """Say how they are."""
        self._healths = healths
        self._write()

    def on_resize(self) -> None:
        """There may be more room, or less."""
        self.call_after_refresh(self._write)

    def _write(self) -> None:
        if not self._healths:
            return
        width = self.app.size.width
        broken = any(one.condition is Condition.BROKEN for one in self._healths)
        if broken or width >= _WIDE:
            self.update(in_lines(self._healths))
        else:
            self.update(in_one_line(self._healths, width=width - 2))


def in_one_line(healths: tuple[ServerHealth, ...], *, width: int) -> Content:
    """Return all servers in a line; where there is no room, without how long they took."""
    for timed in (True, False):
        words = [_short(one, timed=timed) for one in healths]
        for gap in _GAPS:
            line = Content(" " * gap).join(words)
            if line.cell_length <= width:
                return line
    return line.truncate(width, ellipsis=True)


def _short(health: ServerHealth, *, timed: bool) -> Content:
    took = health.milliseconds if timed else None
    return Content.assemble(
        (f"{drawn(health.name)} ", "$quiet"),
        (health.condition.value, _LOOKS[health.condition]),
        ("" if took is None else f" {took:.0f} ms", "$quiet"),
    )


def in_lines(healths: tuple[ServerHealth, ...]) -> Content:
    """Return a line for each server: how it is, how fast, what it is, what is wrong, what to do."""
    names = max(len(drawn(one.name)) for one in healths)
    states = max(len(one.condition.value) for one in healths)
    return Content("\n").join(_line(one, names=names, states=states) for one in healths)


def _line(health: ServerHealth, *, names: int, states: int) -> Content:
    took = "" if health.milliseconds is None else f"{health.milliseconds:.0f} ms"
    what = "  ".join(drawn(words) for words in (health.version, health.address) if words)
    told = " ".join(
        part
        for part in (
            f"{drawn(health.trouble).rstrip('.')}." if health.trouble else "",
            drawn(health.hint),
        )
        if part
    )
    return Content.assemble(
        (drawn(health.name).ljust(names), "$quiet"),
        f"  {health.condition.value.ljust(states)}",
        (f"  {took:>7}", "$quiet"),
        (f"  {what}" if what else "", "$secondary"),
        # Below, where it may be long.
        f"\n{' ' * (names + 2)}{told}" if told else "",
    ).stylize(_LOOKS[health.condition], names + 2, names + 2 + len(health.condition.value))
