"""The keys that a person chose, checked as every other setting is: each mistake in one sentence."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from textual.binding import Binding, InvalidBinding
from textual.dom import DOMNode
from textual.keys import Keys
from textual.screen import Screen
from textual.widget import Widget

import smtui.ui
from smtui.domain.errors import SettingInvalid
from smtui.domain.text import shown
from smtui.ui.app import APP_KEYS
from smtui.ui.widgets.cursor_table import CursorTable

_SIGNS = {
    *("space", "tab", "enter", "escape", "backspace", "delete", "insert"),
    *("exclamation_mark", "quotation_mark", "number_sign", "dollar_sign", "percent_sign"),
    *("ampersand", "apostrophe", "left_parenthesis", "right_parenthesis", "asterisk", "plus"),
    *("comma", "minus", "full_stop", "slash", "colon", "semicolon", "less_than_sign"),
    *("equals_sign", "greater_than_sign", "question_mark", "at", "left_square_bracket"),
    *("backslash", "right_square_bracket", "circumflex_accent", "underscore", "grave_accent"),
    *("left_curly_bracket", "vertical_line", "right_curly_bracket", "tilde"),
}
_SIGNS |= {key.value for key in Keys if key.value.isidentifier()}
_WITH = {"ctrl", "shift", "alt", "meta", "super", "hyper"}
_SAME_IN_A_TERMINAL = {
    "ctrl+h": "backspace",
    "ctrl+i": "tab",
    "ctrl+j": "enter",
    "ctrl+m": "enter",
    "ctrl+left_square_bracket": "escape",
}
_LEAVES = "ctrl+q"

Chosen = Mapping[str, str]
"""Binding id to its keys, comma separated."""


def check_keys(chosen: Chosen, places: Mapping[str, str]) -> None:
    """Raise SettingInvalid for the first choice that cannot work; `places` says where it stands."""
    screens = {name: dict(bindings) for name, bindings in _screens()}
    known = {id_ for bindings in screens.values() for id_ in bindings}
    for id_, keys in chosen.items():
        setting, place = f"keys.{shown(id_)}", shown(places.get(f"keys.{id_}", "settings"))
        if id_ not in known:
            near = get_close_matches(id_, known, n=1)
            hint = f"; did you mean keys.{near[0]}?" if near else "; `?` on a screen lists them"
            raise SettingInvalid(f"No setting {setting} ({place}){hint}")
        for key in _parts(keys):
            if trouble := _trouble(key):
                raise SettingInvalid(f"{setting} ({place}) is {shown(key) or 'empty'}, {trouble}")
        for name, bindings in screens.items():
            if id_ in bindings and (taken := _taken(id_, keys, bindings, chosen)):
                key, other = taken
                words = f"is {shown(key)}, which is {other} already on the same screen ({name})"
                raise SettingInvalid(f"{setting} ({place}) {words}")


def _parts(keys: str) -> list[str]:
    """Take comma separated keys apart, each named as Textual names it: `full_stop` for a dot."""
    try:
        return [binding.key for binding in Binding.make_bindings([Binding(keys, "none", "")])]
    except InvalidBinding:
        return [""]


def _trouble(key: str) -> str:
    """Return in words why no keyboard has a key, or why smtui cannot be given it."""
    *held, name = key.split("+")
    if key == _LEAVES:
        return "which leaves smtui"
    if key in _SAME_IN_A_TERMINAL:
        return f"which a terminal cannot tell from {_SAME_IN_A_TERMINAL[key]}"
    is_sign = len(name) == 1 and name.isprintable() and not name.isspace()
    if not (is_sign or name in _SIGNS) or not set(held) <= _WITH:
        return "which is no key; examples: z, Z, ctrl+t, slash, f5"
    return ""


def _taken(
    id_: str, keys: str, bindings: Mapping[str, str], chosen: Chosen
) -> tuple[str, str] | None:
    """Return a key that another binding of the screen has, and that binding."""
    for other, others in bindings.items():
        if other != id_:
            both = {*_parts(keys)} & {*_parts(chosen.get(other, others))}
            if both:
                return min(both), other
    return None


def _screens() -> Iterator[tuple[str, Mapping[str, str]]]:
    """Each screen of ours by name, with the keys that work there by id."""
    for_all = _keys_of(APP_KEYS)
    for node in _nodes():
        if not vars(node).get("BINDINGS") or node is CursorTable:
            continue
        own = _keys_of(vars(node)["BINDINGS"])
        if issubclass(node, Screen):
            moves = _keys_of(CursorTable.BINDINGS) if "DetailScreen" not in node.__name__ else {}
            yield node.__name__.removesuffix("Screen").lower(), for_all | moves | own
        elif issubclass(node, Widget):
            name = {"FilterLine": "filter line", "AskLine": "line"}.get(node.__name__, "")
            yield name or node.__name__, own


def _nodes() -> Iterator[type[DOMNode]]:
    """Every screen and widget of ours that is declared in the folder of a screen or beside them."""
    for found in pkgutil.walk_packages(smtui.ui.__path__, "smtui.ui."):
        module = importlib.import_module(found.name)
        for _, thing in inspect.getmembers(module, inspect.isclass):
            if issubclass(thing, DOMNode) and thing.__module__ == module.__name__:
                yield thing


def _keys_of(bindings: object) -> dict[str, str]:
    """Keys by id; one action may have several bindings."""
    found: dict[str, str] = {}
    for binding in Binding.make_bindings(bindings):  # type: ignore[arg-type]
        if binding.id:
            keys = found.get(binding.id)
            found[binding.id] = binding.key if keys is None else f"{keys},{binding.key}"
    return found
