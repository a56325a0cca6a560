"""What every SampleStore does with single sounds: found, moved, heard, tagged, missing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from smtui.domain.account import UserId
from smtui.domain.analysis import Level
from smtui.domain.errors import ErrorCode
from smtui.domain.ports.documents import AnalysisStore, SampleStore
from smtui.domain.question import Fact, Is, Question, Words
from smtui.domain.sample import FileId, Folder, Mark, Sample, Trouble, path_key
from smtui.domain.unreadable import UnreadableFile
from tests.contracts.document_stores import (
    ANNA,
    BERT,
    NOW,
    DocumentStores,
    found,
    heard,
)
from tests.contracts.test_analyses import analysis
from tests.retagging import change_tags

MARK = Mark(by=ANNA, at=NOW)
TROUBLE = Trouble(code=ErrorCode.UNREADABLE, error="It ends in the middle", at=NOW)


@pytest.fixture
def analyses(documents: DocumentStores) -> AnalysisStore:
    return documents.analyses


@pytest.fixture
def samples(documents: DocumentStores) -> SampleStore:
    return documents.samples


async def one(samples: SampleStore, file_id: FileId) -> Sample:
    (sample,) = await samples.get([file_id])
    return sample


async def test_a_found_file_comes_back_as_it_was_found(samples: SampleStore) -> None:
    odd = found(
        "/music/Drüms/caf\\xe9 [red]\n.wav",
        path_bytes=b"/music/Dr\xc3\xbcms/caf\xe9 [red]\n.wav",
        metadata={"title": "Ü\ud800", "bpm": 128.5, "track": 2, "live": True, "key": None},
    )
    (file_id,) = await samples.add_found([odd], user_id=ANNA, at=NOW)
    sample = await one(samples, file_id)
    assert sample.path_bytes == odd.path_bytes
    assert sample.file_path == odd.file_path
    assert sample.filename == "caf\\xe9 [red]\n.wav"
    assert sample.metadata == {**odd.metadata, "title": "Ü\\ud800"}
    assert (sample.user_id, sample.uploaded_at, sample.mtime_ns) == (ANNA, NOW, odd.mtime_ns)
    assert (sample.duration, sample.sample_rate, sample.channels) == (1.5, 44_100, 2)


async def test_found_again_keeps_id_tags_and_what_was_heard(samples: SampleStore) -> None:
    (file_id,) = await samples.add_found([found("/a/x.wav")], user_id=ANNA, at=NOW)
    await change_tags(samples, [file_id], mark=MARK, add=["house"])
    await samples.set_heard(file_id, heard(tempo=120.0), file_hash="hash of /a/x.wav")
    await samples.set_missing([file_id], NOW)
    before = await one(samples, file_id)
    again = found("/a/x.wav", mtime_ns=5)
    later = NOW + timedelta(days=1)
    assert await samples.add_found([again], user_id=ANNA, at=later) == (file_id,)
    assert await one(samples, file_id) == replace(before, mtime_ns=5, missing_since=None)


async def test_changed_bytes_clear_what_was_heard_of_the_old(samples: SampleStore) -> None:
    (file_id,) = await samples.add_found([found("/a/x.wav")], user_id=ANNA, at=NOW)
    await samples.set_heard(file_id, heard(), file_hash="hash of /a/x.wav")
    await samples.set_trouble(file_id, TROUBLE)
    await samples.add_found([found("/a/x.wav", file_hash="new")], user_id=ANNA, at=NOW)
    sample = await one(samples, file_id)
    assert (sample.heard, sample.trouble, sample.file_hash) == (None, None, "new")


async def test_the_same_path_is_another_sound_for_another_owner(samples: SampleStore) -> None:
    ids = set()
    for owner in (ANNA, BERT, None):
        ids |= {*(await samples.add_found([found("/a/x.wav")], user_id=owner, at=NOW))}
    assert len(ids) == 3


async def test_a_path_named_twice_in_one_call_is_one_sound(samples: SampleStore) -> None:
    twice = [found("/a/x.wav"), found("/a/x.wav", file_size=7)]
    first, second = await samples.add_found(twice, user_id=ANNA, at=NOW)
    assert first == second
    assert (await one(samples, first)).file_size == 7


async def test_sounds_come_in_the_order_asked_for(samples: SampleStore) -> None:
    files = [found(f"/a/{number}.wav") for number in range(1200)]
    ids = await samples.add_found(files, user_id=ANNA, at=NOW)
    asked = [*reversed(ids), FileId("gone")]
    assert tuple(sample.file_id for sample in await samples.get(asked)) == tuple(reversed(ids))
    assert await samples.get([]) == ()


async def test_stamps_tell_what_is_known(samples: SampleStore) -> None:
    raw = found("/a/\\xff.wav", path_bytes=b"/a/\xff.wav")
    ids = await samples.add_found([found("/a/x.wav"), raw], user_id=ANNA, at=NOW)
    await samples.set_missing([ids[1]], NOW)
    paths = [("/a/x.wav", None), ("/a/\\xff.wav", b"/a/\xff.wav"), ("/a/new.wav", None)]
    stamps = await samples.stamps(paths, user_id=ANNA)
    assert {key: (stamp.file_id, stamp.missing) for key, stamp in stamps.items()} == {
        path_key(ANNA, "/a/x.wav", None): (ids[0], False),
        path_key(ANNA, "/a/\\xff.wav", b"/a/\xff.wav"): (ids[1], True),
    }
    stamp = stamps[path_key(ANNA, "/a/x.wav", None)]
    assert (stamp.file_size, stamp.mtime_ns) == (1000, 1_700_000_000_123_456_789)
    assert stamp.file_hash == "hash of /a/x.wav"
    assert await samples.stamps(paths, user_id=BERT) == {}


async def test_the_same_bytes_are_found_for_their_owner(samples: SampleStore) -> None:
    files = [found("/a/x.wav", file_hash="h"), found("/a/y.wav", file_hash="h")]
    ids = await samples.add_found(files, user_id=ANNA, at=NOW)
    await samples.add_found([found("/a/x.wav", file_hash="h")], user_id=BERT, at=NOW)
    assert {sample.file_id for sample in await samples.by_hashes(["h"], user_id=ANNA)} == {*ids}
    assert await samples.by_hashes(["h"], user_id=None) == ()
    assert await samples.by_hashes([], user_id=ANNA) == ()


async def test_many_hashes_are_asked_for_at_once(samples: SampleStore) -> None:
    files = [found(f"/a/{number}.wav", file_hash=f"h{number // 2}") for number in range(1400)]
    ids = await samples.add_found(files, user_id=ANNA, at=NOW)
    await samples.add_found([found("/b.wav", file_hash="other")], user_id=ANNA, at=NOW)
    hashes = [f"h{number}" for number in range(700)]
    known = await samples.by_hashes([*hashes, "nobody's"], user_id=ANNA)
    assert [sample.file_id for sample in known] == sorted(ids)
    assert all(sample.file_hash in hashes for sample in known)


async def test_a_moved_sound_keeps_all_but_its_place(samples: SampleStore) -> None:
    (file_id,) = await samples.add_found([found("/a/kick.wav")], user_id=ANNA, at=NOW)
    await change_tags(samples, [file_id], mark=MARK, add=["house"])
    await samples.set_heard(file_id, heard(kind="kick"), file_hash="hash of /a/kick.wav")
    await samples.set_missing([file_id], NOW)
    before = await one(samples, file_id)
    moved = found("/b/boom.wav", file_hash="hash of /a/kick.wav", mtime_ns=9)
    assert await samples.move(file_id, moved)
    expected = replace(
        before,
        filename="boom.wav",
        file_path="/b/boom.wav",
        mtime_ns=9,
        missing_since=None,
    )
    assert await one(samples, file_id) == expected
    for text, count in (("boom", 1), ("/b", 1), ("kick.wav", 0)):
        assert await samples.count(Question(expression=Words(text), viewer=ANNA)) == count
    assert not await samples.move(FileId("gone"), moved)


async def test_a_sound_does_not_move_onto_another(samples: SampleStore) -> None:
    files = [found("/a/x.wav"), found("/a/y.wav")]
    first, _ = await samples.add_found(files, user_id=ANNA, at=NOW)
    assert not await samples.move(first, found("/a/y.wav"))
    assert (await one(samples, first)).file_path == "/a/x.wav"


async def test_missing_keeps_the_time_when_it_began(samples: SampleStore) -> None:
    (file_id,) = await samples.add_found([found("/a/x.wav")], user_id=ANNA, at=NOW)
    await samples.set_missing([file_id], NOW)
    await samples.set_missing([file_id], NOW + timedelta(days=1))
    assert (await one(samples, file_id)).missing_since == NOW
    await samples.set_missing([file_id], None)
    assert (await one(samples, file_id)).missing_since is None


async def test_what_lies_below_a_folder_comes_in_parts(samples: SampleStore) -> None:
    inside = ["/a/b/1.wav", "/a/b/2.wav", "/a/b/c/3.wav"]
    outside = ["/a/b.wav", "/a/bc/4.wav", "/a/B/5.wav", "/x/a/b/6.wav"]
    raw = found("/a/b/\\xff.wav", path_bytes=b"/a/b/\xff.wav")
    other = found("/c/\\xff.wav", path_bytes=b"/c/\xff.wav")
    files = [found(path) for path in inside + outside]
    await samples.add_found([*files, raw, other], user_id=ANNA, at=NOW)
    await samples.add_found([found("/a/b/7.wav")], user_id=BERT, at=NOW)
    met: list[str] = []
    after = None
    while part := await samples.below("/a/b", user_id=ANNA, after=after, limit=2):
        met += [path for path, _, _ in part]
        after = path_key(ANNA, part[-1][0], part[-1][1])
    assert met == [*inside, "/a/b/\\xff.wav"]


async def test_heard_is_kept_only_for_the_bytes_that_were_heard(samples: SampleStore) -> None:
    (file_id,) = await samples.add_found([found("/a/x.wav")], user_id=ANNA, at=NOW)
    await samples.set_trouble(file_id, TROUBLE)
    assert not await samples.set_heard(file_id, heard(), file_hash="older bytes")
    assert (await one(samples, file_id)).trouble == TROUBLE
    full = heard(
        tempo=127.3,
        tempo_confidence=0.9,
        key="F#",
        mode="minor",
        key_confidence=0.7,
        root_note="F#1",
        kind="loop",
        kind_confidence=0.8,
        is_loop=True,
        loudness_lufs=-9.25,
    )
    assert await samples.set_heard(file_id, full, file_hash="hash of /a/x.wav")
    sample = await one(samples, file_id)
    assert (sample.heard, sample.trouble) == (full, None)
    assert not await samples.set_heard(FileId("gone"), full, file_hash="hash of /a/x.wav")


async def test_a_lower_level_of_the_same_recipe_is_not_taken(samples: SampleStore) -> None:
    (file_id,) = await samples.add_found([found("/a/x.wav")], user_id=ANNA, at=NOW)
    file_hash = "hash of /a/x.wav"
    assert await samples.set_heard(file_id, heard(level="advanced", tempo=1.0), file_hash=file_hash)
    assert not await samples.set_heard(file_id, heard(level="basic"), file_hash=file_hash)
    assert await samples.set_heard(file_id, heard(level="advanced", tempo=2.0), file_hash=file_hash)
    newer = heard(level="basic", recipe_version=2)
    assert await samples.set_heard(file_id, newer, file_hash=file_hash)
    assert (await one(samples, file_id)).heard == newer


async def test_tags_are_compared_folded_and_kept_as_typed(samples: SampleStore) -> None:
    files = [found("/a/x.wav"), found("/a/y.wav")]
    x, y = await samples.add_found(files, user_id=ANNA, at=NOW)
    assert await change_tags(samples, [x, y, x], mark=MARK, add=["Deep House", "dark"]) == 2
    assert await change_tags(samples, [x, y], mark=MARK, add=["DEEP HOUSE"]) == 0
    assert (
        await change_tags(samples, [x, FileId("gone")], mark=MARK, add=["Wide"], remove=["DARK"])
        == 1
    )
    assert (await one(samples, x)).tags == ("Deep House", "Wide")
    assert (await one(samples, y)).tags == ("Deep House", "dark")
    assert await samples.count(Question(expression=Words("deep hou"), viewer=ANNA)) == 2
    assert await samples.count(Question(expression=Words("dark"), viewer=ANNA)) == 1


async def test_a_tag_tells_who_put_it_and_when_and_keeps_to_the_first(
    samples: SampleStore,
) -> None:
    (file_id,) = await samples.add_found([found("/s.wav")], user_id=None, at=NOW)
    theirs = Mark(by=BERT, at=NOW + timedelta(seconds=5))
    await change_tags(samples, [file_id], mark=MARK, add=["Deep.House", "$dark"])
    await change_tags(samples, [file_id], mark=theirs, add=["DEEP.HOUSE", "wide"])
    sample = await one(samples, file_id)
    assert sample.tags == ("Deep.House", "$dark", "wide")
    assert sample.tag_marks == {"Deep.House": MARK, "$dark": MARK, "wide": theirs}
    await change_tags(samples, [file_id], mark=theirs, add=["new"], remove=["deep.house", "new"])
    sample = await one(samples, file_id)
    assert sample.tag_marks == {"$dark": MARK, "wide": theirs, "new": theirs}
    nobody = Mark(by=None, at=NOW)
    await change_tags(samples, [file_id], mark=nobody, add=["Deep.House"], remove=["$dark"])
    sample = await one(samples, file_id)
    assert sample.tags == ("wide", "new", "Deep.House")
    assert sample.tag_marks == {"wide": theirs, "new": theirs, "Deep.House": nobody}


async def test_a_mark_is_cut_to_milliseconds_like_every_time(samples: SampleStore) -> None:
    (file_id,) = await samples.add_found([found("/a/x.wav")], user_id=ANNA, at=NOW)
    fine = Mark(by=ANNA, at=NOW + timedelta(microseconds=7))
    await change_tags(samples, [file_id], mark=fine, add=["x"])
    assert (await one(samples, file_id)).tag_marks == {"x": MARK}


async def test_marks_survive_a_scan_a_move_and_a_hearing(samples: SampleStore) -> None:
    (file_id,) = await samples.add_found([found("/a/x.wav")], user_id=ANNA, at=NOW)
    await change_tags(samples, [file_id], mark=MARK, add=["x"])
    await samples.add_found([found("/a/x.wav", file_hash="new")], user_id=ANNA, at=NOW)
    await samples.set_heard(file_id, heard(), file_hash="new")
    await samples.move(file_id, found("/b/x.wav", file_hash="new"))
    assert (await one(samples, file_id)).tag_marks == {"x": MARK}


async def test_tags_in_use_are_the_viewers_most_used_first(samples: SampleStore) -> None:
    files = [found(f"/a/{number}.wav") for number in range(3)]
    ids = await samples.add_found(files, user_id=ANNA, at=NOW)
    (foreign,) = await samples.add_found(files[:1], user_id=BERT, at=NOW)
    (shared,) = await samples.add_found([found("/s.wav")], user_id=None, at=NOW)
    await change_tags(samples, ids, mark=MARK, add=["often"])
    await change_tags(samples, ids[:2], mark=MARK, add=["Twice"])
    await change_tags(samples, ids[:1], mark=MARK, add=["gone"])
    await change_tags(samples, ids[:1], mark=MARK, remove=["gone"])
    await change_tags(samples, [foreign], mark=MARK, add=["theirs"])
    await change_tags(samples, [shared], mark=MARK, add=["everybody"])
    assert await samples.tags_in_use(viewer=ANNA, limit=9) == ("often", "Twice", "everybody")
    assert await samples.tags_in_use(viewer=ANNA, limit=1) == ("often",)


async def test_the_unheard_are_found_by_level_place_and_trouble(samples: SampleStore) -> None:
    names = ("never", "basic", "advanced", "failed", "missing")
    files = [found(f"/a/{name}.wav") for name in names]
    ids = dict(zip(names, await samples.add_found(files, user_id=ANNA, at=NOW), strict=True))
    for name in ("basic", "advanced"):
        await samples.set_heard(ids[name], heard(level=name), file_hash=f"hash of /a/{name}.wav")
    await samples.set_trouble(ids["failed"], TROUBLE)
    await samples.set_missing([ids["missing"]], NOW)
    (elsewhere,) = await samples.add_found([found("/b/new.wav")], user_id=ANNA, at=NOW)
    (shared,) = await samples.add_found([found("/a/shared.wav")], user_id=None, at=NOW)
    await samples.add_found([found("/a/theirs.wav")], user_id=BERT, at=NOW)

    async def unheard(level: Level, *, below: str | None = None, retry: bool = False) -> set[str]:
        met: list[Sample] = []
        after = None
        while part := await samples.unheard(
            user_id=ANNA, level=level, below=below, limit=2, after=after, retry=retry
        ):
            met += part
            after = part[-1].file_id
        assert met == sorted(met, key=lambda sample: sample.file_id)
        return {sample.file_id for sample in met}

    fresh = {ids["never"], elsewhere, shared}
    assert await unheard(Level.BASIC) == fresh
    assert await unheard(Level.ADVANCED) == fresh | {ids["basic"]}
    assert await unheard(Level.FULL, below="/a") == {
        ids["never"],
        ids["basic"],
        ids["advanced"],
        shared,
    }
    assert await unheard(Level.BASIC, retry=True) == fresh | {ids["failed"]}


async def test_folders_are_remembered_for_their_owner(samples: SampleStore) -> None:
    raw = Folder(folder_path="/\\xff", path_bytes=b"/\xff", user_id=ANNA, scanned_at=None)
    await samples.remember_folder(raw)
    await samples.remember_folder(Folder(folder_path="/a", user_id=ANNA, scanned_at=None))
    await samples.remember_folder(Folder(folder_path="/a", user_id=ANNA, scanned_at=NOW))
    await samples.remember_folder(Folder(folder_path="/a", user_id=None, scanned_at=NOW))
    mine = Folder(folder_path="/a", user_id=ANNA, scanned_at=NOW)
    assert await samples.folders(user_id=ANNA) == (raw, mine)
    assert await samples.forget_folder("/a", user_id=ANNA)
    assert not await samples.forget_folder("/a", user_id=ANNA)
    assert await samples.folders(user_id=ANNA) == (raw,)
    assert len(await samples.folders(user_id=None)) == 1


async def test_the_generation_changes_with_every_change_of_the_sounds(samples: SampleStore) -> None:
    seen = [await samples.generation()]
    (file_id,) = await samples.add_found([found("/a/x.wav")], user_id=ANNA, at=NOW)
    seen.append(await samples.generation())
    await samples.set_heard(file_id, heard(), file_hash="hash of /a/x.wav")
    seen.append(await samples.generation())
    await change_tags(samples, [file_id], mark=MARK, add=["x"])
    seen.append(await samples.generation())
    await samples.set_trouble(file_id, TROUBLE)
    seen.append(await samples.generation())
    await samples.set_missing([file_id], NOW)
    seen.append(await samples.generation())
    await samples.move(file_id, found("/a/y.wav"))
    seen.append(await samples.generation())
    assert len({*seen}) == len(seen)
    await change_tags(samples, [file_id], mark=MARK, remove=["never there"])
    assert await samples.generation() == seen[-1]


async def test_writes_at_the_same_time_are_all_kept(samples: SampleStore) -> None:
    (file_id,) = await samples.add_found([found("/a/x.wav")], user_id=ANNA, at=NOW)
    tags = {f"tag {number}" for number in range(20)}
    await asyncio.gather(*(change_tags(samples, [file_id], mark=MARK, add=[tag]) for tag in tags))
    assert {*(await one(samples, file_id)).tags} == tags


async def test_a_sound_is_found_by_what_its_samples_say_among_its_owners(
    samples: SampleStore,
) -> None:
    marked = [found(f"/a/{name}.wav", audio_mark=name) for name in ("x", "y", "z")]
    x, _, z = await samples.add_found(marked, user_id=ANNA, at=NOW)
    await samples.add_found([found("/b/x.wav", audio_mark="x")], user_id=BERT, at=NOW)
    await samples.add_found([found("/b/unmarked.wav")], user_id=ANNA, at=NOW)
    known = await samples.by_marks(["x", "z", "nobody's"], user_id=ANNA)
    assert [one.file_id for one in known] == sorted([x, z])
    assert await samples.by_marks([], user_id=ANNA) == ()
    await samples.move(x, found("/a/moved.wav", audio_mark="another"))
    assert [one.file_id for one in await samples.by_marks(["x"], user_id=ANNA)] == []


async def test_what_a_file_is_known_by_is_kept_and_follows_its_move(samples: SampleStore) -> None:
    first = found("/a/x.wav", ctime_ns=7, inode=2**63 - 1, audio_mark="m")
    (file_id,) = await samples.add_found([first], user_id=ANNA, at=NOW)
    sample = await one(samples, file_id)
    assert (sample.ctime_ns, sample.inode, sample.audio_mark) == (7, 2**63 - 1, "m")
    assert await samples.move(file_id, found("/b/x.wav", ctime_ns=9))
    sample = await one(samples, file_id)
    assert (sample.ctime_ns, sample.inode, sample.audio_mark) == (9, 0, "")


async def test_a_stamp_has_the_last_look_and_whether_listening_met_another_file(
    samples: SampleStore,
) -> None:
    files = [found("/a/x.wav", ctime_ns=7), found("/a/y.wav")]
    x, y = await samples.add_found(files, user_id=ANNA, at=NOW)
    vanished = Trouble(code=ErrorCode.VANISHED, error="It has changed", at=NOW)
    await samples.set_trouble(x, vanished)
    await samples.set_trouble(y, TROUBLE)
    stamps = await samples.stamps([(each.file_path, None) for each in files], user_id=ANNA)
    told = {stamp.file_id: (stamp.ctime_ns, stamp.vanished) for stamp in stamps.values()}
    came = int(NOW.timestamp() * 1_000) * 1_000_000
    assert told == {x: (7, True), y: (came, False)}


async def test_what_is_removed_is_gone_with_its_tags_and_analyses(
    samples: SampleStore, analyses: AnalysisStore
) -> None:
    files = [found("/a/x.wav"), found("/a/y.wav")]
    x, y = await samples.add_found(files, user_id=ANNA, at=NOW)
    await change_tags(samples, [x, y], mark=MARK, add=["often"])
    await change_tags(samples, [x], mark=MARK, add=["gone"])
    for file_id in (x, y):
        await analyses.save(analysis(file_id))
    before = await samples.generation()
    assert await samples.remove([x, x, FileId("nobody")]) == 1
    assert await samples.generation() > before
    assert await samples.get([x, y]) == await samples.get([y])
    assert await samples.tags_in_use(viewer=ANNA, limit=9) == ("often",)
    assert await samples.count(Question(expression=Words("x.wav"), viewer=ANNA)) == 0
    assert list(await analyses.newest_of([x, y])) == [y]
    assert await samples.remove([x]) == 0
    (again,) = await samples.add_found(files[:1], user_id=ANNA, at=NOW)
    assert again != x
    assert (await one(samples, again)).tags == ()


async def test_unreadable_files_are_kept_beside_the_sounds_of_each_owner(
    samples: SampleStore,
) -> None:
    def file(path: str, owner: UserId | None, **changes: Any) -> UnreadableFile:
        facts: dict[str, Any] = {"code": "empty", "error": "The file is empty", "seen_at": NOW}
        return UnreadableFile(file_path=path, user_id=owner, **(facts | changes))

    odd = file("/a/caf\\xe9.wav", ANNA, path_bytes=b"/a/caf\xe9.wav")
    kept = [file("/a/x.wav", ANNA), odd, file("/s.wav", None), file("/b.wav", BERT)]
    before = await samples.generation()
    await samples.note_unreadable(kept)
    assert await samples.generation() > before
    seen = await samples.unreadable(viewer=ANNA)
    assert sorted(one.path_key for one in seen) == sorted(one.path_key for one in kept[:3])
    assert odd in seen
    later = file("/a/x.wav", ANNA, error="It breaks off", seen_at=NOW + timedelta(days=1))
    await samples.note_unreadable([later])
    assert replace(later, seen_at=NOW) in await samples.unreadable(viewer=ANNA)
    await samples.drop_unreadable([odd.path_key, later.path_key, "nobody's"])
    assert await samples.unreadable(viewer=ANNA) == (kept[2],)
    assert len(await samples.unreadable(viewer=BERT)) == 2
    everything = Question(expression=Is(Fact.UNREADABLE), viewer=ANNA)
    assert await samples.count(everything) == 0
