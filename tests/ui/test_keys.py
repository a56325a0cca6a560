"""One key, one meaning, on every screen; a key is declared once, with id and tooltip."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

import smtui.ui
from smtui.ui.app import SmtuiApp

NEVER = {"ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m", "ctrl+left_square_bracket"}
NEVER |= {"ctrl+a", "ctrl+b", "ctrl+s"}
LEFT_TO_TEXTUAL = {"ctrl+q", "ctrl+p", "ctrl+c"}
# Inside a line of text a key may mean what it means to people who type.
IN_TEXT = {"LoginScreen", "FilterLine", "AskLine"}
# The keymap in words: key → what it means wherever it works.
MEANS = {
    "j": {"down"},
    "k": {"up"},
    "g": {"top"},
    "G": {"end"},
    "ctrl+d": {"half_down"},
    "ctrl+u": {"half_up"},
    "enter": {"open", "submit", "yes", "again"},
    "escape": {"escape", "back", "no"},
    "q": {"leave", "back", "no"},
    "slash": {"filter"},
    "o": {"sort"},
    "O": {"reverse"},
    "full_stop": {"folder_only"},
    "m": {"mark"},
    "M": {"mark_all"},
    "V": {"span"},
    "t": {"tag"},
    "a": {"analyze"},
    "A": {"analyze_all"},
    "i": {"scan"},
    "b": {"runs"},
    "P": {"pause"},
    "X": {"cancel"},
    "r": {"resume"},
    "R": {"retry"},
    "n": {"next"},
    "y": {"copy"},
    "Y": {"copy_line"},
    "s": {"similar"},
    "S": {"similar_outside"},
    "backspace": {"seed_before"},
    "L": {"line"},
    "apostrophe": {"turns"},
    "w": {"write"},
    "f": {"kept"},
    "F": {"save"},
    "D": {"drop"},
    "u": {"undo"},
    "v": {"view"},
    "question_mark": {"help", "back"},
    "colon": {"palette"},
    "ctrl+l": {"redraw"},
    "ctrl+z": {"suspend"},
}


def nodes() -> Iterator[type[DOMNode]]:
    """Every screen and widget of ours."""
    seen: set[type[DOMNode]] = set()
    for found in pkgutil.walk_packages(smtui.ui.__path__, "smtui.ui."):
        module = importlib.import_module(found.name)
        for _, thing in inspect.getmembers(module, inspect.isclass):
            if not issubclass(thing, DOMNode) or thing in seen:
                continue
            if thing.__module__.startswith("smtui.ui."):
                seen.add(thing)
                yield thing


def bound() -> list[tuple[type[DOMNode], Binding]]:
    """Every binding of ours, one per key, where it is declared."""
    return [
        (node, binding)
        for node in nodes()
        if "BINDINGS" in vars(node)
        for binding in Binding.make_bindings(vars(node)["BINDINGS"])
    ]


BOUND = bound()


def test_there_are_keys_on_every_screen() -> None:
    declared = {node.__name__ for node, _ in BOUND}
    assert {"SmtuiApp", "LoginScreen", "LibraryScreen", "CursorTable", "HelpScreen"} <= declared


@pytest.mark.parametrize(
    ("node", "binding"), BOUND, ids=[f"{n.__name__}:{b.key}" for n, b in BOUND]
)
def test_a_key_says_what_it_does_and_does_it(node: type[DOMNode], binding: Binding) -> None:
    assert binding.id
    assert binding.tooltip.endswith(".")
    assert binding.description
    action = binding.action.partition("(")[0]
    owner: type[DOMNode] = node
    if action.startswith("app."):
        owner, action = SmtuiApp, action.removeprefix("app.")
    assert hasattr(owner, f"action_{action}"), f"{node.__name__} has no action_{action}"


def test_an_id_belongs_to_one_action() -> None:
    actions: dict[str, set[tuple[str, str]]] = {}
    for node, binding in BOUND:
        assert binding.id
        actions.setdefault(binding.id, set()).add((node.__name__, binding.action))
    assert not {id_: them for id_, them in actions.items() if len(them) > 1}


def test_keys_that_terminals_and_their_prefixes_need_are_left_alone() -> None:
    bad = [
        f"{node.__name__}:{binding.key}"
        for node, binding in BOUND
        if binding.key in NEVER | LEFT_TO_TEXTUAL
        or "alt+" in binding.key
        or "ctrl+shift+" in binding.key
        or (binding.key[:1] == "f" and binding.key[1:].isdigit())
        or (binding.key == "tab" and node.__name__ not in IN_TEXT)
    ]
    assert not bad


def test_a_key_means_the_same_on_every_screen() -> None:
    for node, binding in BOUND:
        if node.__name__ in IN_TEXT or binding.key not in MEANS:
            continue
        assert binding.id
        meaning = binding.id.partition(".")[2]
        # Screens that are only driven elsewhere declare their own parts of a shared key.
        assert any(
            meaning.startswith(known) or meaning.endswith(known) for known in MEANS[binding.key]
        ), f"{node.__name__}: {binding.key} means {meaning}"


def test_no_key_is_bound_twice_in_one_place() -> None:
    for node in {node for node, _ in BOUND}:
        keys = [binding.key for owner, binding in BOUND if owner is node]
        assert len(keys) == len(set(keys)), node.__name__
