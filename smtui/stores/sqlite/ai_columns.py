"""What a language model said of a sound, as columns of its analysis, and back."""

from __future__ import annotations

from typing import Any

from smtui.domain.analysis import AiPart
from smtui.stores.sqlite.values import Value, from_json, to_json

COLUMNS = (
    "ai_provider",
    "ai_model",
    "ai_summary",
    "ai_detailed",
    "production_tips",
    "creative_ideas",
    "fl_studio_recommendations",
)
HAS_AI = " OR ".join(f"{name} IS NOT NULL" for name in COLUMNS)


def ai_values(ai: AiPart | None) -> dict[str, Value]:
    """Write the columns; none where nothing is said, so that what another said stays."""
    if ai is None:
        return {}
    return {
        "ai_provider": ai.provider,
        "ai_model": ai.model,
        "ai_summary": ai.summary,
        "ai_detailed": to_json(dict(ai.detailed)) if ai.detailed else None,
        **{name: to_json(getattr(ai, name)) if getattr(ai, name) else None for name in COLUMNS[4:]},
    }


def ai_of(values: dict[str, Any]) -> AiPart | None:
    """Read the columns; None where nothing is said."""
    if all(values[name] is None for name in COLUMNS):
        return None
    detailed = from_json(values["ai_detailed"]) if values["ai_detailed"] else {}
    return AiPart(
        provider=values["ai_provider"],
        model=values["ai_model"],
        summary=values["ai_summary"],
        detailed=tuple(
            (name, tuple(value) if isinstance(value, list) else value)
            for name, value in detailed.items()
        ),
        **{name: tuple(from_json(values[name])) if values[name] else () for name in COLUMNS[4:]},
    )
