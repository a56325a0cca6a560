"""Whatever happens in whatever order: every SampleStore does what a plain dictionary does."""

from __future__ import annotations

from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import Bundle, invariant, multiple, rule

from smtui.domain.analysis import Level
from smtui.domain.question import Question, Words
from smtui.domain.sample import FileId, Folder, Mark, Sample, Trouble, path_key
from smtui.domain.text import folded
from tests.contracts.document_stores import ANNA, BERT, IMPLEMENTATIONS, NOW, found, heard
from tests.contracts.lockstep import Lockstep, walk
from tests.contracts.sounds_model import Model
from tests.retagging import change_tags

PATHS = (
    ("/a/kick.wav", None),
    ("/a/b/Kick.wav", None),
    ("/a/b/c/Ünder.wav", None),
    ("/a.b/$x.wav", None),
    ("/a/\\xff.wav", b"/a/\xff.wav"),
    ("/a/b\\xff.wav", b"/a/b\xff.wav"),
    ("/root.wav", None),
)
FOLDERS = ("/", "/a", "/a/b", "/a.b", "/nowhere", "/a/b/")
TAGS = ("House", "house", "HOUSE", "Ö", "o\u0308", "$dark", "a.b", "_id")
HASHES = ("one", "two")
GONE = FileId("00000000-0000-4000-8000-000000000000")

owners = st.sampled_from((ANNA, ANNA, BERT, None))
hashes = st.sampled_from(HASHES)
times = st.builds(lambda micros: NOW + timedelta(microseconds=micros), st.integers(0, 9_000_000))
tags = st.lists(st.sampled_from(TAGS), max_size=3)
levels = st.sampled_from(Level)
files = st.builds(
    lambda path, file_hash, size, title: found(
        path[0],
        path_bytes=path[1],
        file_hash=file_hash,
        file_size=size,
        mtime_ns=1_700_000_000_123_456_789 + size,
        metadata=title,
    ),
    st.sampled_from(PATHS),
    hashes,
    st.integers(0, 2),
    st.sampled_from(({}, {"title": "Tïtle"}, {"$set": "x", "a.b": 1.5, "artist": "kick"})),
)
listenings = st.builds(
    lambda level, recipe, tempo: heard(level=str(level), recipe_version=recipe, tempo=tempo),
    levels,
    st.integers(1, 2),
    st.sampled_from((None, 120.0)),
)


