"""Killing what works for a person at random moments, and auditing what it was worth.

For a person's own library, where the keeper starts anew what died and the documents are a file.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import soundfile

from smtui.domain.batch import RunId
from tests.journeys.terminal import Terminal
from tests.local.private_home import Private

RATE = 22_050

_ENDED = "('completed', 'failed', 'cancelled')"
_FILES = (
    "FROM batch_jobs AS b JOIN batch_files AS r USING (batch) JOIN audio_files AS f USING (file_id)"
    " WHERE b.run_id = ?"
)
_LOST = (
    f"SELECT count(*) {_FILES} AND (r.status NOT IN {_ENDED}"
    " OR (r.status = 'completed' AND (f.heard_rank = 0"
    " OR NOT EXISTS (SELECT 1 FROM analyses AS a WHERE a.analysis_id = r.analysis_id))))"
)
_DOUBLED = (
    "SELECT count(*) FROM (SELECT a.file_id FROM analyses AS a WHERE a.file_id IN"
    f" (SELECT r.file_id {_FILES}) GROUP BY a.file_id HAVING count(*) > 1)"
)
_UNEQUAL = (
    "SELECT count(*) FROM batch_jobs AS b WHERE run_id = ? AND ("
    + " OR ".join(
        f"{state} <> (SELECT count(*) FROM batch_files AS r"
        f" WHERE r.batch = b.batch AND r.status = '{state}')"
        for state in ("completed", "failed", "cancelled", "processing")
    )
    + f" OR completed + failed + cancelled <> total_files OR status NOT IN {_ENDED})"
)


def short_sounds(folder: Path, count: int, *, seconds: float, seed: int = 0) -> Path:
    """Write struck tones, each of its own bytes."""
    folder.mkdir(parents=True)
    time = np.arange(round(RATE * seconds)) / RATE
    noise = np.random.default_rng(seed)
    for number in range(count):
        tone = 0.5 * np.sin(2 * np.pi * (110 + 4 * number) * time) * np.exp(-8 * time)
        tone += 1e-3 * noise.standard_normal(len(time))
        soundfile.write(folder / f"{number:03d}.wav", tone, RATE)
    return folder


class Hunter:
    """Kills by name: `keeper`, `valkey`, `worker`, `child` (one of the worker's), `screen`."""

    def __init__(
        self, private: Private, chance: random.Random, screen: Terminal | None = None
    ) -> None:
        self._private = private
        self._chance = chance
        self._screen = screen

    def strike(self, victim: str) -> bool:
        """Kill (SIGKILL); False where there is none, because it is only being started."""
        pid = self._pid(victim)
        if pid is None:
            return False
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return True

    def _pid(self, victim: str) -> int | None:
        if victim == "screen":
            return None if self._screen is None or self._screen.ended else self._screen.pid
        if victim != "child":
            return self._private.pid(victim)
        worker = self._private.pid("worker")
        with suppress(psutil.NoSuchProcess):
            children = psutil.Process(worker).children() if worker is not None else []
            return self._chance.choice(children).pid if children else None
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What became of the files of runs that have ended.

    Attributes:
        lost: files without an end, or completed without an analysis or without `heard`.
        doubled: files with more than one analysis.
        unequal: batches whose counters are not what their results say, or that have not ended.
    """

    lost: int = 0
    doubled: int = 0
    unequal: int = 0

    @classmethod
    def of(cls, database: Path, run_id: RunId) -> Audit:
        """Look into the documents themselves, not through the stores that wrote them."""
        with closing(sqlite3.connect(database)) as documents:
            lost, doubled, unequal = (
                documents.execute(question, (run_id,)).fetchone()[0]
                for question in (_LOST, _DOUBLED, _UNEQUAL)
            )
        return cls(lost=lost, doubled=doubled, unequal=unequal)

    def __add__(self, other: Audit) -> Audit:
        return Audit(
            lost=self.lost + other.lost,
            doubled=self.doubled + other.doubled,
            unequal=self.unequal + other.unequal,
        )
