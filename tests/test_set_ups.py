"""Embedded or on servers: nobody above the stores can tell, beside those who must."""

from __future__ import annotations

import ast
from pathlib import Path

from smtui import wiring
from smtui.settings import Servers, Settings

ROOT = Path(__file__).parents[1]
# Where the settings are read and the set-up is chosen.
KNOWING = ("smtui/settings/", "smtui/wiring/")
TELLING = {"given", *(f"{name}_url" for name in ("mongo", "redis", "chroma"))}


def test_the_set_up_is_chosen_in_wiring_alone() -> None:
    found = []
    for path in sorted((ROOT / "smtui").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(KNOWING):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in TELLING:
                found.append(f"{name}:{node.lineno}: {node.attr}")
    assert not found


def test_what_wiring_hands_out_is_of_one_kind() -> None:
    on_servers = Servers(mongo_url="mongodb://h", redis_url="redis://h", chroma_url="http://h")
    assert wiring.guarded(Settings())
    assert not wiring.guarded(Settings(servers=on_servers))
