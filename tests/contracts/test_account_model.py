"""Whatever happens in whatever order: every AccountStore does what the one in memory does."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import invariant, rule

from smtui.domain.account import OneTimeCode, Role, UserId
from smtui.domain.errors import AlreadyTaken
from smtui.domain.ports.documents import AccountStore
from smtui.stores.memory.accounts import MemoryAccounts
from tests.contracts.document_stores import IMPLEMENTATIONS, NOW, account
from tests.contracts.lockstep import Lockstep, walk

NAMES = ("anna", "ANNA", "Straße", "strasse", "bert", "Ünder", "u\u0308nder", "$x.y")
EMAILS = ("", "anna@example.org", "ANNA@example.ORG", "a.b+c@example.org", "bert")
LOGINS = (*NAMES, *EMAILS, "nobody", " anna", "STRASSE", "ÜNDER")
USERS = tuple(UserId(f"{number}" * 8) for number in range(5))
HASHES = ("$2b$12$first", "$2b$12$second", "")

users = st.sampled_from(USERS)
times = st.builds(
    lambda micros: NOW + timedelta(microseconds=micros), st.integers(0, 5_000) | st.just(-(10**12))
)
codes = st.builds(
    lambda hashed, at: OneTimeCode(hashed_code=hashed, expires_at=at),
    st.sampled_from(("$2b$12$code", "$2b$12$other")),
    times,
)


class Accounts(Lockstep):
    def __init__(self) -> None:
        super().__init__()
        self.model = MemoryAccounts()
        self.store = self.stores.accounts
        self.added: set[UserId] = set()
        self.spent = 0

    def both(self, step: Callable[[AccountStore], Coroutine[Any, Any, object]]) -> None:
        """Take a step on both stores, which have to give the same."""
        assert self.run(step(self.store)) == self.run(step(self.model))

    @rule(
        user_id=users,
        username=st.sampled_from(NAMES),
        email=st.sampled_from(EMAILS),
        at=times,
        role=st.sampled_from(Role),
        code=st.none() | codes,
        flags=st.tuples(st.booleans(), st.booleans()),
    )
    def add(self, user_id, username, email, at, role, code, flags) -> None:
        new = account(
            username,
            user_id=user_id,
            email=email,
            created_at=at,
            role=role,
            code=code,
            is_active=flags[0],
            is_verified=flags[1],
        )
        if user_id in self.added:
            # Ids are drawn from so many that two are never the same.
            return
        try:
            self.run(self.model.add(new))
        except AlreadyTaken as taken:
            with pytest.raises(AlreadyTaken, match=taken.title):
                self.run(self.store.add(new))
        else:
            self.run(self.store.add(new))
            self.added.add(user_id)

    @rule(user_id=users, hashed=st.sampled_from(HASHES))
    def set_password(self, user_id, hashed) -> None:
        self.both(lambda store: store.set_password(user_id, hashed))

    @rule(user_id=users, active=st.booleans())
    def set_active(self, user_id, active) -> None:
        self.both(lambda store: store.set_active(user_id, active=active))

    @rule(user_id=users, role=st.sampled_from(Role))
    def set_role(self, user_id, role) -> None:
        self.both(lambda store: store.set_role(user_id, role))

    @rule(user_id=users, code=st.none() | codes)
    def set_code(self, user_id, code) -> None:
        self.both(lambda store: store.set_code(user_id, code))

    @rule(user_id=users, code=codes)
    def spend_code(self, user_id, code) -> None:
        # As with bcrypt, whose salt is another each time: the same hash again is the same call.
        self.spent += 1
        hashed = f"$2b$12$new {self.spent}"
        self.both(lambda store: store.spend_code(user_id, code.hashed_code, hashed))

    @rule(user_id=users, at=times)
    def sign_in(self, user_id, at) -> None:
        self.both(lambda store: store.signed_in(user_id, at))

    @rule(user_id=users, analyses=st.integers(0, 3), uploads=st.integers(0, 3))
    def count_use(self, user_id, analyses, uploads) -> None:
        self.both(lambda store: store.count_use(user_id, analyses=analyses, uploads=uploads))

    @rule(login=st.sampled_from(LOGINS))
    def look_up(self, login) -> None:
        if login != "bert":
            # Where one's name is another's e-mail, it is not said who is meant.
            self.both(lambda store: store.by_login(login))

    @rule(user_id=users)
    def look(self, user_id) -> None:
        self.both(lambda store: store.by_id(user_id))

    @invariant()
    def everybody_is_as_they_should_be(self) -> None:
        self.both(lambda store: store.all())


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_every_order_of_everything_ends_as_in_the_model(implementation: str) -> None:
    walk(Accounts, implementation, examples=40, steps=30)
