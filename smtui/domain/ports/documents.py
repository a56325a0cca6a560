"""The documents: accounts, sounds, analyses; batches have a page of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from smtui.domain.account import Account, OneTimeCode, Role, UserId
from smtui.domain.analysis import Analysis, AnalysisHead, AnalysisId, Level, Measurement
from smtui.domain.kept_search import KeptKind, KeptSearch
from smtui.domain.masking import Outline
from smtui.domain.outcome import Outcome
from smtui.domain.question import Page, Place, Question
from smtui.domain.sample import FileId, Folder, FoundFile, Heard, Sample, Stamp, Trouble
from smtui.domain.tag_change import Retagged, Retagging
from smtui.domain.unreadable import UnreadableFile


class AccountStore(Protocol):
    """Accounts, found by id, e-mail or username (both folded).

    What changes one gives False where there is no such account.
    """

    async def add(self, account: Account) -> None:
        """Keep a new account; raises AlreadyTaken naming the e-mail or the username."""
        ...

    async def by_id(self, user_id: UserId) -> Account | None: ...

    async def by_login(self, login: str) -> Account | None:
        """Find by e-mail or username, folded."""
        ...

    async def all(self) -> tuple[Account, ...]:
        """Every account, oldest first."""
        ...

    async def set_password(self, user_id: UserId, hashed_password: str) -> bool: ...

    async def set_active(self, user_id: UserId, *, active: bool) -> bool: ...

    async def set_role(self, user_id: UserId, role: Role) -> bool: ...

    async def set_code(self, user_id: UserId, code: OneTimeCode | None) -> bool:
        """Keep a one-time code in place of another, or with None take it away."""
        ...

    async def spend_code(self, user_id: UserId, hashed_code: str, hashed_password: str) -> bool:
        """Guarded: set the password and take the code away, only while it is this code."""
        ...

    async def signed_in(self, user_id: UserId, at: datetime) -> bool:
        """Set last_login."""
        ...

    async def count_use(self, user_id: UserId, *, analyses: int = 0, uploads: int = 0) -> None:
        """Add to the counters, atomically."""
        ...


class SampleStore(Protocol):
    """The sounds of the library (`audio_files`)."""

    async def get(self, file_ids: Sequence[FileId]) -> tuple[Sample, ...]:
        """Samples in the order asked for; ids that are not there are left out."""
        ...

    async def page(
        self,
        question: Question,
        *,
        limit: int,
        after: Place | None = None,
        before: Place | None = None,
        skip: int = 0,
    ) -> Page:
        """Rows next to a place (neither: from the start), in the question's order.

        `before` gives the `limit` rows that end just before the place, still in the question's
        order. `skip` jumps over so many rows first (a signpost is at most 1,000 rows away).
        """
        ...

    async def matching(self, question: Question, file_ids: Sequence[FileId]) -> frozenset[FileId]:
        """Which of these sounds match, as the viewer sees them; the order is not looked at."""
        ...

    async def count(self, question: Question) -> int: ...

    async def signposts(self, question: Question, *, every: int) -> tuple[Place, ...]:
        """The places of rows 0, every, 2·every, …: jumping reads from the nearest one."""
        ...

    async def ids(
        self, question: Question, *, limit: int, after: Place | None = None
    ) -> tuple[tuple[FileId, ...], Place | None]:
        """Ids alone, in order, with the place of the last one (None: there are no more)."""
        ...

    async def stamps(
        self, paths: Sequence[tuple[str, bytes | None]], *, user_id: UserId | None
    ) -> Mapping[str, Stamp]:
        """What is known of these (file_path, path_bytes); by `path_key`."""
        ...

    async def by_hashes(
        self, hashes: Sequence[str], *, user_id: UserId | None
    ) -> tuple[Sample, ...]:
        """The owner's sounds whose bytes have one of these hashes, by file_id."""
        ...

    async def by_marks(self, marks: Sequence[str], *, user_id: UserId | None) -> tuple[Sample, ...]:
        """The owner's sounds with one of these audio marks, by file_id."""
        ...

    async def add_found(
        self, found: Sequence[FoundFile], *, user_id: UserId | None, at: datetime
    ) -> tuple[FileId, ...]:
        """Upsert on path_key in one transaction; gives the ids in the same order.

        An existing row keeps id, tags and uploaded_at. If its hash changed, `heard` and
        `trouble` are cleared; either way missing_since is.
        """
        ...

    async def move(self, file_id: FileId, found: FoundFile) -> bool:
        """The same bytes at a new path: row, tags and heard stay, place and stamp change.

        False if the sound is gone or the path is taken.
        """
        ...

    async def unreadable(self, *, viewer: UserId | None) -> tuple[UnreadableFile, ...]:
        """Files that a scan could not read, the viewer's and the shared ones, by path_key."""
        ...

    async def note_unreadable(self, files: Sequence[UnreadableFile]) -> None:
        """Keep files with the reason; one that is kept already keeps its `seen_at`."""
        ...

    async def drop_unreadable(self, path_keys: Sequence[str]) -> None:
        """Forget files that can be read now, or are gone."""
        ...

    async def remove(self, file_ids: Sequence[FileId]) -> int:
        """Drop sounds with their tags and analyses; gives how many were there.

        What runs say of them stays. The index of likeness is mended when it is looked at next.
        """
        ...

    async def set_missing(self, file_ids: Sequence[FileId], at: datetime | None) -> None:
        """Mark as not found since `at`, or with None as there again."""
        ...

    async def below(
        self, folder: str, *, user_id: UserId | None, after: str | None, limit: int
    ) -> tuple[tuple[str, bytes | None, FileId], ...]:
        """(file_path, path_bytes, id) of the owner's sounds in and below a folder, by path_key."""
        ...

    async def set_heard(self, file_id: FileId, heard: Heard, *, file_hash: str) -> bool:
        """Guarded: only while the file's bytes are those that were heard, and never a lower
        level of the same recipe over a higher one. Clears `trouble`.
        """
        ...

    async def set_trouble(self, file_id: FileId, trouble: Trouble) -> bool:
        """Keep why the last listening failed; False if the sound is gone."""
        ...

    async def retag(self, file_ids: Sequence[FileId], change: Retagging) -> Retagged:
        """Add and remove tags (compared folded, kept as typed).

        An added tag is kept with its mark; one that was there already keeps the mark it has. Gives
        what it takes to take that back.
        """
        ...

    async def take_back(self, retagged: Retagged) -> int:
        """Give the sounds of a `retag` the tags that they had before; gives how many rows changed.

        What somebody has changed since stays changed.
        """
        ...

    async def unheard(
        self,
        *,
        user_id: UserId | None,
        level: Level,
        below: str | None,
        limit: int,
        after: FileId | None = None,
        retry: bool = False,
    ) -> tuple[Sample, ...]:
        """Sounds not yet heard at this level, by file_id; not missing; failed ones if `retry`."""
        ...

    async def outdated(
        self, *, user_id: UserId | None, recipe_version: int
    ) -> Mapping[Level, tuple[FileId, ...]]:
        """Sounds heard by an older recipe, by the level at which; the owner's and the shared.

        Not the missing ones, those that failed since, and what other programs have heard.
        """
        ...

    async def count_outdated(self, *, user_id: UserId | None, recipe_version: int) -> int:
        """How many sounds `outdated` would give."""
        ...

    async def tags_in_use(self, *, viewer: UserId | None, limit: int) -> tuple[str, ...]:
        """Tags, most used first."""
        ...

    async def folders(self, *, user_id: UserId | None) -> tuple[Folder, ...]:
        """Remembered scan folders, by path."""
        ...

    async def remember_folder(self, folder: Folder) -> None:
        """Remember a folder, or when it was scanned last."""
        ...

    async def forget_folder(self, folder_path: str, *, user_id: UserId | None) -> bool:
        """Forget the folder; its sounds stay in the library."""
        ...

    async def generation(self) -> int:
        """A number that changes whenever any process changed the sounds."""
        ...


