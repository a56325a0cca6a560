"""What was told of a sound, as parts of its document: heard, or why it could not be heard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from smtui.domain.analysis import Level, listened_rank
from smtui.domain.quality import Quality
from smtui.domain.sample import Heard, Trouble
from smtui.domain.text import storable
from smtui.stores.mongo.values import (
    Document,
    count_in,
    count_or_none,
    cut_to_ms,
    mapping_in,
    number_in,
    number_or_none,
    text_in,
    text_or_none,
    time_in,
)


def heard_document(heard: Heard) -> Document:
    """Write what was heard, with the label that keys sort by and the rank of the level."""
    return {
        "tempo": heard.tempo,
        "key": heard.key,
        "mode": heard.mode,
        "kind": heard.kind,
        "is_loop": heard.is_loop,
        "loudness_lufs": heard.loudness_lufs,
        "level": heard.level,
        "recipe_version": heard.recipe_version,
        "analyzed_at": cut_to_ms(heard.analyzed_at),
        "tempo_confidence": heard.tempo_confidence,
        "key_confidence": heard.key_confidence,
        "kind_confidence": heard.kind_confidence,
        "root_note": heard.root_note,
        "key_label": heard.key_label,
        "rank": listened_rank(heard),
        **({} if heard.quality is None else asdict(heard.quality)),
    }


def trouble_document(trouble: Trouble) -> Document:
    """Write why the last listening failed."""
    return {
        "code": str(trouble.code),
        "error": storable(trouble.error),
        "at": cut_to_ms(trouble.at),
    }


def heard_in(value: object) -> Heard | None:
    """Read what was heard; None where nothing was, or where no level that we know is named."""
    heard = mapping_in(value)
    level = heard.get("level")
    if level not in list(Level):
        return None
    return Heard(
        tempo=number_or_none(heard.get("tempo")),
        tempo_confidence=number_or_none(heard.get("tempo_confidence")),
        key=text_or_none(heard.get("key")),
        mode=text_or_none(heard.get("mode")),
        key_confidence=number_or_none(heard.get("key_confidence")),
        root_note=text_or_none(heard.get("root_note")),
        kind=text_or_none(heard.get("kind")),
        kind_confidence=number_or_none(heard.get("kind_confidence")),
        is_loop=_yes_or_no(heard.get("is_loop")),
        loudness_lufs=number_or_none(heard.get("loudness_lufs")),
        level=str(level),
        recipe_version=count_in(heard.get("recipe_version")),
        analyzed_at=time_in(heard.get("analyzed_at")),
        quality=_quality(heard),
        rank=_rank(heard, Level(level)),
    )


def _rank(heard: Mapping[str, Any], level: Level) -> int | None:
    """To which level smtui has listened, where the row shows another program's."""
    rank = count_or_none(heard.get("rank"))
    return None if rank in (None, -1, level.rank) else rank


def _quality(heard: Mapping[str, Any]) -> Quality | None:
    clipped = count_or_none(heard.get("clipped_samples"))
    if clipped is None:
        return None
    return Quality(
        true_peak_dbtp=number_or_none(heard.get("true_peak_dbtp")),
        bit_depth=count_or_none(heard.get("bit_depth")),
        bits_used=count_or_none(heard.get("bits_used")),
        clipped_samples=clipped,
        dc_offset=number_in(heard.get("dc_offset")),
        silence_head=number_in(heard.get("silence_head")),
        silence_tail=number_in(heard.get("silence_tail")),
        stereo_correlation=number_or_none(heard.get("stereo_correlation")),
    )


def _yes_or_no(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def trouble_in(value: object) -> Trouble | None:
    """Read why the last listening failed."""
    trouble = mapping_in(value)
    code = text_or_none(trouble.get("code"))
    if code is None:
        return None
    return Trouble(code=code, error=text_in(trouble.get("error")), at=time_in(trouble.get("at")))
