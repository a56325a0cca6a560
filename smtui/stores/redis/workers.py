"""Who works now: `worker:{name}` holds JSON and lives only as long as it is renewed.

`workers` lists the names, so that nobody looks through all keys for them.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from smtui.domain.health import WorkerReport
from smtui.stores.redis.link import RedisLink

if TYPE_CHECKING:
    from redis.asyncio import Redis

_PREFIX = "worker:"
_INDEX = "workers"

# In one step: a name whose report is put up again meanwhile must stay.
_REPORTS = """
local found = {}
for _, name in ipairs(redis.call('SMEMBERS', KEYS[1])) do
    local kept = redis.call('GET', ARGV[1] .. name)
    if kept then
        found[#found + 1] = name
        found[#found + 1] = kept
    else
        redis.call('SREM', KEYS[1], name)
    end
end
return found
"""


class RedisWorkers:
    """Implements WorkerBoard."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def report(self, report: WorkerReport, *, seconds: int) -> None:

        async def work(client: Redis) -> None:
            async with client.pipeline(transaction=True) as together:
                together.set(f"{_PREFIX}{report.name}", _to_json(report), ex=seconds)
                together.sadd(_INDEX, report.name)
                await together.execute()

        await self._link.ask(work)

    async def reports(self) -> tuple[WorkerReport, ...]:

        async def work(client: Redis) -> list[bytes]:
            script = client.eval(_REPORTS, 1, _INDEX, _PREFIX)
            return await cast("Awaitable[list[bytes]]", script)

        flat = await self._link.ask(work)
        pairs = zip(flat[::2], flat[1::2], strict=True)
        reports = [report for name, kept in pairs if (report := _from_json(name, kept))]
        return tuple(sorted(reports, key=lambda report: report.name))

    async def leave(self, name: str) -> None:

        async def work(client: Redis) -> None:
            async with client.pipeline(transaction=True) as together:
                together.delete(f"{_PREFIX}{name}")
                together.srem(_INDEX, name)
                await together.execute()

        await self._link.ask(work)


def _to_json(report: WorkerReport) -> str:
    return json.dumps(
        {
            "machine": report.machine,
            "version": report.version,
            "children": report.children,
            "started_at": report.started_at.timestamp(),
            "missing": report.missing,
            "rests": report.rests,
        }
    )


def _from_json(name: bytes, raw: bytes) -> WorkerReport | None:
    """Read a report; a newer or older smtui may have written one that cannot be read."""
    try:
        kept = json.loads(raw)
        return WorkerReport(
            name=name.decode(),
            machine=str(kept["machine"]),
            version=str(kept["version"]),
            children=int(kept["children"]),
            started_at=datetime.fromtimestamp(round(kept["started_at"], 3), tz=UTC),
            missing=tuple(map(str, kept["missing"])),
            # Workers before this field was there do not write it.
            rests=str(kept.get("rests", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return None
