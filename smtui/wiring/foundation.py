"""What the services stand on: the same parts in both set-ups, made by one or the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smtui.domain.ports.likeness import SimilarityIndex
    from smtui.domain.ports.sessions import Cache
    from smtui.domain.ports.words import TextVectors
    from smtui.domain.ports.work import HealthCheck, JobQueue
    from smtui.services.documents import Documents
    from smtui.stores.redis.link import RedisLink


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """The parts that differ between the set-ups.

    Attributes:
        link: the line to Redis or Valkey; nothing is connected before it is asked.
        cache: looking at sounds through it starts nothing.
        index, texts: nothing is started or connected before one is asked.
    """

    documents: Documents
    link: RedisLink
    cache: Cache
    index: SimilarityIndex
    texts: TextVectors
    queue: JobQueue
    health: HealthCheck
