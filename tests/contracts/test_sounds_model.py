"""Whatever happens in whatever order: every SampleStore does what the one in memory does."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from datetime import timedelta
from typing import Any, TypeVar

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import Bundle, invariant, multiple, rule

from smtui.domain.analysis import Level
from smtui.domain.ports.documents import SampleStore
from smtui.domain.question import Question, Words
from smtui.domain.sample import FileId, Folder, Mark, Trouble, path_key
from smtui.domain.text import folded
from smtui.stores.memory.samples import MemorySamples
from tests.contracts.document_stores import ANNA, BERT, IMPLEMENTATIONS, NOW, found, heard
from tests.contracts.lockstep import Lockstep, walk
from tests.retagging import change_tags

T = TypeVar("T")

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
        self.given: Iterator[FileId] = iter(())
        self.model = MemorySamples(new_id=lambda: next(self.given))
        self.store = self.stores.samples
        self.risen = self.run(self.store.generation())

    def both(self, step: Callable[[SampleStore], Coroutine[Any, Any, T]]) -> T:
        """Take a step on both stores, which have to give the same."""
        answer = self.run(step(self.store))
        assert answer == self.run(step(self.model))
        return answer

    def change(self, step: Callable[[SampleStore], Coroutine[Any, Any, object]]) -> None:
        """The same for a step that may change sounds; the generation is held to its word."""
        before = dict(self.model.sounds)
        self.both(step)
        self.changed(before)

    def changed(self, before: object) -> None:
        """The generation is another whenever a sound is another."""
        now = self.run(self.store.generation())
        assert now >= self.risen
        if before != self.model.sounds:
            assert now > self.risen
        self.risen = now

    @rule(target=ids, some=st.lists(files, min_size=1, max_size=4), user_id=owners, at=times)
    def add_found(self, some, user_id, at):
        before = dict(self.model.sounds)
        given = self.run(self.store.add_found(some, user_id=user_id, at=at))
        fresh = [file_id for file_id in dict.fromkeys(given) if file_id not in before]
        self.given = iter(fresh)
        assert given == self.run(self.model.add_found(some, user_id=user_id, at=at))
        self.changed(before)
        return multiple(*fresh)

    @rule(file_id=ids | st.just(GONE), file=files)
    def move(self, file_id, file):
        self.change(lambda store: store.move(file_id, file))

    @rule(file_ids=st.lists(ids | st.just(GONE), max_size=3), at=st.none() | times)
    def set_missing(self, file_ids, at):
        self.change(lambda store: store.set_missing(file_ids, at))

    @rule(file_id=ids | st.just(GONE), listened=listenings, file_hash=hashes)
    def set_heard(self, file_id, listened, file_hash):
        self.change(lambda store: store.set_heard(file_id, listened, file_hash=file_hash))

    @rule(file_id=ids | st.just(GONE), code=st.sampled_from(("unreadable", "vanished")))
    def set_trouble(self, file_id, code):
        trouble = Trouble(code=code, error="It ends in the middle", at=NOW)
        self.change(lambda store: store.set_trouble(file_id, trouble))

    @rule(
        file_ids=st.lists(ids | st.just(GONE), min_size=1, max_size=4),
        by=owners,
        at=times,
        add=tags,
        remove=tags,
    )
    def change_tags(self, file_ids, by, at, add, remove):
        mark = Mark(by=by, at=at)
        self.change(lambda store: change_tags(store, file_ids, mark=mark, add=add, remove=remove))

    @rule(
        path=st.sampled_from(FOLDERS),
        user_id=owners,
        raw=st.none() | st.just(b"/\xff"),
        at=st.none() | times,
    )
    def remember_folder(self, path, user_id, raw, at):
        folder = Folder(folder_path=path, path_bytes=raw, user_id=user_id, scanned_at=at)
        self.both(lambda store: store.remember_folder(folder))

    @rule(path=st.sampled_from(FOLDERS), user_id=owners)
    def forget_folder(self, path, user_id):
        self.both(lambda store: store.forget_folder(path, user_id=user_id))

    @rule(user_id=owners)
    def look_at_folders(self, user_id):
        self.both(lambda store: store.folders(user_id=user_id))

    @rule(user_id=owners)
    def look_at_stamps(self, user_id):
        asked = [*PATHS, ("/never", None)]
        self.both(lambda store: store.stamps(asked, user_id=user_id))

    @rule(asked=st.lists(hashes, unique=True, max_size=3), user_id=owners)
    def look_by_hashes(self, asked, user_id):
        self.both(lambda store: store.by_hashes(asked, user_id=user_id))

    @rule(folder=st.sampled_from(FOLDERS), user_id=owners, limit=st.integers(1, 3))
    def look_below(self, folder, user_id, limit):
        after: str | None = None

        def step(store: SampleStore) -> Any:
            return store.below(folder, user_id=user_id, after=after, limit=limit)

        while part := self.both(step):
            after = path_key(user_id, part[-1][0], part[-1][1])

    @rule(
        viewer=owners,
        level=levels,
        below=st.none() | st.sampled_from(FOLDERS),
        retry=st.booleans(),
        limit=st.integers(1, 3),
    )
    def look_for_the_unheard(self, viewer, level, below, retry, limit):
        after: FileId | None = None

        def step(store: SampleStore) -> Any:
            return store.unheard(
                user_id=viewer, level=level, below=below, limit=limit, after=after, retry=retry
            )

        while part := self.both(step):
            after = part[-1].file_id

    @rule(viewer=owners, limit=st.integers(1, 3))
    def look_at_tags(self, viewer, limit):
        # Which of several spellings stands for a tag is the store's choice.
        expected = self.run(self.model.tags_in_use(viewer=viewer, limit=99))
        shown = self.run(self.store.tags_in_use(viewer=viewer, limit=99))
        assert [*map(folded, shown)] == [*map(folded, expected)]
        assert self.run(self.store.tags_in_use(viewer=viewer, limit=limit)) == shown[:limit]

    @rule(text=st.sampled_from(("kick", "house", "a.b", "tïtle", "/a/b")), viewer=owners)
    def look_for_words(self, text, viewer):
        question = Question(expression=Words(text), viewer=viewer)
        self.both(lambda store: store.page(question, limit=99))

    @invariant()
    def every_sound_is_as_it_should_be(self):
        asked = [*reversed(self.model.sounds), GONE]
        self.both(lambda store: store.get(asked))


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_every_order_of_everything_ends_as_in_the_model(implementation: str) -> None:
    walk(Sounds, implementation, examples=40, steps=40)
