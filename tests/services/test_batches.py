"""Runs as a person starts, watches and cancels them, on real documents without a worker."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from smtui.domain.account import Account, Role
from smtui.domain.analysis import Level
from smtui.domain.batch import MAX_BATCH_FILES, RunId, State
from smtui.domain.errors import ErrorCode, InputInvalid, NotAllowed, NotFound, ServerUnavailable
from smtui.domain.sample import FileId, Folder, FoundFile, Heard, Trouble
from smtui.domain.unreadable import UnreadableFile
from smtui.services import batches as module
from smtui.services.batches import Batches
from smtui.services.documents import Documents
from smtui.services.documents import Documents as HearingStores
from smtui.services.rights import Rights
from smtui.services.worker_steps import WorkerSteps
from smtui.stores.memory import memory_documents
from smtui.wiring import SystemClock
from tests.services.people import person

ANNA = person("anna")


class LoggedQueue:
    """Keeps who was woken; can be out of reach."""

    def __init__(self) -> None:
        self.woken: list[tuple[RunId, bool]] = []
        self.reachable = True

    async def wake(self, run_id: RunId, *, urgent: bool) -> None:
        if not self.reachable:
            raise ServerUnavailable("The queue did not answer", hint="Wait")
        self.woken.append((run_id, urgent))


@pytest.fixture
async def documents() -> Documents:
    made = memory_documents()
    await made.accounts.add(ANNA)
    return made


@pytest.fixture
def queue() -> LoggedQueue:
    return LoggedQueue()


@pytest.fixture
def batches(documents: Documents, queue: LoggedQueue) -> Batches:
    return Batches(
        documents.batches, documents.samples, queue, SystemClock(), Rights(documents.accounts)
    )


async def added(
    documents: Documents, *paths: str, owner: Account | None = ANNA
) -> tuple[FileId, ...]:
    found = [
        FoundFile(
            file_path=path,
            file_size=1,
            mtime_ns=1,
            file_hash=hashlib.blake2b(path.encode(), digest_size=16).hexdigest(),
            duration=1.0,
            sample_rate=44_100,
            channels=1,
            format="wav",
        )
        for path in paths
    ]
    return await documents.samples.add_found(
        found, user_id=owner.user_id if owner else None, at=SystemClock().now()
    )


async def test_a_long_run_is_cut_into_batches(batches: Batches, queue: LoggedQueue):
    ids = [FileId(f"file-{at}") for at in range(2 * MAX_BATCH_FILES + 1)]
    run_id = await batches.start([*ids, ids[0]], Level.BASIC, by=ANNA)
    progress = await batches.runs.progress(run_id)
    assert progress is not None
    assert (progress.total, progress.status) == (len(ids), State.PENDING)
    assert queue.woken == [(run_id, False)]


async def test_a_batch_has_at_most_a_thousand_files(batches: Batches, documents: Documents):
    ids = [FileId(f"file-{at}") for at in range(MAX_BATCH_FILES + 1)]
    run_id = await batches.start(ids, Level.BASIC, by=ANNA)
    claims = await documents.batches.claim(run_id, worker="w", limit=2_000, lease_seconds=60)
    sizes: dict[str, list[FileId]] = {}
    for claimed in claims:
        sizes.setdefault(claimed.batch_id, []).append(claimed.file_id)
    assert sorted(len(files) for files in sizes.values()) == [1, MAX_BATCH_FILES]
    assert [claimed.file_id for claimed in claims] == ids


async def test_nothing_to_listen_to_is_said(batches: Batches):
    with pytest.raises(InputInvalid):
        await batches.start([], Level.BASIC, by=ANNA)


async def test_a_file_that_a_scan_could_not_read_begins_no_run_that_fails(
    batches: Batches, queue: LoggedQueue
):
    broken = UnreadableFile(
        file_path="/broken.wav",
        user_id=ANNA.user_id,
        code="empty",
        error="The file is empty",
        seen_at=SystemClock().now(),
    ).as_sample()
    with pytest.raises(InputInvalid, match="could not be read"):
        await batches.start([broken.file_id], Level.BASIC, by=ANNA)
    assert queue.woken == []
    run_id = await batches.start([broken.file_id, FileId("good")], Level.BASIC, by=ANNA)
    progress = await batches.runs.progress(run_id)
    assert progress is not None
    assert progress.total == 1


async def test_a_run_that_nobody_can_be_told_of_is_kept_and_waits(
    batches: Batches, queue: LoggedQueue, documents: Documents
):
    queue.reachable = False
    run_id = await batches.start([FileId("one")], Level.BASIC, by=ANNA)
    assert await documents.batches.claimable() == (run_id,)
    overview = await anext(batches.overview(ANNA.user_id))
    assert (overview.busy, overview.waiting) == (True, "The queue did not answer. Wait")


async def test_a_run_that_stands_still_is_announced_again(
    batches: Batches, queue: LoggedQueue, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "_STILL", 0.3)
    queue.reachable = False
    run_id = await batches.start([FileId("one")], Level.BASIC, by=ANNA)
    queue.reachable = True
    watching = batches.watch(run_id)
    await anext(watching)
    async for overview in batches.overview(ANNA.user_id):
        if not overview.waiting:
            break
    assert queue.woken == [(run_id, False)]


async def test_the_first_value_is_the_present_and_the_last_the_end(
    batches: Batches, documents: Documents
):
    run_id = await batches.start([FileId("one"), FileId("two")], Level.BASIC, by=ANNA)
    seen = []
    async for progress in batches.watch(run_id):
        seen.append((progress.processing, progress.failed, progress.status))
        if progress.ended_files == progress.processing == 0:
            claims = await documents.batches.claim(run_id, worker="w", limit=2, lease_seconds=60)
        else:
            for claimed in claims:
                await documents.batches.fail(claimed, code=ErrorCode.VANISHED, error="It is gone")
    assert seen == [(0, 0, State.PENDING), (2, 0, State.PROCESSING), (0, 2, State.FAILED)]


async def test_watching_what_is_not_there(batches: Batches):
    with pytest.raises(NotFound):
        await anext(batches.watch(RunId("nothing")))


async def test_a_cancel_ends_what_nobody_began(batches: Batches, documents: Documents):
    run_id = await batches.start([FileId("one"), FileId("two")], Level.BASIC, by=ANNA)
    (claimed,) = await documents.batches.claim(run_id, worker="w", limit=1, lease_seconds=60)
    assert await batches.cancel(run_id, by=ANNA) == 1
    assert await documents.batches.fail(claimed, code=ErrorCode.TIMED_OUT, error="Too long")
    progress = await batches.runs.progress(run_id)
    assert progress is not None
    assert (progress.status, progress.cancelled, progress.failed) == (State.CANCELLED, 1, 1)


async def test_only_what_was_not_heard_is_started(batches: Batches, documents: Documents):
    ids = await added(documents, "/a/one.wav", "/a/two.wav", "/b/three.wav")
    trouble = Trouble(code=ErrorCode.UNSUPPORTED, error="It is no sound", at=SystemClock().now())
    await documents.samples.set_trouble(ids[1], trouble)
    assert set(await batches.unheard(ANNA, Level.BASIC)) == {ids[0], ids[2]}
    assert await batches.unheard(ANNA, Level.BASIC, below="/a") == (ids[0],)
    assert set(await batches.unheard(ANNA, Level.BASIC, below="/a", retry=True)) == set(ids[:2])
    assert await batches.start_unheard(ANNA, Level.BASIC, below="/c") is None


async def test_paths_lead_to_their_sounds(batches: Batches, documents: Documents):
    (one,) = await added(documents, "/a/one.wav")
    paths = [Path("/a/one.wav"), Path("/a/two.wav")]
    assert await batches.known(paths, viewer=ANNA.user_id) == (one, None)


async def test_failures_are_named(batches: Batches, documents: Documents):
    (one,) = await added(documents, "/a/one.wav")
    run_id = await batches.start([one], Level.BASIC, by=ANNA)
    (claimed,) = await documents.batches.claim(run_id, worker="w", limit=1, lease_seconds=60)
    await documents.batches.fail(claimed, code=ErrorCode.VANISHED, error="It is gone")
    ((failure, sample),) = await batches.runs.named(await batches.runs.failures(run_id, 10))
    assert sample is not None
    assert (failure.error, sample.filename) == ("It is gone", "one.wav")
    overview = await anext(batches.overview(ANNA.user_id))
    assert (overview.busy, overview.failed) == (False, 1)
    assert [run.failed for run in overview.failing] == [1]


async def test_a_failure_is_told_no_more_when_another_run_has_heard_the_sound(
    batches: Batches, documents: Documents
):
    one, two = await added(documents, "/a/one.wav", "/a/two.wav")
    run_id = await batches.start([one, two], Level.BASIC, by=ANNA)
    for claimed in await documents.batches.claim(run_id, worker="w", limit=2, lease_seconds=60):
        await documents.batches.fail(claimed, code=ErrorCode.TIMED_OUT, error="Too long")
    (sample,) = await documents.samples.get([one])
    heard = Heard(level="basic", recipe_version=1, analyzed_at=datetime.now(UTC))
    await documents.samples.set_heard(one, heard, file_hash=sample.file_hash)
    overview = await anext(batches.overview(ANNA.user_id))
    assert [run.failed for run in overview.failing] == [1]


@pytest.fixture
async def people(documents: Documents) -> tuple[Account, Account, Account]:
    """An admin, a member and a listener beside Anna."""
    made = (
        person("chief", Role.ADMIN, days=1),
        person("bert", Role.MEMBER, days=2),
        person("lena", Role.LISTENER, days=3),
    )
    for one in made:
        await documents.accounts.add(one)
    return made


async def owned(documents: Documents, owner: Account | None, path: str) -> FileId:
    (file_id,) = await added(documents, path, owner=owner)
    return file_id


async def test_only_its_owner_or_an_admin_cancels_a_run(
    batches: Batches, people: tuple[Account, Account, Account]
):
    chief, bert, lena = people
    run_id = await batches.start([FileId("one"), FileId("two")], Level.BASIC, by=ANNA)
    for stranger in (bert, lena):
        with pytest.raises(NotAllowed, match="not yours"):
            await batches.cancel(run_id, by=stranger)
    assert await batches.cancel(run_id, by=chief) == 2
    run_id = await batches.start([FileId("one")], Level.BASIC, by=lena)
    assert await batches.cancel(run_id, by=lena) == 1
    with pytest.raises(NotFound):
        await batches.cancel(RunId("nothing"), by=chief)


async def test_a_listener_queues_only_its_own_sounds(
    batches: Batches, documents: Documents, people: tuple[Account, Account, Account]
):
    _, bert, lena = people
    own, shared = await owned(documents, lena, "/l/own.wav"), await owned(documents, None, "/s.wav")
    await owned(documents, bert, "/b/his.wav")
    with pytest.raises(NotAllowed, match="only your own"):
        await batches.start([own, shared], Level.BASIC, by=lena)
    assert await batches.unheard(lena, Level.BASIC) == (own,)
    run_id = await batches.start_unheard(lena, Level.BASIC)
    assert run_id is not None
    assert await batches.unheard(bert, Level.BASIC, below="/") != ()
    assert await batches.start([shared], Level.BASIC, by=bert)


async def test_nobody_queues_what_they_cannot_see(
    batches: Batches, documents: Documents, people: tuple[Account, Account, Account]
):
    chief, bert, _ = people
    hers = await owned(documents, ANNA, "/a/hers.wav")
    with pytest.raises(NotAllowed, match="another person's"):
        await batches.start([hers], Level.BASIC, by=bert)
    assert await batches.start([hers], Level.BASIC, by=chief)


async def test_a_shared_sound_is_known_by_its_path_to_everybody(
    batches: Batches, documents: Documents, people: tuple[Account, Account, Account]
):
    _, bert, lena = people
    shared = await owned(documents, None, "/s/one.wav")
    assert await batches.known([Path("/s/one.wav")], viewer=lena.user_id) == (shared,)
    own = await owned(documents, bert, "/s/one.wav")
    assert await batches.known([Path("/s/one.wav")], viewer=bert.user_id) == (own,)


async def test_only_its_owner_or_an_admin_resumes_and_retries_a_run(
    batches: Batches, people: tuple[Account, Account, Account]
):
    chief, bert, lena = people
    run_id = await batches.start([FileId("one"), FileId("two")], Level.BASIC, by=ANNA)
    await batches.cancel(run_id, by=ANNA)
    for stranger in (bert, lena):
        with pytest.raises(NotAllowed, match="not yours") as refused:
            await batches.resume(run_id, by=stranger)
        assert "resume it" in refused.value.hint
        with pytest.raises(NotAllowed, match="not yours"):
            await batches.retry_failed(run_id, by=stranger)
    assert await batches.resume(run_id, by=chief) == 2
    with pytest.raises(NotFound):
        await batches.resume(RunId("nothing"), by=chief)
    with pytest.raises(NotFound):
        await batches.retry_failed(RunId("nothing"), by=chief)


async def test_to_resume_or_retry_wakes_a_worker_only_where_there_is_work(
    batches: Batches, documents: Documents, queue: LoggedQueue
):
    run_id = await batches.start([FileId("one"), FileId("two")], Level.BASIC, by=ANNA)
    queue.woken.clear()
    assert await batches.resume(run_id, by=ANNA) == 0
    assert await batches.retry_failed(run_id, by=ANNA) is None
    assert queue.woken == []
    await batches.cancel(run_id, by=ANNA)
    assert await batches.resume(run_id, by=ANNA) == 2
    (one, _) = await documents.batches.claim(run_id, worker="w", limit=2, lease_seconds=60)
    await documents.batches.fail(one, code=ErrorCode.UNREADABLE, error="It ends")
    assert await batches.retry_failed(run_id, by=ANNA) == run_id
    assert queue.woken == [(run_id, False), (run_id, False)]


async def test_old_runs_are_cleared_ones_own_or_by_an_admin_everybodys(
    batches: Batches, people: tuple[Account, Account, Account]
):
    chief, bert, _ = people
    now = SystemClock().now()
    runs = [await batches.start([FileId("one")], Level.BASIC, by=by) for by in (ANNA, bert, bert)]
    for run_id in runs[:2]:
        await batches.cancel(run_id, by=chief)
    assert await batches.clear(by=ANNA, before=now - timedelta(days=7)) == 0
    assert await batches.clear(by=bert, before=now + timedelta(days=1)) == 1
    assert [run.run_id for run in await batches.runs.of(bert, 9)] == [runs[2]]
    assert {run.run_id for run in await batches.runs.of(chief, 9)} == {runs[0], runs[2]}
    assert await batches.clear(by=chief, before=now + timedelta(days=1)) == 1
    assert [run.run_id for run in await batches.runs.of(chief, 9)] == [runs[2]]


async def test_a_run_is_named_after_its_sound_or_the_folder_of_all(
    batches: Batches, documents: Documents
):
    ids = await added(documents, "/a/b/c/one.wav", "/a/b/d/two.wav", "/a/b/c/three.wav")
    single = await batches.start(ids[:1], Level.BASIC, by=ANNA)
    folder = await batches.start([ids[0], ids[2]], Level.BASIC, by=ANNA)
    wide = await batches.start(ids[:2], Level.BASIC, by=ANNA)
    gone = await batches.start([FileId("gone")], Level.BASIC, by=ANNA)
    titles = await batches.runs.titles([single, folder, wide, gone])
    assert titles == {single: "one.wav", folder: "/a/b/c", wide: "/a/b"}


async def test_a_run_over_folders_that_have_only_the_root_in_common_names_them(
    batches: Batches, documents: Documents
):
    paths = ("/packs/One/a.wav", "/other/Two/x/b.wav", "/other/Three/c.wav", "/d/Four/d.wav")
    ids = await added(documents, *paths)
    for path in ("/packs/One", "/other/Two", "/other/Three/", "/d/Four"):
        folder = Folder(folder_path=path, user_id=ANNA.user_id, scanned_at=None)
        await documents.samples.remember_folder(folder)
    two = await batches.start(ids[:2], Level.BASIC, by=ANNA)
    accident = await batches.start(ids[1:3], Level.BASIC, by=ANNA)
    all_of_them = await batches.start(ids, Level.BASIC, by=ANNA)
    assert await batches.runs.titles([two, accident, all_of_them]) == {
        two: "Two, One",
        accident: "Three, Two",
        all_of_them: "Four, Three, Two and 1 more",
    }


async def test_the_board_shows_the_present_first_and_then_what_workers_do(
    batches: Batches, documents: Documents
):
    ids = await added(documents, "/a/one.wav", "/a/two.wav", "/a/three.wav")
    run_id = await batches.start(ids, Level.BASIC, by=ANNA)
    boards = batches.runs.board(ANNA, 9)
    first, second = await anext(boards), await anext(boards)
    assert [(one.progress.run_id, one.rate) for one in first.runs] == [(run_id, None)]
    assert [one.title for one in second.runs] == ["/a"]
    assert second.holding == ()
    await documents.batches.claim(run_id, worker="w", limit=2, lease_seconds=60)
    (holding,) = (await anext(boards)).holding
    assert holding.sample is not None
    assert (holding.worker, holding.sample.file_id, holding.next) == ("w", ids[0], 1)
    assert holding.since is not None


async def test_what_an_older_recipe_heard_is_heard_anew_when_asked_and_once(
    batches: Batches, documents: Documents, people: tuple[Account, Account, Account]
):
    _, _, lena = people
    at = SystemClock().now()
    ids = [await owned(documents, owner, f"/{n}.wav") for n, owner in enumerate((lena, None))]
    for number, (file_id, level) in enumerate(zip(ids, ("basic", "full"), strict=True)):
        (sample,) = await documents.samples.get([file_id])
        old = Heard(level=level, recipe_version=1, analyzed_at=at, tempo=100.0 + number)
        await documents.samples.set_heard(file_id, old, file_hash=sample.file_hash)
    assert await batches.hear_outdated(lena, 1) == 0
    assert await batches.hear_outdated(lena, 2) == 1
    assert await batches.hear_outdated(lena, 2) == 0
    assert await batches.hear_outdated(ANNA, 2) == 1
    (run,) = await batches.runs.of(lena, 9)
    assert run.level is Level.BASIC
    runs = {run.run_id, *(one.run_id for one in await batches.runs.of(ANNA, 9))}
    assert await documents.batches.claimable(recipe_version=1) == (), "it would be done in vain"
    assert {*await documents.batches.claimable(recipe_version=2)} == runs


async def test_a_worker_of_an_older_recipe_leaves_a_run_to_newer_ones_and_fails_none_of_it(
    batches: Batches, documents: Documents
):
    run_id = await batches.start([FileId("one")], Level.BASIC, by=ANNA, recipe_version=3)
    stores = HearingStores(
        accounts=documents.accounts,
        samples=documents.samples,
        analyses=documents.analyses,
        batches=documents.batches,
        embeddings=documents.embeddings,
        searches=documents.searches,
    )
    old = WorkerSteps(stores, SystemClock(), worker="w", recipe_version=2, machine="desk")
    taken = await old.claim(run_id, limit=9, lease_seconds=60)
    assert (taken.assignments, taken.for_others) == ((), True)
    assert await old.claimable() == ()
    assert await old.give_up(frozenset({"desk"}), after=0) == 0
    progress = await batches.runs.progress(run_id)
    assert progress is not None
    assert (progress.status, progress.failed) == (State.PENDING, 0)
