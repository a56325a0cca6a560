"""Who may do what to whose, as a table; and that the present role counts, not a remembered one."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from smtui.domain.account import Account, Role
from smtui.domain.errors import NotAllowed, NotSignedIn
from smtui.services.documents import Documents
from smtui.services.rights import (
    Deed,
    Rights,
    Whose,
    in_force,
    may,
    may_keep_accounts,
    refusal,
    whose,
)
from smtui.stores.memory import memory_documents
from tests.services.people import person

# One letter per right: scan, tag, queue, cancel, resume, rebuild the index; a dash: refused.
TABLE = {
    Role.ADMIN: {Whose.OWN: "stqcri", Whose.SHARED: "stqcri", Whose.ANOTHERS: "stqcri"},
    Role.MEMBER: {Whose.OWN: "stqcri", Whose.SHARED: "stq---", Whose.ANOTHERS: "------"},
    Role.LISTENER: {Whose.OWN: "stqcri", Whose.SHARED: "------", Whose.ANOTHERS: "------"},
}
DEEDS = tuple(Deed)


@pytest.mark.parametrize(("role", "of"), list(product(Role, Whose)))
def test_the_table_of_rights(role: Role, of: Whose):
    letters = zip("stqcri", DEEDS, strict=True)
    assert TABLE[role][of] == "".join(
        letter if may(role, deed, of) else "-" for letter, deed in letters
    )


@pytest.mark.parametrize(("role", "of", "deed"), list(product(Role, Whose, DEEDS)))
def test_every_refusal_is_a_sentence_with_a_hint(role: Role, of: Whose, deed: Deed):
    if may(role, deed, of):
        return
    refused = refusal(role, deed, of)
    assert refused.title
    assert not refused.title.endswith(".")
    assert refused.hint.endswith(".")


def test_only_admins_keep_accounts():
    assert [role for role in Role if may_keep_accounts(role)] == [Role.ADMIN]


def test_whose_something_is():
    anna, bert = person("anna"), person("bert")
    assert whose(None, anna.user_id) is Whose.SHARED
    assert whose(anna.user_id, anna.user_id) is Whose.OWN
    assert whose(bert.user_id, anna.user_id) is Whose.ANOTHERS


def test_without_an_admin_the_oldest_active_account_counts_as_one():
    old, older = person("old", days=2), person("older", days=1)
    away = replace(person("oldest", Role.ADMIN), is_active=False)
    known = (old, older, away)
    assert in_force(older, known) is Role.ADMIN
    assert in_force(old, known) is Role.MEMBER
    assert in_force(away, known) is Role.ADMIN  # what it is, should it be enabled again
    chief = person("chief", Role.ADMIN, days=9)
    assert in_force(older, (*known, chief)) is Role.MEMBER


@pytest.fixture
def documents() -> Documents:
    return memory_documents()


async def added(documents: Documents, *people: Account) -> None:
    for one in people:
        await documents.accounts.add(one)


async def test_the_role_of_this_moment_counts(documents: Documents):
    anna, bert = person("anna", Role.ADMIN), person("bert", Role.LISTENER, days=1)
    await added(documents, anna, bert)
    rights = Rights(documents.accounts)
    with pytest.raises(NotAllowed, match="As a listener you tag only your own sounds"):
        await rights.require(bert, Deed.TAG, (None,))
    await documents.accounts.set_role(bert.user_id, Role.MEMBER)
    # `bert` is still the listener of before.
    assert (await rights.require(bert, Deed.TAG, (None,))).role is Role.MEMBER
    with pytest.raises(NotAllowed, match="another person's"):
        await rights.require(bert, Deed.TAG, (bert.user_id, anna.user_id))
    await documents.accounts.set_active(bert.user_id, active=False)
    with pytest.raises(NotSignedIn, match="disabled"):
        await rights.require(bert, Deed.TAG, (bert.user_id,))


async def test_who_counts_as_admin_may_what_an_admin_may(documents: Documents):
    """A library that another program filled knows no roles."""
    anna, bert = person("anna"), person("bert", days=1)
    await added(documents, anna, bert)
    rights = Rights(documents.accounts)
    await rights.require(anna, Deed.CANCEL, (bert.user_id,))
    await rights.require_admin(anna)
    with pytest.raises(NotAllowed):
        await rights.require_admin(bert)
    with pytest.raises(NotAllowed, match="This run is not yours"):
        await rights.require(bert, Deed.CANCEL, (anna.user_id,))
    with pytest.raises(NotAllowed, match="Only an admin rebuilds"):
        await rights.require(bert, Deed.REBUILD, (None,))


async def test_an_account_that_is_gone_may_nothing(documents: Documents):
    with pytest.raises(NotSignedIn):
        await Rights(documents.accounts).present(person("nobody"))