class Sounds(Lockstep):
    ids = Bundle("ids")

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.store = self.stores.samples
        self.risen = self.run(self.store.generation())

    def changed(self, before: object) -> None:
        """Hold the generation to its word: another whenever a sound is another."""
        now = self.run(self.store.generation())
        assert now >= self.risen
        if before != self.model.sounds:
            assert now > self.risen
        self.risen = now

    @rule(target=ids, some=st.lists(files, min_size=1, max_size=4), user_id=owners, at=times)
    def add_found(self, some, user_id, at):
        before = dict(self.model.sounds)
        given = self.run(self.store.add_found(some, user_id=user_id, at=at))
        self.model.add_found(some, user_id, given, at)
        self.changed(before)
        return multiple(*(file_id for file_id in dict.fromkeys(given) if file_id not in before))

    @rule(file_id=ids | st.just(GONE), file=files)
    def move(self, file_id, file):
        before = dict(self.model.sounds)
        done = self.run(self.store.move(file_id, file))
        assert done is self.model.move(file_id, file)
        self.changed(before)

    @rule(file_ids=st.lists(ids | st.just(GONE), max_size=3), at=st.none() | times)
    def set_missing(self, file_ids, at):
        before = dict(self.model.sounds)
        self.run(self.store.set_missing(file_ids, at))
        self.model.set_missing(file_ids, at)
        self.changed(before)

    @rule(file_id=ids | st.just(GONE), listened=listenings, file_hash=hashes)
    def set_heard(self, file_id, listened, file_hash):
        before = dict(self.model.sounds)
        done = self.run(self.store.set_heard(file_id, listened, file_hash=file_hash))
        assert done is self.model.set_heard(file_id, listened, file_hash)
        self.changed(before)

    @rule(file_id=ids | st.just(GONE), code=st.sampled_from(("unreadable", "vanished")))
    def set_trouble(self, file_id, code):
        before = dict(self.model.sounds)
        trouble = Trouble(code=code, error="It ends in the middle", at=NOW)
        done = self.run(self.store.set_trouble(file_id, trouble))
        assert done is self.model.set_trouble(file_id, trouble)
        self.changed(before)

    @rule(
        file_ids=st.lists(ids | st.just(GONE), min_size=1, max_size=4),
        by=owners,
        at=times,
        add=tags,
        remove=tags,
    )
    def change_tags(self, file_ids, by, at, add, remove):
        before = dict(self.model.sounds)
        mark = Mark(by=by, at=at)
        count = self.run(change_tags(self.store, file_ids, mark=mark, add=add, remove=remove))
        assert count == self.model.change_tags(file_ids, mark, add, remove)
        self.changed(before)

    @rule(
        path=st.sampled_from(FOLDERS),
        user_id=owners,
        raw=st.none() | st.just(b"/\xff"),
        at=st.none() | times,
    )
    def remember_folder(self, path, user_id, raw, at):
        folder = Folder(folder_path=path, path_bytes=raw, user_id=user_id, scanned_at=at)
        self.run(self.store.remember_folder(folder))
        self.model.remember_folder(folder)

    @rule(path=st.sampled_from(FOLDERS), user_id=owners)
    def forget_folder(self, path, user_id):
        done = self.run(self.store.forget_folder(path, user_id=user_id))
        assert done is (self.model.folders.pop((user_id, path), None) is not None)

    @rule(user_id=owners)
    def look_at_folders(self, user_id):
        assert self.run(self.store.folders(user_id=user_id)) == self.model.folders_of(user_id)

    @rule(user_id=owners)
    def look_at_stamps(self, user_id):
        asked = [*PATHS, ("/never", None)]
        assert self.run(self.store.stamps(asked, user_id=user_id)) == self.model.stamps(
            asked, user_id
        )

    @rule(asked=st.lists(hashes, unique=True, max_size=3), user_id=owners)
    def look_by_hashes(self, asked, user_id):
        same = self.run(self.store.by_hashes(asked, user_id=user_id))
        assert list(same) == sorted(self.model.by_hashes(asked, user_id), key=by_id)

    @rule(folder=st.sampled_from(FOLDERS), user_id=owners, limit=st.integers(1, 3))
    def look_below(self, folder, user_id, limit):
        after = None
        while True:
            part = self.run(self.store.below(folder, user_id=user_id, after=after, limit=limit))
            assert part == self.model.below(folder, user_id, after, limit)
            if not part:
                return
            after = path_key(user_id, part[-1][0], part[-1][1])

    @rule(
        viewer=owners,
        level=levels,
        below=st.none() | st.sampled_from(FOLDERS),
        retry=st.booleans(),
        limit=st.integers(1, 3),
    )
    def look_for_the_unheard(self, viewer, level, below, retry, limit):
        met: list[Sample] = []
        after = None
        while part := self.run(
            self.store.unheard(
                user_id=viewer, level=level, below=below, limit=limit, after=after, retry=retry
            )
        ):
            met += part
            after = part[-1].file_id
        assert met == self.model.unheard(viewer, level, below, retry=retry)

    @rule(viewer=owners, limit=st.integers(1, 3))
    def look_at_tags(self, viewer, limit):
        expected = self.model.tags_in_use(viewer)
        shown = self.run(self.store.tags_in_use(viewer=viewer, limit=99))
        assert [folded(tag) for tag in shown] == expected
        assert self.run(self.store.tags_in_use(viewer=viewer, limit=limit)) == shown[:limit]

    @rule(text=st.sampled_from(("kick", "house", "a.b", "tïtle", "/a/b")), viewer=owners)
    def look_for_words(self, text, viewer):
        question = Question(expression=Words(text), viewer=viewer)
        page = self.run(self.store.page(question, limit=99))
        assert list(page.samples) == question.answered(self.model.in_order())

    @invariant()
    def every_sound_is_as_it_should_be(self):
        asked = [*reversed(self.model.sounds), GONE]
        assert self.run(self.store.get(asked)) == self.model.get(asked)


def by_id(sample: Sample) -> FileId:
    return sample.file_id


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_every_order_of_everything_ends_as_in_the_model(implementation: str) -> None:
    walk(Sounds, implementation, examples=40, steps=40)
