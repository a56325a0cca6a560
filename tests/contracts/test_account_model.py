"""Whatever happens in whatever order: every AccountStore does what a plain dictionary does."""

from __future__ import annotations

from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import invariant, rule

from smtui.domain.account import OneTimeCode, Role, UserId
from smtui.domain.errors import AlreadyTaken
from tests.contracts.account_model import Model, kept, to_ms
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
        self.model = Model()
        self.store = self.stores.accounts
        self.spent = 0

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
        if user_id in self.model.accounts:
            # Ids are drawn from so many that two are never the same.
            return
        taken = self.model.taken(new)
        if taken is None:
            self.run(self.store.add(new))
            self.model.add(new)
        else:
            with pytest.raises(AlreadyTaken, match=f"This {taken} is already in use"):
                self.run(self.store.add(new))

    @rule(user_id=users, hashed=st.sampled_from(HASHES))
    def set_password(self, user_id, hashed) -> None:
        done = self.run(self.store.set_password(user_id, hashed))
        assert done is self.model.change(user_id, hashed_password=hashed)

    @rule(user_id=users, active=st.booleans())
    def set_active(self, user_id, active) -> None:
        done = self.run(self.store.set_active(user_id, active=active))
        assert done is self.model.change(user_id, is_active=active)

    @rule(user_id=users, role=st.sampled_from(Role))
    def set_role(self, user_id, role) -> None:
        done = self.run(self.store.set_role(user_id, role))
        assert done is self.model.change(user_id, role=role)

    @rule(user_id=users, code=st.none() | codes)
    def set_code(self, user_id, code) -> None:
        done = self.run(self.store.set_code(user_id, code))
        assert done is self.model.change(user_id, code=code and kept(code))

    @rule(user_id=users, code=codes)
    def spend_code(self, user_id, code) -> None:
        # As with bcrypt, whose salt is another each time: the same hash again is the same call.
        self.spent += 1
        hashed = f"$2b$12$new {self.spent}"
        done = self.run(self.store.spend_code(user_id, code.hashed_code, hashed))
        assert done is self.model.spend_code(user_id, code.hashed_code, hashed)

    @rule(user_id=users, at=times)
    def sign_in(self, user_id, at) -> None:
        done = self.run(self.store.signed_in(user_id, at))
        assert done is self.model.change(user_id, last_login=to_ms(at))

    @rule(user_id=users, analyses=st.integers(0, 3), uploads=st.integers(0, 3))
    def count_use(self, user_id, analyses, uploads) -> None:
        self.run(self.store.count_use(user_id, analyses=analyses, uploads=uploads))
        self.model.count_use(user_id, analyses, uploads)

    @rule(login=st.sampled_from(LOGINS))
    def look_up(self, login) -> None:
        if login != "bert":
            # Where one's name is another's e-mail, it is not said who is meant.
            assert self.run(self.store.by_login(login)) == self.model.by_login(login)

    @rule(user_id=users)
    def look(self, user_id) -> None:
        assert self.run(self.store.by_id(user_id)) == self.model.accounts.get(user_id)

    @invariant()
    def everybody_is_as_they_should_be(self) -> None:
        assert self.run(self.store.all()) == self.model.all()


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_every_order_of_everything_ends_as_in_the_model(implementation: str) -> None:
    walk(Accounts, implementation, examples=40, steps=30)
