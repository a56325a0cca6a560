"""The sounds that a search begins from: found by what a person calls them, with their numbers."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from smtui.domain.account import UserId
from smtui.domain.analysis import Level
from smtui.domain.errors import ErrorCode, InputInvalid, NotFound, SoundUnreadable
from smtui.domain.filter_text import BARE_FACTS
from smtui.domain.path_map import PathMap
from smtui.domain.ports.documents import SampleStore
from smtui.domain.question import Place, Question
from smtui.domain.sample import FileId, Sample
from smtui.domain.search import Search, Seed
from smtui.domain.search_line import SearchLine, text_of
from smtui.domain.text import folded, printable_path, shown
from smtui.services.nearest import LikenessPorts

_PAGE = 200
_MOST = 2_000
# What ends a name in the text that sounds are sorted by, and what begins its extension.
_ENDS = ("\x1f", ".")


class Seeds:
    """Finds sounds by name and gives their embeddings."""

    def __init__(self, ports: LikenessPorts, *, paths: PathMap, recipe_version: int) -> None:
        self._samples = ports.samples
        self._embeddings = ports.embeddings
        self._outside = ports.outside
        self._paths = paths
        self._recipe_version = recipe_version

    async def named(self, reference: str, viewer: UserId | None) -> Seed:
        """Find a sound by id, path, filename, or filename without extension.

        Raises:
            NotFound: there is none that the viewer may see.
            InputInvalid: there are several.
        """
        text = reference.strip()
        if not text:
            raise InputInvalid("A sound to compare with needs a name", hint="Name one: kick_01")
        found = await self._by_id_or_path(text, viewer)
        if found is None:
            found = _only(text, [sample async for sample in self._by_name(text, viewer)])
        return Seed(name=found.filename, file_id=found.file_id)

    async def meant(self, reference: str, viewer: UserId | None) -> Seed:
        """Find a sound by what a person calls it: one of the library, else a file by its path.

        Raises:
            NotFound: neither is there.
            InputInvalid: the library has several.
            SoundUnreadable: the file cannot be analysed.
        """
        try:
            return await self.named(reference, viewer)
        except NotFound as unknown:
            if not reference.startswith("/"):
                raise
            try:
                return await self._unknown(Path(reference), viewer)
            except SoundUnreadable as error:
                if error.code is ErrorCode.VANISHED:
                    raise unknown from None
                raise

    async def _unknown(self, path: Path, viewer: UserId | None) -> Seed:
        """Take a file that the library does not have: what has the same bytes was heard already."""
        file_hash = await self._outside.file_hash(path)
        same = [
            sample
            for owner in dict.fromkeys((viewer, None))
            for sample in await self._samples.by_hashes([file_hash], user_id=owner)
        ]
        known = await self._embeddings.of(
            [sample.file_id for sample in same], recipe_version=self._recipe_version
        )
        for sample in same:
            if sample.file_id in known and sample.missing_since is None:
                return Seed(name=sample.filename, file_id=sample.file_id)
        return await self.outside(path)

    async def line_of(self, search: Search, viewer: UserId | None) -> str:
        """Write a search as one line that finds the same again.

        A sound that shares its name with another is named by its path.
        """
        more = [await self._spelled(seed, viewer) for seed in search.more]
        less = [await self._spelled(seed, viewer) for seed in search.less]
        return text_of(SearchLine.of(replace(search, more=tuple(more), less=tuple(less))))

    async def _spelled(self, seed: Seed, viewer: UserId | None) -> Seed:
        """Call it so that `named` finds it: by its name, or where others have that by its path."""
        if seed.file_id is None:
            return seed
        with contextlib.suppress(NotFound, InputInvalid):
            if (await self.named(seed.name, viewer)).file_id == seed.file_id:
                return seed
        known = await self._samples.get([seed.file_id])
        return replace(seed, name=known[0].file_path) if known else seed

    async def outside(self, path: Path) -> Seed:
        """Listen to a file that is not of the library; raises SoundUnreadable."""
        await self._outside.analyse(path)
        return Seed(name=printable_path(os.fsencode(path.name)), path=path)

    async def numbers(
        self, seeds: Sequence[Seed], viewer: UserId | None
    ) -> tuple[Sequence[float], ...]:
        """Return their embeddings in the same order.

        Raises:
            NotFound: one is not in the viewer's library.
            InputInvalid: one has not been analysed.
            SoundUnreadable: one from outside cannot be.
        """
        await check_seen(seeds, viewer, self._samples)
        ids = [seed.file_id for seed in seeds if seed.file_id is not None]
        kept = await self._embeddings.of(ids, recipe_version=self._recipe_version) if ids else {}
        found: list[Sequence[float]] = []
        for seed in seeds:
            if seed.path is not None:
                found.append((await self._outside.analyse(seed.path)).embedding)
            elif seed.file_id is None or seed.file_id not in kept:
                raise await self._not_comparable(seed.name, seed.file_id)
            else:
                found.append(kept[seed.file_id].singles)
        return tuple(found)

    async def _not_comparable(self, name: str, file_id: FileId | None) -> InputInvalid:
        """Say why a sound of the library has no numbers to compare by."""
        known = await self._samples.get([file_id]) if file_id is not None else ()
        if any(sample.missing_since for sample in known):
            return InputInvalid(
                f"The file of {shown(name)} is missing",
                hint="Where it is back, scan its folder again.",
            )
        heard = known[0].heard if known else None
        if heard is not None and heard.recipe_version > self._recipe_version:
            return InputInvalid(
                f"{shown(name)} was analysed by a newer smtui",
                hint="Update smtui on this machine, to compare as that one does.",
            )
        if heard is not None and 0 < heard.recipe_version < self._recipe_version:
            return InputInvalid(
                f"{shown(name)} was analysed by an older smtui",
                hint="`smtui analyze --older` analyses all such sounds again.",
            )
        words = "has not been analysed yet"
        if heard is not None and heard.recipe_version == 0:
            words = "was analysed by another program, and not here yet"
        elif heard is not None and heard.listened_rank < Level.ADVANCED.rank:
            words = f"was analysed only at level {Level.BASIC}"
        return InputInvalid(
            f"{shown(name)} {words}",
            hint="`a` analyses it first, `smtui analyze` all that is new.",
        )

    async def _by_id_or_path(self, text: str, viewer: UserId | None) -> Sample | None:
        by_id = await self._samples.get([FileId(text)]) if text.isascii() else ()
        for sample in by_id:
            if sample.user_id in (None, viewer):
                return sample
        if not text.startswith("/"):
            return None
        raw = os.fsencode(self._paths.documents_path(Path(text)))
        printed, as_kept = printable_path(raw), printable_path(os.fsencode(text))
        for path in ((printed, None if os.fsencode(printed) == raw else raw), (as_kept, None)):
            for owner in (viewer, None):
                stamps = await self._samples.stamps([path], user_id=owner)
                known = await self._samples.get([stamp.file_id for stamp in stamps.values()])
                if known:
                    return known[0]
        return None

    async def _by_name(self, text: str, viewer: UserId | None) -> AsyncIterator[Sample]:
        """Sounds called so, with or without extension; folders before the name must fit too."""
        text = printable_path(os.fsencode(text))
        name = text.rpartition("/")[2]
        for end in _ENDS:
            begins = folded(name) + end
            async for sample in self._from(begins, viewer):
                if name and _is_called(sample, text):
                    yield sample

    async def _from(self, begins: str, viewer: UserId | None) -> AsyncIterator[Sample]:
        """Walk the sounds whose names begin so, along the order of names."""
        after = Place(value=begins, file_id=FileId(""))
        for _ in range(0, _MOST, _PAGE):
            page = await self._samples.page(Question(viewer=viewer), limit=_PAGE, after=after)
            for sample in page.samples:
                if not sample.search_key.startswith(begins):
                    return
                yield sample
            if len(page.samples) < _PAGE:
                return
            after = page.places[-1]


async def check_seen(seeds: Sequence[Seed], viewer: UserId | None, samples: SampleStore) -> None:
    """Raise NotFound where one of them is not in the viewer's library."""
    ids = [seed.file_id for seed in seeds if seed.file_id is not None]
    mine = await samples.matching(Question(viewer=viewer), ids) if ids else frozenset()
    for seed in seeds:
        if seed.file_id is not None and seed.file_id not in mine:
            raise NotFound(f"{shown(seed.name)} is not in the library")


