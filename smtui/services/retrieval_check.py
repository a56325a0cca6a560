"""How good the search by likeness is on a person's own sounds, aspect by aspect.

Each sound of a sample is looked for by what must lead back to it: itself encoded anew with loss,
and its own second half. And of each the nearest other sound is looked at: is it of the same kind?
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from smtui.domain.account import UserId
from smtui.domain.errors import SoundUnreadable
from smtui.domain.likeness import ASPECTS, Weights, wanted
from smtui.domain.path_map import PathMap
from smtui.domain.ports.similarity_index import Embedded
from smtui.domain.question import Question
from smtui.domain.sample import FileId, Sample
from smtui.services.nearest import LikenessPorts

MOST_COMPARED = 5_000
WHOLE = "all"
KIND = "same kind"
_IDS = 5_000


class Prober(Protocol):
    """Makes of a file what must be found to be like it, and analyses that."""

    async def probes(self, path: Path) -> Mapping[str, Sequence[float]]:
        """Give embeddings by what was made (`re-encoded`); raises SoundUnreadable."""
        ...


@dataclass(slots=True)
class Tally:
    """How often what must be nearest was: for each question and aspect.

    Attributes:
        compared: among how many sounds.
        sounds: of how many it was asked.
        asked, found: by question, and by question and aspect.
    """

    compared: int = 0
    sounds: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    found: Counter[tuple[str, str]] = field(default_factory=Counter)

    def share(self, question: str, aspect: str) -> float:
        """How often, 0 to 1."""
        return self.found[question, aspect] / max(1, self.asked[question])


class RetrievalCheck:
    """Looks for sounds of the library by what must lead back to them."""

    def __init__(self, ports: LikenessPorts, *, paths: PathMap, recipe_version: int) -> None:
        self._ports = ports
        self._paths = paths
        self._recipe_version = recipe_version

    async def tallies(
        self, prober: Prober, *, sample: int, viewer: UserId | None
    ) -> AsyncIterator[Tally]:
        """Ask of each sound of a sample, exactly and without the index; the tally so far.

        Only of what the viewer sees: the files are read here.
        """
        embedded = await self._chosen(viewer)
        tally = Tally(compared=len(embedded))
        known = {own.file_id: own for own in embedded}
        samples = await self._ports.samples.get(list(known))
        kinds = {
            sound.file_id: sound.heard.kind for sound in samples if sound.heard and sound.heard.kind
        }
        for sound in samples[:sample]:
            await self._ask(tally, sound, embedded, kinds)
            for question, numbers in (await self._probes(prober, sound)).items():
                nearest = await self._nearest(numbers, embedded, 1)
                own = known[sound.file_id]
                right = {
                    aspect: any(_is_found(own, known[hit]) for hit in got)
                    for aspect, got in nearest.items()
                }
                self._note(tally, question, right)
            tally.sounds += 1
            yield tally

    async def _probes(self, prober: Prober, sound: Sample) -> Mapping[str, Sequence[float]]:
        """Nothing where the file is away, or another one has its place on this machine."""
        if self._paths.foreign(sound.path):
            return {}
        try:
            return await prober.probes(self._paths.here(sound.path))
        except SoundUnreadable:
            return {}

    async def _ask(
        self,
        tally: Tally,
        sample: Sample,
        embedded: Sequence[Embedded],
        kinds: Mapping[FileId, str],
    ) -> None:
        """See whether the nearest other sound is of the same kind."""
        kind = kinds.get(sample.file_id)
        others = [other for other in embedded if other.file_id != sample.file_id]
        if kind is None or not others:
            return
        own = next(known for known in embedded if known.file_id == sample.file_id)
        nearest = await self._nearest(own.singles, others, 1)
        self._note(
            tally,
            KIND,
            {a: any(kinds.get(got) == kind for got in ids) for a, ids in nearest.items()},
        )

    def _note(self, tally: Tally, question: str, found: Mapping[str, bool]) -> None:
        tally.asked[question] += 1
        tally.found.update((question, aspect) for aspect, yes in found.items() if yes)

    async def _nearest(
        self, numbers: Sequence[float], embedded: Sequence[Embedded], most: int
    ) -> Mapping[str, Sequence[FileId]]:
        goal = wanted([numbers])
        found = {}
        for aspect, weights in _WEIGHTS.items():
            hits = await self._ports.comparison.best(goal, weights, embedded, most=most)
            found[aspect] = [hit.file_id for hit in hits]
        return found

    async def _chosen(self, viewer: UserId | None) -> tuple[Embedded, ...]:
        """At most 5,000 sounds, the same ones each time."""
        ids: list[FileId] = []
        after: FileId | None = None
        while part := await self._ports.embeddings.ids(
            after, recipe_version=self._recipe_version, limit=_IDS
        ):
            seen = await self._ports.samples.matching(Question(viewer=viewer), part)
            ids += [file_id for file_id in part if file_id in seen]
            after = part[-1]
        random.Random(1).shuffle(ids)  # noqa: S311 - a sample, no secret
        found = await self._ports.embeddings.of(
            ids[:MOST_COMPARED], recipe_version=self._recipe_version
        )
        return tuple(found.values())


def _is_found(own: Embedded, hit: Embedded) -> bool:
    """It is the sound itself, or a copy of it that the library has, too: no ear could choose."""
    return hit.file_id == own.file_id or wanted([own.singles]).likeness(hit.singles).is_copy


_NOTHING = dict.fromkeys(ASPECTS, 0.0)
_WEIGHTS = {WHOLE: Weights()} | {
    aspect: Weights(**(_NOTHING | {aspect: 2.0})) for aspect in ASPECTS
}
