"""The clipboard of the machine where the person sits, by what lies between.

A terminal takes a text by OSC 52. tmux swallows that as it is delivered, but has a command of its
own; GNU screen takes short pieces within ESC P and draws what is longer over the screen.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from typing import Any

from textual.app import App

from smtui.ui.tmux import encoded, into_clipboard

MOST = 12_000
"""What every line has been seen to carry, in bytes as they are sent; mosh cuts the rest."""
_PIECE = 200


async def copied(app: App[Any], text: str) -> str:
    """Copy a text in the way that reaches the person's clipboard here.

    Returns:
        What has to be said about it, mostly nothing.
    """
    app._clipboard = text
    if "TMUX" in os.environ:
        if await into_clipboard(text):
            return ""
        remark = "; tmux refused it, so the terminal was asked, which it may not hear"
    else:
        remark = doubt(text)
    if app._driver is not None:
        app._driver.write(sequence(text, os.environ))
    return remark


def sequence(text: str, environment: Mapping[str, str]) -> str:
    """Return what puts a text onto the clipboard of the terminal outside."""
    sent = f"\x1b]52;c;{_encoded(text)}\x07"
    if "STY" not in environment:
        return sent
    return "".join(
        f"\x1bP{sent[place : place + _PIECE]}\x1b\\" for place in range(0, len(sent), _PIECE)
    )


def doubt(text: str) -> str:
    """Say that a long text may have been cut on its way; nobody tells."""
    long = len(_encoded(text)) > MOST
    return f"; some lines cut what is longer than {MOST:,} bytes" if long else ""


def _encoded(text: str) -> str:
    return base64.b64encode(encoded(text)).decode("ascii")
