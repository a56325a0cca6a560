"""Writing the watched folders into the settings file, leaving all else as the person wrote it.

The text is changed, not written anew, and counts only if it then says what it said before but
for the folders; a file written in a way that this does not understand is left to the person.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from smtui.domain.errors import SettingInvalid
from smtui.domain.text import shown
from smtui.files import write_whole
from smtui.paths import Places

_TOPIC = "watch"
_NAME = "folders"
_HEADER = re.compile(r"\s*\[\s*watch\s*\]\s*(?:#.*)?\s*")
_ANY_HEADER = re.compile(r"\s*\[")
_ASSIGNMENT = re.compile(r"\s*folders\s*=")


@contextmanager
def writing(places: Places) -> Iterator[None]:
    """Keep other commands from changing the file meanwhile; raises SettingInvalid."""
    try:
        places.config.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(places.config, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise _refused(places.settings_file, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def write_watched(places: Places, folders: Sequence[str]) -> None:
    """Put these folders into the settings file; raises SettingInvalid, with nothing changed."""
    # A link from elsewhere stays one.
    file = Path(os.path.realpath(places.settings_file))
    try:
        text = file.read_text("utf-8") if file.exists() else ""
        changed = with_watched(text, folders)
        mode = file.stat().st_mode & 0o777 if file.exists() else 0o600
        write_whole(file, changed.encode(), mode=mode)
    except ValueError:
        raise SettingInvalid(
            f"{shown(str(places.settings_file))} is written in a way that smtui will not change",
            hint=f"Write there yourself: [{_TOPIC}] and {_line(folders).strip()}",
        ) from None
    except OSError as error:
        raise _refused(places.settings_file, error) from error


def with_watched(text: str, folders: Sequence[str]) -> str:
    """Return the text with these folders; raises ValueError where that cannot be done safely."""
    wanted = tomllib.loads(text)
    table = wanted.setdefault(_TOPIC, {})
    if not isinstance(table, dict):
        raise ValueError(_TOPIC)  # noqa: TRY004 - it is the text that is wrong
    table[_NAME] = list(folders)
    lines = text.splitlines(keepends=True)
    header = next((at for at, line in enumerate(lines) if _HEADER.fullmatch(line)), None)
    if header is None:
        before = [*_ended(lines), "\n"] if lines else []
        changed = "".join([*before, f"[{_TOPIC}]\n", _line(folders)])
    else:
        begin, end = _place(lines, header)
        changed = "".join([*_ended(lines[:begin]), _line(folders), *lines[end:]])
    if tomllib.loads(changed) != wanted:
        raise ValueError(_NAME)
    return changed


def _place(lines: Sequence[str], header: int) -> tuple[int, int]:
    """Where the folders are written below a header, from line to line; else where to write them."""
    for at in range(header + 1, len(lines)):
        if _ANY_HEADER.match(lines[at]):
            break
        if _ASSIGNMENT.match(lines[at]):
            for end in range(at + 1, len(lines) + 1):
                with suppress(tomllib.TOMLDecodeError):
                    tomllib.loads("".join(lines[at:end]))
                    return at, end
    return header + 1, header + 1


def _ended(lines: Sequence[str]) -> list[str]:
    """Give lines, the last with its end."""
    return [*lines[:-1], lines[-1] if lines[-1].endswith("\n") else f"{lines[-1]}\n"]


def _line(folders: Sequence[str]) -> str:
    if not folders:
        return f"{_NAME} = []\n"
    return "".join([f"{_NAME} = [\n", *(f"    {_quoted(folder)},\n" for folder in folders), "]\n"])


def _quoted(text: str) -> str:
    # TOML is as JSON here but for DEL, and has no halves of characters.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _refused(file: Path, error: OSError) -> SettingInvalid:
    reason = shown(error.strerror or str(error))
    return SettingInvalid(f"The settings file {shown(str(file))} cannot be written: {reason}")
