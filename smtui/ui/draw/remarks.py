"""What a language model said of a sound, in lines of plain text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from smtui.domain.analysis import AiPart
from smtui.domain.drawn import drawn

_INDENT = "  "
_MOST_LINES = 500


def speaker(ai: AiPart) -> str:
    """Who said it: the provider and its model, as far as they are named."""
    names = (drawn(name) for name in (ai.provider, ai.model) if name)
    return " ".join(names) or "a language model"


def remark_lines(ai: AiPart, width: int) -> tuple[str, ...]:
    """Return everything that was said, wrapped; a heading is a line that is not indented."""
    lines = []
    for line in _paragraphs(ai, max(width, 20)):
        lines.append(line)
        if len(lines) == _MOST_LINES:
            return (*lines, "There is more: smtui list --json")
    return tuple(lines)


def _paragraphs(ai: AiPart, width: int) -> Iterator[str]:
    if ai.summary:
        yield "Summary"
        yield from _wrapped(ai.summary, width)
    for name, value in ai.detailed:
        yield drawn(name.replace("_", " ").capitalize())
        told = ", ".join(value) if isinstance(value, tuple) else value
        yield from _wrapped(f"{told:g}" if isinstance(told, float) else str(told), width)
    for heading, texts in (
        ("Production tips", ai.production_tips),
        ("Creative ideas", ai.creative_ideas),
        ("FL Studio", ai.fl_studio_recommendations),
    ):
        if texts:
            yield heading
        for text in texts:
            yield from _wrapped(text, width, mark="- ")


def _wrapped(text: str, width: int, *, mark: str = "") -> Iterator[str]:
    # A paragraph's own ends of lines are kept, all else that is no letter is made visible.
    for part in text.splitlines():
        yield from textwrap.wrap(
            drawn(part),
            width,
            initial_indent=_INDENT + mark,
            subsequent_indent=_INDENT + " " * len(mark),
        )
