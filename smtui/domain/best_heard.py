"""What a row shows where several programs analysed a sound: the best of all, whoever wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from smtui.domain.analysis import AnalysisId, Level
from smtui.domain.sample import Heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an analysis of another program says for a row."""

    analysis_id: AnalysisId
    heard: Heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Combined:
    """What a row shows.

    Attributes:
        source: the best analysis of another program, where anything is taken from one.
    """

    heard: Heard | None
    source: AnalysisId | None = None


def combined(own: Heard | None, others: Sequence[Told]) -> Combined:
    """Take the highest level, then the newest; what that one does not say, from the next.

    `recipe_version` and `rank` stay what smtui itself has heard: by them a sound has its place in
    the index of likeness, and is or is not listened to once more.
    """
    told = sorted(others, key=lambda one: (*_place(one.heard), one.analysis_id), reverse=True)
    ranked = [one.heard for one in told]
    if own is not None:
        ranked.append(own)
        ranked.sort(key=_place, reverse=True)
    if not ranked:
        return Combined(heard=None)
    found = ranked[0]
    for other in ranked[1:]:
        found = _completed(found, other)
    if found == own:
        return Combined(heard=own)
    rank = -1 if own is None else own.listened_rank
    found = replace(
        found,
        recipe_version=0 if own is None else own.recipe_version,
        rank=None if own is None or rank == Level(found.level).rank else rank,
    )
    return Combined(heard=found, source=told[0].analysis_id)


def _place(heard: Heard) -> tuple[int, float]:
    return Level(heard.level).rank, heard.analyzed_at.timestamp()


def _completed(best: Heard, other: Heard) -> Heard:
    """Add what the best does not say; tempo and key are its own, also where it found none."""
    if best.is_loop is None and best.recipe_version == 0:
        best = replace(best, is_loop=other.is_loop)
    if best.kind is None and best.recipe_version == 0:
        best = replace(best, kind=other.kind, kind_confidence=other.kind_confidence)
    if best.quality is None and best.recipe_version == 0:
        best = replace(best, quality=other.quality)
    if best.loudness_lufs is None and best.recipe_version == 0:
        best = replace(best, loudness_lufs=other.loudness_lufs)
    if best.root_note is None and best.key is None and best.recipe_version == 0:
        best = replace(best, root_note=other.root_note)
    return best
