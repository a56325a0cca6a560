"""Documents of other programs become as easy to find as our own, and rows show their analyses.

New ones lack the fields that we find and sort by, which stand in indexes; so whoever lacks
`disagrees` is found at once, as is what an older smtui wrote, which did not know it. Only our own
fields are written, and only while the others are as they were read. Until then such a sound is
shown, after all that have a value to sort by. What other programs change in a document (a tag,
say) is shown at once, and found when it has been on a page: then our fields are made anew.

Other programs add analyses at any time, change them and take them away. Whatever lacks `shape` is
found by an index: what is new, and what an older smtui wrote, which left null in fields that the
system's other readers take no null in. What a row took from another program's analysis is named in
it (`heard.source`, in an index of its own), so those rows are looked at again one after another.

Repeating any of it changes nothing, so it does not matter how many machines do it, and when one of
them stops. It stands apart from `samples`, which knows only when to look for such documents.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from pymongo import UpdateOne

from smtui.domain.analysis import AnalysisId, heard_of
from smtui.domain.best_heard import Combined, Told, combined
from smtui.domain.errors import StoreUnreachable
from smtui.domain.sample import FileId, Heard, Sample
from smtui.stores.mongo.analysis_codec import AI_FIELDS, SHAPE, analysis_of, without_nulls
from smtui.stores.mongo.client import Answer, MongoLine
from smtui.stores.mongo.filters import Find
from smtui.stores.mongo.indexes import ANALYSES, AUDIO_FILES
from smtui.stores.mongo.optimistic_updates import (
    AT_ONCE,
    changes,
    guarded,
    raise_generation,
    read_documents,
    read_generation,
    until_done,
    write_updates,
)
from smtui.stores.mongo.planner import BY_DISAGREEMENT, fetch
from smtui.stores.mongo.sample_codec import derived, heard_document, heard_in, sample_of
from smtui.stores.mongo.values import Document, mapping_in, text_in, text_or_none, time_or_none

_log = logging.getLogger(__name__)

STRANGERS = Find(filter={"disagrees": None}, order=BY_DISAGREEMENT, hint=BY_DISAGREEMENT)
"""Documents that no smtui like this one has seen, by an index."""

_PAUSE_SECONDS = 10.0
_FIRST_SECONDS = 2.0
"""For so long whoever opens a library goes on at first, so that what is asked then is complete."""

_PAUSE_AFTER_REFUSAL_SECONDS = 600.0

_ROWS_AT_ONCE = 100
_LONG = (
    "embedding",
    "spectral_features",
    "onsets",
    "beats",
    "segments",
    "pitch_track",
    *AI_FIELDS,
)
_BRIEF = dict.fromkeys(_LONG, False)
# Of the long fields of an unknown document only whether they are there.
_UNSHAPED = dict.fromkeys((name for name in _LONG if name != "spectral_features"), False)
_UNSHAPED |= dict.fromkeys(
    (
        f"spectral_features.{name}"
        for name in (
            "spectral_centroid",
            "spectral_rolloff",
            "mfcc",
            "chroma",
            "bandwidth",
            "flatness",
            "rms",
        )
    ),
    False,
)


class Adoption:
    """Completes documents of other programs: those that are there, and those that come."""

    def __init__(self, line: MongoLine) -> None:
        self._line = line
        self._due = 0.0
        self._refused_until = 0.0
        self._is_first = True
        self._row = ""

    async def now_and_then(self, *, seconds: float = 0.0) -> None:
        """Look for new documents, if that was long enough ago.

        Raises:
            StoreUnreachable: nothing can be read. That nothing can be written is no matter here.
        """
        if time.monotonic() >= self._due:
            await self.now(seconds=seconds)

    async def now(self, *, seconds: float) -> None:
        """Look for new documents; adopt some, and go on for so long."""
        begun = time.monotonic()
        # Said first: who comes meanwhile need not look as well.
        self._due = max(self._due, begun + _PAUSE_SECONDS)
        if self._is_first:
            seconds, self._is_first = max(seconds, _FIRST_SECONDS), False
        # Sounds before analyses, which are told of in their rows.
        for adopt_some in (self.adopt_some, self._shape_some):
            while await adopt_some() == AT_ONCE:
                if time.monotonic() >= begun + seconds:
                    self._due = 0.0
                    return
        row = await self._unless_refused(lambda: derive_next(self._line, self._row))
        self._row = self._row if row is None else row

    async def look_at(self, file_id: FileId) -> None:
        """Make one row what its analyses say now, as somebody looks at the sound."""
        await self._unless_refused(lambda: derive_one(self._line, file_id))

    async def mend(self, rows: Iterable[tuple[Document, Sample]]) -> None:
        """Make our fields anew where another program changed what they follow from."""
        stale = [guarded(row, update) for row, said in rows if (update := _mending(row, said))]
        if stale:
            await self._unless_refused(lambda: self._mend(stale))

    async def adopt_some(self) -> int:
        """Adopt up to AT_ONCE documents; return how many there were, 0 if they cannot be."""
        strangers = await fetch(self._line, STRANGERS, AT_ONCE)
        if not strangers:
            return 0
        return await self._unless_refused(lambda: self._adopt(strangers)) or 0

    async def _shape_some(self) -> int:
        return await self._unless_refused(lambda: shape_some(self._line)) or 0

    async def _unless_refused(self, work: Callable[[], Awaitable[Answer]]) -> Answer | None:
        """Do work, but not for a while after it was refused; return None where it is not done."""
        if time.monotonic() < self._refused_until:
            return None
        try:
            return await work()
        except StoreUnreachable as error:
            # Told by whoever asks for something else where nothing answers at all.
            await self._line.ask(lambda: read_generation(self._line))
            _log.info("documents of other programs stay as they are: %s", error)
            self._refused_until = time.monotonic() + _PAUSE_AFTER_REFUSAL_SECONDS
            return None

    async def _mend(self, stale: Sequence[UpdateOne]) -> None:
        await write_updates(self._line, stale)
        await raise_generation(self._line)

    async def _adopt(self, strangers: list[Document]) -> int:
        paths = [str(path) for row in strangers if (path := _fields(row).get("path_key"))]
        taken = await read_documents(self._line, "path_key", paths)
        if not await write_updates(self._line, updates(strangers, set(taken))):
            # A path that was taken meanwhile, by a scan: then these have none of their own.
            left = await fetch(self._line, STRANGERS, AT_ONCE)
            if not await write_updates(self._line, updates(left, set(paths))):
                # Others are at the same documents; later is early enough.
                return 0
        await raise_generation(self._line)
        await derive(self._line, [text_in(row.get("file_id")) for row in strangers])
        return len(strangers)


def of_others(file_ids: Sequence[str]) -> Document:
    """Analyses of these sounds that are not smtui's own."""
    return {"file_id": {"$in": list(file_ids)}, "smtui_key": None}