def _is_called(sample: Sample, text: str) -> bool:
    path = folded(sample.file_path)
    either = (path, path.rpartition(".")[0])
    if text.startswith("/"):
        # A whole path is no end of another one: /tmp/kick.wav is not /data/tmp/kick.wav.
        return folded(text) in either
    return any(path.endswith(folded(f"/{text}")) for path in either)


def _only(text: str, found: Sequence[Sample]) -> Sample:
    """Take the one that is meant: spelt exactly so before another case, present before missing."""
    for choice in _choices(text, found):
        if len(choice) == 1:
            return choice[0]
        if choice:
            raise InputInvalid(
                f"There are {len(choice)} sounds called {shown(text)}",
                hint=f"Name the folder before it, as {_in_folders(choice)}, or the whole path.",
            )
    fact = BARE_FACTS.get(text.casefold())
    raise NotFound(
        f"No sound called {shown(text)} in the library",
        hint="A sound is named by its file's name, its path or its id."
        if fact is None
        else f"As a filter it is written is:{fact} or -is:{fact}.",
    )


def _in_folders(samples: Sequence[Sample]) -> str:
    """Two of them by the folder they are in."""
    ends = ("/".join(sample.file_path.rsplit("/", 2)[1:]) for sample in samples[:2])
    return " or ".join(shown(end) for end in ends)


def _choices(text: str, found: Sequence[Sample]) -> Iterator[list[Sample]]:
    present = [sample for sample in found if sample.missing_since is None]
    exact = [sample for sample in present if text in sample.file_path]
    whole = [sample for sample in exact if sample.filename == text.rpartition("/")[2]]
    yield from (whole, exact, present, list(found))
