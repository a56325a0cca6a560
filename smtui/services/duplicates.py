"""Files that are the same sound: by their bytes, and by ear. Nothing is ever deleted here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smtui.domain.copies import (
    ALIKE_ENOUGH,
    SAME_BYTES,
    Copy,
    Difference,
    Group,
    is_coded,
    is_same,
    likely_original,
    reason,
)
from smtui.domain.parts import in_parts
from smtui.domain.query import parse
from smtui.domain.question import Question

if TYPE_CHECKING:
    from pathlib import Path

    from smtui.domain.account import UserId
    from smtui.domain.masking import Outline
    from smtui.domain.path_map import PathMap
    from smtui.domain.ports.documents import AnalysisStore
    from smtui.domain.ports.pairs import Copies
    from smtui.domain.ports.similarity_index import EmbeddingStore
    from smtui.domain.sample import FileId, Sample
    from smtui.services.library import Library

_AT_ONCE = 1_000
_PAIRS_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """How far the search is: what is done now, how much of it, of how many."""

    doing: str
    done: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """What was found.

    Attributes:
        groups: the likely originals by path, each with its copies.
        sounds: how many were looked at; `unheard` of them only by their bytes.
    """

    groups: tuple[Group, ...] = ()
    sounds: int = 0
    unheard: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What is read of what was heard."""

    analyses: AnalysisStore
    embeddings: EmbeddingStore


class DuplicateFinder:
    """Looks for duplicates among the sounds that a person sees."""

    def __init__(
        self, library: Library, stores: Stores, copies: Copies, *, paths: PathMap, recipe: int
    ) -> None:
        self._library = library
        self._stores = stores
        self._copies = copies
        self._paths = paths
        self._recipe = recipe

    async def find(
        self,
        text: str = "",
        *,
        viewer: UserId | None,
        told: Callable[[Looked], None] = lambda _looked: None,
    ) -> Duplicates:
        """Look among what a filter finds, everything by default; `told` hears how far it is.

        Sounds not yet heard, or heard by another recipe, are compared by their bytes alone.
        Whoever deletes a copy must still have the other file: what is missing is none, and one
        that is somebody's own and shared as well is one file. Raises QueryInvalid.
        """
        expression = self._paths.in_documents(parse(text))
        question = Question(expression=expression, viewer=viewer).of_present
        samples: list[Sample] = []
        async for page in self._library.each(question):
            samples += page
            told(Looked(doing="reading", done=len(samples), of=0))
        samples = _one_of_each_file(sorted(samples, key=likely_original))
        distinct = _first_of_each(samples)
        embedded = await self._embeddings(distinct)
        pairs = await self._pairs(distinct, embedded, told)
        heard = {sample.file_hash for sample in distinct if sample.file_id in embedded}
        unheard = sum(sample.file_hash not in heard for sample in samples)
        groups = sorted(_groups(samples, pairs), key=lambda group: group.first.file_path)
        return Duplicates(groups=tuple(groups), sounds=len(samples), unheard=unheard)

    async def _embeddings(self, samples: Sequence[Sample]) -> Mapping[FileId, bytes]:
        found: dict[FileId, bytes] = {}
        for part in in_parts(samples, _AT_ONCE):
            ids = [sample.file_id for sample in part]
            some = await self._stores.embeddings.of(ids, recipe_version=self._recipe)
            found |= {file_id: embedded.numbers for file_id, embedded in some.items()}
        return found

    async def _pairs(
        self,
        samples: Sequence[Sample],
        embedded: Mapping[FileId, bytes],
        told: Callable[[Looked], None],
    ) -> Mapping[FileId, Mapping[FileId, Difference]]:
        """The sounds that are the same as each, the likelier original first."""
        known = [sample for sample in samples if sample.file_id in embedded]
        coded = {sample.file_id for sample in known if is_coded(sample)}
        ids = [sample.file_id for sample in known]
        pairs = await self._near(ids, embedded, told)
        same: dict[FileId, dict[FileId, Difference]] = {}
        done = 0
        for part in in_parts(pairs, _PAIRS_AT_ONCE):
            some = [(ids[first], ids[other]) for first, other in part]
            for (first, other), found in (await self._differences(some)).items():
                if is_same(found, coded=not coded.isdisjoint((first, other))):
                    same.setdefault(first, {})[other] = found
            done += len(some)
            told(Looked(doing="analysing again", done=done, of=len(pairs)))
        return same

    async def _near(
        self,
        ids: Sequence[FileId],
        embedded: Mapping[FileId, bytes],
        told: Callable[[Looked], None],
    ) -> list[tuple[int, int]]:
        """The places of those that may be the same."""
        places = {file_id: place for place, file_id in enumerate(ids)}
        outlined: list[int] = []

        async def outlines() -> AsyncIterator[Sequence[Outline]]:
            for part in in_parts(ids, _AT_ONCE):
                some = await self._stores.analyses.outlines(part)
                outlined.extend(places[outline.file_id] for outline in some)
                yield some

        found: set[tuple[int, int]] = set()
        async for step in self._copies.near(embedded, outlines(), least=ALIKE_ENOUGH):
            found.update((outlined[first], outlined[other]) for first, other in step.pairs)
            told(Looked(doing="comparing", done=step.done, of=len(outlined)))
        return await asyncio.to_thread(sorted, found)

    async def _differences(
        self, pairs: Sequence[tuple[FileId, FileId]]
    ) -> Mapping[tuple[FileId, FileId], Difference]:
        ids = list(dict.fromkeys(place for pair in pairs for place in pair))
        heard = await self._stores.analyses.newest_of(ids)
        known = [pair for pair in pairs if pair[0] in heard and pair[1] in heard]
        found = await self._copies.differences(
            [(heard[first].measured, heard[other].measured) for first, other in known]
        )
        return {
            pair: difference
            for pair, difference in zip(known, found, strict=True)
            if difference is not None
        }