async def shape_some(line: MongoLine) -> int:
    """Look at up to AT_ONCE analyses that nobody has looked at; return how many there were."""
    found = await _find_analyses(line, {"shape": None}, _UNSHAPED, limit=AT_ONCE, hint="shape")
    others = [analysis for analysis in found if not _is_ours(analysis)]
    if others:
        await derive(line, list({text_in(analysis.get("file_id")) for analysis in others}))
    # Marked last: who stops before has this done again.
    ours = [(analysis, without_nulls(analysis)) for analysis in found if _is_ours(analysis)]
    await _mark(line, ours + [(analysis, {}) for analysis in others])
    return len(found)


async def derive_next(line: MongoLine, after: str) -> str:
    """Look again at rows that show another program's analysis; return where to go on.

    That is "" at the end. An analysis may have been changed or taken away, which leaves no other
    trace.
    """

    async def work() -> list[Document]:
        cursor = line.collection(AUDIO_FILES).find(
            {"heard.source": {"$gt": after}},
            {"_id": False, "file_id": True, "heard.source": True},
            sort=[("heard.source", 1)],
            hint=[("heard.source", 1)],
            limit=_ROWS_AT_ONCE,
        )
        return await cursor.to_list(None)

    rows = await line.ask(work)
    await derive(line, [text_in(row.get("file_id")) for row in rows])
    return text_in(rows[-1]["heard"]["source"]) if len(rows) == _ROWS_AT_ONCE else ""


async def derive(line: MongoLine, file_ids: Sequence[str]) -> bool:
    """Make `heard` of these sounds anew where it is not what their analyses say."""
    changed = False

    async def decide() -> bool:
        nonlocal changed
        sounds = await read_documents(line, "file_id", file_ids)
        by_file = await _analyses(line, sounds)
        updates = [
            guarded(sound, update)
            for file_id, sound in sounds.items()
            if (update := _update(sound, by_file.get(file_id, [])))
        ]
        changed = changed or bool(updates)
        return await write_updates(line, updates)

    await until_done(decide)
    if changed:
        await raise_generation(line)
    return changed


async def derive_one(line: MongoLine, file_id: FileId) -> None:
    """Do it for a sound that somebody looks at; costs one question where only smtui heard it."""
    sound = (await read_documents(line, "file_id", [file_id])).get(file_id)
    if sound is None:
        return
    if source_in(sound) is not None or await _find_analyses(
        line, of_others([file_id]), ["_id"], limit=1
    ):
        await derive(line, [file_id])


async def with_others(line: MongoLine, sound: Mapping[str, Any], own: Heard) -> Document:
    """`heard` of a sound that smtui has just heard, as its document."""
    file_id = text_in(sound.get("file_id"))
    others = await _find_analyses(line, of_others([file_id]), _BRIEF)
    return combined_document(combined(own, _heard_by_others(sound, others)))


def source_in(sound: Mapping[str, Any]) -> str | None:
    """The other program's analysis that a row is made of."""
    return text_or_none(mapping_in(sound.get("heard")).get("source"))


