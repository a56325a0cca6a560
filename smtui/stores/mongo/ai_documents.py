"""What a language model said of a sound, read from an analysis that another program wrote.

Nobody knows how long such texts are, so each is cut, and of many only the first are read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any

from smtui.domain.analysis import AiPart, AiValue
from smtui.domain.text import storable
from smtui.stores.mongo.values import Document, list_in, mapping_in, number_or_none, text_or_none

LONGEST_TEXT = 4_000
MOST_TEXTS = 50

# What other programs look for in an analysis and smtui has nothing to say about.
WITHOUT_AI: Document = {
    "ai_provider": None,
    "ai_model": None,
    "ai_summary": None,
    "ai_detailed": None,
    "production_tips": [],
    "creative_ideas": [],
    "fl_studio_recommendations": [],
}

AI_FIELDS = tuple(WITHOUT_AI)

HAS_AI: Document = {
    "$or": [
        *({name: {"$gt": ""}} for name in ("ai_provider", "ai_model", "ai_summary")),
        {"ai_detailed": {"$gt": {}}},
        *(
            {f"{name}.0": {"$exists": True}}
            for name in ("production_tips", "creative_ideas", "fl_studio_recommendations")
        ),
    ]
}
"""Analyses of which `ai_of` may give something."""


def ai_document(ai: AiPart | None) -> Document:
    """Write the part; nothing where nothing is said, so that what another said stays."""
    if ai is None:
        return {}
    return {
        "ai_provider": ai.provider,
        "ai_model": ai.model,
        "ai_summary": ai.summary,
        "ai_detailed": dict(ai.detailed) or None,
        "production_tips": ai.production_tips,
        "creative_ideas": ai.creative_ideas,
        "fl_studio_recommendations": ai.fl_studio_recommendations,
    }


def ai_of(document: Mapping[str, Any]) -> AiPart | None:
    """Read the part; None where nothing is said."""
    detailed = islice(mapping_in(document.get("ai_detailed")).items(), MOST_TEXTS)
    found = AiPart(
        provider=_text(document.get("ai_provider")),
        model=_text(document.get("ai_model")),
        summary=_text(document.get("ai_summary")),
        detailed=tuple(
            (_cut(str(name)), known)
            for name, value in detailed
            if (known := _value(value)) is not None
        ),
        production_tips=_texts(document.get("production_tips")),
        creative_ideas=_texts(document.get("creative_ideas")),
        fl_studio_recommendations=_texts(document.get("fl_studio_recommendations")),
    )
    return None if found == AiPart() else found


def _text(value: object) -> str | None:
    text = text_or_none(value)
    return _cut(text) if text else None


def _texts(value: object) -> tuple[str, ...]:
    some = islice(list_in(value), MOST_TEXTS)
    return tuple(_cut(known if isinstance(known, str) else _written(known)) for known in some)


def _value(value: object) -> AiValue | None:
    """A text, a number, yes or no, a list of texts; what is none of them as JSON."""
    if value in (None, "", [], {}):
        return None
    match value:
        case bool():
            return value
        case int() | float():
            return number_or_none(value)
        case str():
            return _cut(value)
        case list():
            return _texts(value)
        case _:
            return _cut(_written(value))


def _written(value: object) -> str:
    # Numbers of a list are texts as well, so that a reader meets one kind of thing.
    return json.dumps(value, default=str)


def _cut(text: str) -> str:
    return storable(text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…")
