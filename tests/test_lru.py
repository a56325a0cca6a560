"""What is used stays at hand, and what is old or too much goes."""

from __future__ import annotations

import pytest

from smtui.lru import Lru


def test_what_was_not_used_for_longest_gives_way() -> None:
    lru: Lru[str, int] = Lru(2)
    lru.put("a", 1)
    lru.put("b", 2)
    assert lru.get("a") == 1
    lru.put("c", 3)
    assert lru.get("b") is None
    assert dict(lru.items()) == {"a": 1, "c": 3}


def test_what_weighs_more_than_all_may_is_not_kept() -> None:
    lru: Lru[str, str] = Lru(5, weigh=len)
    lru.put("a", "abc")
    lru.put("b", "ab")
    assert len(lru) == 2
    lru.put("c", "abcdefg")
    assert len(lru) == 0


def test_what_is_too_old_counts_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    lru: Lru[str, int] = Lru(2, seconds=10)
    lru.put("a", 1)
    assert lru.get("a") == 1
    monkeypatch.setattr("smtui.lru.time.monotonic", lambda: float("inf"))
    assert lru.get("a") is None