def combined_document(found: Combined) -> Document:
    """Write what a row shows, and from where it has it."""
    if found.heard is None:
        return {}
    source = {} if found.source is None else {"source": found.source}
    return heard_document(found.heard) | source


def _is_ours(analysis: Mapping[str, Any]) -> bool:
    return analysis.get("smtui_key") is not None


def _update(sound: Mapping[str, Any], analyses: Sequence[Document]) -> Document:
    """What makes `heard` what the analyses say; nothing where only smtui's own are there."""
    others = _heard_by_others(sound, [analysis for analysis in analyses if not _is_ours(analysis)])
    if not others and source_in(sound) is None:
        return {}
    heard = combined_document(combined(_own(sound, analyses), others)) or None
    fields: Document = {"heard": heard}
    if "disagrees" in sound:
        fields["disagrees"] = derived(sample_of({**sound, **fields}))["disagrees"]
    return changes(sound, fields)


def _heard_by_others(sound: Mapping[str, Any], others: Sequence[Document]) -> list[Told]:
    """What other programs say of the bytes that are there now."""
    since, file_hash = time_or_none(sound.get("bytes_since")), sound.get("file_hash")
    found = []
    for document in others:
        analysis, its_hash = analysis_of(document), document.get("file_hash")
        of_other_bytes = its_hash and file_hash and its_hash != file_hash
        if of_other_bytes or (since is not None and analysis.analyzed_at < since):
            continue
        heard = heard_of(analysis.measured, analysis.analyzed_at)
        found.append(Told(analysis_id=AnalysisId(analysis.analysis_id), heard=heard))
    return found


def _own(sound: Mapping[str, Any], analyses: Sequence[Document]) -> Heard | None:
    """What smtui itself has heard: as the row has it, or where that is another's, its analysis."""
    kept = heard_in(sound.get("heard"))
    if kept is None or kept.recipe_version == 0:
        return None
    if source_in(sound) is None:
        return kept
    key = f"{sound.get('file_id')}\x1f{kept.recipe_version}"
    ours = next((document for document in analyses if document.get("smtui_key") == key), None)
    if ours is None or ours.get("file_hash") != sound.get("file_hash"):
        return None
    analysis = analysis_of(ours)
    return heard_of(analysis.measured, analysis.analyzed_at)


async def _analyses(
    line: MongoLine, sounds: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[Document]]:
    """Analyses by sound, as far as a row needs them: others', and our own where a row has both."""
    found = await _find_analyses(line, of_others(list(sounds)), _BRIEF) if sounds else []
    keys = [
        f"{file_id}\x1f{kept.recipe_version}"
        for file_id, sound in sounds.items()
        if source_in(sound) is not None and (kept := heard_in(sound.get("heard"))) is not None
    ]
    if keys:
        found += await _find_analyses(line, {"smtui_key": {"$in": keys}}, _BRIEF)
    by_file: dict[str, list[Document]] = {}
    for analysis in found:
        by_file.setdefault(text_in(analysis.get("file_id")), []).append(analysis)
    return by_file


async def _find_analyses(
    line: MongoLine,
    where: Document,
    fields: Mapping[str, bool] | Sequence[str],
    *,
    limit: int = 0,
    hint: str = "",
) -> list[Document]:
    async def work() -> list[Document]:
        cursor = line.collection(ANALYSES).find(
            where, fields, limit=limit, hint=[(hint, 1)] if hint else None
        )
        return await cursor.to_list(None)

    return await line.ask(work)


async def _mark(line: MongoLine, analyses: Sequence[tuple[Document, Document]]) -> None:
    """Write that analyses were looked at, and in our own what others shall read."""
    updates = [
        UpdateOne(
            {name: seen.get(name) for name in ("_id", "shape", "analyzed_at", "analysis_level")},
            {"$set": {**fields, "shape": SHAPE}},
        )
        for seen, fields in analyses
    ]
    if updates:
        await line.ask(lambda: line.collection(ANALYSES).bulk_write(updates, ordered=False))


def updates(strangers: list[Document], taken: set[str]) -> list[UpdateOne]:
    """Our fields for documents that lack them; of several at one path the first has the path."""
    found = []
    for stranger in strangers:
        fields = _fields(stranger)
        key = fields.get("path_key")
        if key in taken:
            del fields["path_key"]
        elif key is not None:
            taken.add(key)
        found.append(guarded(stranger, {"$set": fields}))
    return found


def _fields(document: Mapping[str, Any]) -> Document:
    sample = sample_of(document)
    if sample.heard is None:
        return derived(sample)
    source = source_in(document)
    return derived(sample) | {
        "heard": heard_document(sample.heard) | ({} if source is None else {"source": source})
    }


def _mending(row: Document, sample: Sample) -> Document:
    """What is stale in the document of a sound that was adopted; nothing for a new one."""
    if "disagrees" not in row:
        return {}
    fields = derived(sample)
    if "path_key" not in row:
        # Another document stands at this path.
        fields.pop("path_key", None)
    return changes(row, fields)