def _one_of_each_file(samples: Iterable[Sample]) -> list[Sample]:
    """One sound for each path, in the same order; the library may have it once for each owner."""
    first: dict[Path, Sample] = {}
    for sample in samples:
        first.setdefault(sample.path, sample)
    return list(first.values())


def _first_of_each(samples: Iterable[Sample]) -> list[Sample]:
    """One sound for each content; one without a hash stands for itself."""
    first: dict[str, Sample] = {}
    for sample in samples:
        first.setdefault(sample.file_hash or sample.file_id, sample)
    return list(first.values())


def _groups(
    samples: Sequence[Sample], same: Mapping[FileId, Mapping[FileId, Difference]]
) -> list[Group]:
    """Put every sound into the group of the likeliest original that it, or a copy, is a copy of."""
    by_content: dict[str, list[Sample]] = {}
    content: dict[FileId, str] = {}
    for sample in samples:
        content[sample.file_id] = sample.file_hash or sample.file_id
        by_content.setdefault(content[sample.file_id], []).append(sample)
    links: dict[str, list[tuple[str, Difference]]] = {}
    for file_id, others in same.items():
        for other, difference in others.items():
            this, that = content[file_id], content[other]
            links.setdefault(this, []).append((that, difference))
            links.setdefault(that, []).append((this, difference.turned))
    taken: set[str] = set()
    groups = []
    for name, (first, *others_of_it) in by_content.items():
        if name in taken:
            continue
        copies = [Copy(sample=sample, reason=SAME_BYTES) for sample in others_of_it]
        for via, reached, difference in _reach(name, links, taken):
            copies += [
                Copy(
                    sample=sample,
                    reason=reason(by_content[via][0], sample, difference, first=first),
                )
                for sample in by_content[reached]
            ]
        if copies:
            groups.append(Group(first=first, copies=tuple(copies)))
    return groups


def _reach(
    name: str, links: Mapping[str, Sequence[tuple[str, Difference]]], taken: set[str]
) -> Iterator[tuple[str, str, Difference]]:
    """What is the same as a content, then what is the same as that: (as which, which, how)."""
    taken.add(name)
    waiting = [name]
    for via in waiting:
        for other, difference in links.get(via, ()):
            if other not in taken:
                taken.add(other)
                waiting.append(other)
                yield via, other, difference