class AnalysisStore(Protocol):
    """What was heard, one document per file and recipe version."""

    async def save(self, analysis: Analysis) -> AnalysisId:
        """Upsert on (file_id, recipe_version); a lower level never replaces a higher one.

        Gives the id under which it stands (the first one given stays).
        """
        ...

    async def newest(self, file_id: FileId) -> Analysis | None:
        """The highest level, then the newest."""
        ...

    async def newest_of(self, file_ids: Sequence[FileId]) -> Mapping[FileId, Analysis]:
        """`newest` of several files; those without an analysis are left out."""
        ...

    async def briefs(self, file_ids: Sequence[FileId]) -> Mapping[FileId, Analysis]:
        """What `newest_of` gives, without embedding, cepstra and chroma: thousands at once."""
        ...

    async def heads(self, file_ids: Sequence[FileId]) -> Mapping[FileId, AnalysisHead]:
        """Which analyses `newest_of` would give; reads no more than that takes."""
        ...

    async def outlines(self, file_ids: Sequence[FileId]) -> tuple[Outline, ...]:
        """Sounds as far as fitting needs them, in the order asked for; many at once.

        Those not heard, or heard at a level without slices, are left out.
        """
        ...

    async def by_hash(
        self, file_hash: str, *, recipe_version: int, level: Level
    ) -> Measurement | None:
        """What was measured of the same bytes at this level or higher, whoever owns the file."""
        ...


class OutcomeStore(Protocol):
    """Keeps what came of a file: analysis, `heard`, result and counts."""

    async def keep(self, outcome: Outcome) -> bool:
        """Guarded as `BatchStore.complete`, and counted once; whether it was counted now."""
        ...


class KeptSearchStore(Protocol):
    """Searches and filters that people saved or asked lately; each person's are their own."""

    async def of(self, user_id: UserId) -> tuple[KeptSearch, ...]:
        """What was saved by name, then what was only asked, newest first."""
        ...

    async def keep(self, kept: KeptSearch, *, user_id: UserId, recent: int) -> None:
        """Upsert on (user_id, kind, text); a line without a name leaves the one that is there.

        Of the lines of this kind that have no name only so many stay, the newest.
        """
        ...

    async def forget(self, kind: KeptKind, text: str, *, user_id: UserId) -> bool:
        """Drop a line; False if it was not there."""
        ...
