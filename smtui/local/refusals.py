"""The system's refusals as sentences: read-only, full, not allowed."""

from __future__ import annotations

import errno
from pathlib import Path

from smtui.domain.errors import ServerUnavailable
from smtui.domain.text import shown
from smtui.paths import Places

_FULL = {errno.ENOSPC, errno.EDQUOT}
_NOT_OURS = {errno.EACCES, errno.EPERM}


def cannot_use(folder: Path, error: OSError) -> ServerUnavailable:
    """Say why a folder cannot be used, and what to do."""
    name = shown(str(folder))
    other = "SMTUI_HOME names another folder to use."
    if error.errno in _FULL:
        return ServerUnavailable(f"The disk with {name} is full", hint="Make room and try again.")
    if error.errno == errno.EROFS:
        return ServerUnavailable(f"{name} is on a read-only file system", hint=other)
    if error.errno in _NOT_OURS:
        return ServerUnavailable(
            f"smtui may not write in {name}", hint=f"Give yourself the right to, or: {other}"
        )
    reason = shown(error.strerror or str(error))
    return ServerUnavailable(f"{name} cannot be used: {reason}", hint=other)


def prepared(places: Places) -> None:
    """Make the person's folders; raises ServerUnavailable where they cannot be used."""
    try:
        places.prepare()
    except OSError as error:
        raise cannot_use(places.state, error) from error
