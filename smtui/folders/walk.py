"""Walking a folder: which files may be sounds, in a steady order, each place once.

Everything is bytes until it is told, because file names are. Real folders come first and links
to folders after them, so that a sound is known by its real place wherever it has one below the
root; a place (device and inode) is entered once, so no loop of links can hold a walk.

Left out are built-in patterns and those in `.smtuiignore` files, which are those of `.gitignore`:
one a line, `#` begins a comment, `!` takes a name back in, the last match decides. `*` and `?`
stand for anything but a slash, `**` for any folders, `[a-z]` for one of these. A slash at the end
asks for a folder; one at the beginning or within ties the pattern to the folder of its file, else
the name may be anywhere below. Upper and lower case differ. What lies in a folder that is left out
is never looked at. The patterns are read here, because names are bytes and it matters whether a
rule speaks of a file itself: one that takes its folder back in does not take in half a download.

It stands alone, apart from `finder`, because it knows neither threads nor the library's paths.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from smtui.audio.signatures import HEAD_BYTES, UNHEARD_NAMES, is_sound
from smtui.domain.errors import ErrorCode
from smtui.domain.scan import Candidate, Unreadable, Walked
from smtui.domain.text import path_bytes, printable_path
from smtui.domain.unfinished_files import unfinished, unfinished_folder
from smtui.folders.mounts import waits_for_drive

IGNORE_FILE = b".smtuiignore"

BUILT_IN = (
    b"._*",
    b"__MACOSX/",
    b".*/",
    b"$RECYCLE.BIN/",
    b"System Volume Information/",
    IGNORE_FILE,
)
"""Left out everywhere: shadows of macOS, hidden folders (`.git`, `.Trash-1000`, …), bins."""

LARGEST_FILE = 256 * 1024
"""Bytes of an ignore file that are read."""

_TOKENS = re.compile(
    rb"(?P<folders>\*\*/+)|(?P<below>/\*\*\Z)|(?P<any>\*+)|(?P<one>\?)"
    rb"|(?P<set>\[[!^]?\]?[^\]/]*\])|\\(?P<escaped>.)|(?P<plain>.)",
    re.DOTALL,
)

SOUND_NAMES = frozenset(
    (
        b"wav wave bwf rf64 w64 flac ogg oga opus mp3 mp2 aif aiff aifc caf au snd "
        b"m4a m4b aac wma ape wv mpc alac tta dsf dff ac3 eac3 mka spx"
    ).split()
) | frozenset(UNHEARD_NAMES)
"""Endings of sounds: their owner should hear of those that cannot be read."""

CHUNK_FILES = 512
CHUNK_SECONDS = 0.1
_AWAY = "; is its drive unplugged? Its sounds stay in the library"


def walk_folder(root: bytes, only: Collection[bytes] | None = None) -> Iterator[Walked]:
    """Walk below a folder, or look at one file; yields at least ten times a second.

    With `only`, nothing but these paths and what is below them is met; what leaves things out on
    the way to them counts all the same. Where the root itself cannot be read, the only thing told
    is an Unreadable of its path.
    """
    place = os.path.abspath(root)  # noqa: PTH100
    return _Walk(root=place, way=None if only is None else _way(place, only)).steps()


def refusal(error: OSError, *, what: str) -> tuple[ErrorCode, str]:
    """Say why the system refused: a code, and one sentence."""
    match error:
        case FileNotFoundError():
            return ErrorCode.VANISHED, f"The {what} is not there"
        case PermissionError():
            return ErrorCode.NO_PERMISSION, f"No permission to read the {what}"
        case _:
            return (
                ErrorCode.UNREADABLE,
                f"The {what} cannot be read: {error.strerror or 'the system refused'}",
            )


def ending(name: bytes) -> bytes:
    """Return the lower-case ending of a file name, without its dot."""
    stem, dot, last = name.rpartition(b".")
    return last.lower() if dot and stem else b""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """One pattern: what it matches, below which folder, and whether it takes back in."""

    base: bytes
    matches: re.Pattern[bytes]
    folders_only: bool
    takes_in: bool


def _parse_rules(lines: Iterable[bytes], *, base: bytes) -> tuple[_Rule, ...]:
    """Read patterns that hold below the folder `base`; lines that make no sense are left out."""
    found = (_rule(line, base) for line in lines)
    return tuple(rule for rule in found if rule is not None)


def _is_left_out(path: bytes, *, is_folder: bool, by: tuple[_Rule, ...]) -> bool | None:
    """Return whether the last rule that matches leaves this path out; None where no rule does."""
    for rule in reversed(by):
        if rule.folders_only and not is_folder:
            continue
        if rule.matches.fullmatch(path, len(rule.base) + 1):
            return not rule.takes_in
    return None


def _rule(line: bytes, base: bytes) -> _Rule | None:
    text = line.rstrip(b"\r\n")
    while text.endswith(b" ") and not text.endswith(b"\\ "):
        text = text[:-1]
    if not text or text.startswith(b"#"):
        return None
    takes_in = text.startswith(b"!")
    text = text.removeprefix(b"!")
    folders_only = text.endswith(b"/")
    text = text.rstrip(b"/")
    if not text:
        return None
    anywhere = b"/" not in text
    expression = (rb"(?:.*/)?" if anywhere else b"") + _expression(text.removeprefix(b"/"))
    try:
        matches = re.compile(expression, re.DOTALL)
    except re.error:
        return None
    return _Rule(
        base=base.rstrip(b"/"), matches=matches, folders_only=folders_only, takes_in=takes_in
    )


def _expression(pattern: bytes) -> bytes:
    """Write a pattern as a regular expression over the path below the pattern's folder."""
    parts = []
    for token in _TOKENS.finditer(pattern):
        match token.lastgroup:
            case "folders":
                parts.append(rb"(?:.*/)?")
            case "below":
                parts.append(rb"/.+")
            case "any":
                parts.append(rb"[^/]*")
            case "one":
                parts.append(rb"[^/]")
            case "set":
                inner = token.group()[1:-1].replace(b"\\", b"\\\\")
                if inner[:1] in (b"!", b"^"):
                    inner = b"^/" + inner[1:]
                # A bracket first in a set stands for itself.
                parts.append(b"[" + inner.replace(b"]", b"\\]").replace(b"[", b"\\[") + b"]")
            case "escaped":
                parts.append(re.escape(token.group("escaped")))
            case _:
                parts.append(re.escape(token.group()))
    return b"".join(parts)


def _way(root: bytes, only: Collection[bytes]) -> dict[bytes, set[bytes]]:
    """Return for each folder that leads to one of the paths the names to follow in it."""
    way: dict[bytes, set[bytes]] = {}
    for path in only:
        if path != root and not path.startswith(root.rstrip(b"/") + b"/"):
            continue
        while path != root:
            folder, _, name = path.rpartition(b"/")
            way.setdefault(folder or b"/", set()).add(name)
            path = folder or b"/"
    # What was asked for itself is met whole, also where something below it was asked for too.
    for path in only:
        if path in way:
            inner = path.rstrip(b"/") + b"/"
            for folder in [each for each in way if each == path or each.startswith(inner)]:
                del way[folder]
    return way


@dataclass(slots=True)
class _Folder:
    path: bytes
    rules: tuple[_Rule, ...]
    names: frozenset[bytes] = frozenset()


@dataclass(slots=True)
class _Walk:
    """One walk: where it has been, and what it met since it last told."""

    root: bytes
    way: Mapping[bytes, Collection[bytes]] | None = None
    entered: set[tuple[int, int]] = field(default_factory=set)
    links: list[_Folder] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    ignored: int = 0
    not_sounds: int = 0
    unfinished: int = 0
    told_at: float = field(default_factory=time.monotonic)

    def steps(self) -> Iterator[Walked]:
        waiting = self._begin()
        current = self.root
        while waiting:
            folder = waiting.pop()
            current = folder.path
            inner: list[_Folder] = []
            for entry in self._entries(folder):
                self._meet(entry, folder, inner)
                if self._due():
                    yield self._flush(current)
            # The first in order is taken from the end next.
            waiting.extend(reversed(inner))
            if not waiting and self.links:
                self.links.sort(key=lambda link: link.path)
                waiting, self.links = list(reversed(self.links)), []
            if self._due():
                yield self._flush(current)
        yield self._flush(current)

    def _begin(self) -> list[_Folder]:
        try:
            status = os.stat(self.root)  # noqa: PTH116
        except OSError as error:
            self._refuse(self.root, error, what="folder")
            if not os.path.lexists(self.root):
                self.unreadable = [_unreadable(self.root, ErrorCode.VANISHED, f"Not found{_AWAY}")]
            return []
        if stat.S_ISREG(status.st_mode):
            self._look_at(self.root, status)
            return []
        if not stat.S_ISDIR(status.st_mode):
            words = "It is neither a folder nor a file"
            self.unreadable = [_unreadable(self.root, ErrorCode.UNSUPPORTED, words)]
            return []
        if waits_for_drive(self.root):
            self.unreadable = [
                _unreadable(self.root, ErrorCode.VANISHED, f"It is not mounted{_AWAY}")
            ]
            return []
        return [_Folder(self.root, _parse_rules(BUILT_IN, base=self.root))]

    def _entries(self, folder: _Folder) -> list[os.DirEntry[bytes]]:
        """Enter a folder: its entries in order, none where it was entered before."""
        try:
            status = os.stat(folder.path)  # noqa: PTH116
            place = status.st_dev, status.st_ino
            if place in self.entered:
                self.ignored += 1
                return []
            self.entered.add(place)
            with os.scandir(folder.path) as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name)
        except OSError as error:
            self._refuse(folder.path, error, what="folder")
            return []
        if any(entry.name == IGNORE_FILE for entry in entries):
            folder.rules += self._own_rules(folder.path)
        folder.names = frozenset(entry.name for entry in entries)
        names = None if self.way is None else self.way.get(folder.path)
        return entries if names is None else [each for each in entries if each.name in names]

    def _own_rules(self, folder: bytes) -> tuple[_Rule, ...]:
        path = os.path.join(folder, IGNORE_FILE)  # noqa: PTH118
        try:
            text = _beginning(path, LARGEST_FILE)
        except OSError as error:
            self._refuse(path, error, what="list of what to leave out")
            return ()
        return _parse_rules(text.splitlines(), base=folder)

    def _meet(self, entry: os.DirEntry[bytes], folder: _Folder, inner: list[_Folder]) -> None:
        try:
            is_link = entry.is_symlink()
            is_folder = entry.is_dir()
            left_out = _is_left_out(entry.path, is_folder=is_folder, by=folder.rules)
            if left_out:
                self.ignored += 1
            elif left_out is None and self._is_unfinished(entry.name, folder, is_folder=is_folder):
                self.unfinished += 1
            elif is_folder:
                (self.links if is_link else inner).append(_Folder(entry.path, folder.rules))
            else:
                self._meet_file(entry, is_link=is_link)
        except OSError as error:
            # What does not claim to be a sound may come and go unseen.
            if ending(entry.name) in SOUND_NAMES:
                self._refuse(entry.path, error, what="file")
            else:
                self.ignored += 1

    def _is_unfinished(self, name: bytes, folder: _Folder, *, is_folder: bool) -> bool:
        return unfinished_folder(name) if is_folder else unfinished(name, beside=folder.names)

    def _meet_file(self, entry: os.DirEntry[bytes], *, is_link: bool) -> None:
        status = entry.stat()
        if not stat.S_ISREG(status.st_mode) or (is_link and self._is_met_itself(entry.path)):
            self.ignored += 1
        else:
            self._look_at(entry.path, status)

    def _is_met_itself(self, link: bytes) -> bool:
        """True if a link leads to a file that this walk meets at its real place."""
        return os.path.realpath(link).startswith(os.path.realpath(self.root) + b"/")

    def _look_at(self, path: bytes, status: os.stat_result) -> None:
        claims = ending(os.path.basename(path)) in SOUND_NAMES  # noqa: PTH119
        if not claims and not (status.st_size and is_sound(_beginning(path, HEAD_BYTES))):
            self.ignored += 1
            self.not_sounds += 1
            return
        self.candidates.append(
            Candidate(
                path=Path(os.fsdecode(path)),
                file_path=printable_path(path),
                path_bytes=path_bytes(path),
                file_size=status.st_size,
                mtime_ns=status.st_mtime_ns,
                ctime_ns=status.st_ctime_ns,
            )
        )

    def _refuse(self, path: bytes, error: OSError, *, what: str) -> None:
        code, words = refusal(error, what=what)
        self.unreadable.append(_unreadable(path, code, words))

    def _due(self) -> bool:
        return (
            len(self.candidates) >= CHUNK_FILES or time.monotonic() - self.told_at > CHUNK_SECONDS
        )

    def _flush(self, current: bytes) -> Walked:
        step = Walked(
            folder=printable_path(current),
            candidates=tuple(self.candidates),
            unreadable=tuple(self.unreadable),
            ignored=self.ignored,
            not_sounds=self.not_sounds,
            unfinished=self.unfinished,
        )
        self.candidates, self.unreadable = [], []
        self.ignored = self.not_sounds = self.unfinished = 0
        self.told_at = time.monotonic()
        return step


def _beginning(path: bytes, size: int) -> bytes:
    # Non-blocking: what was a file a moment ago may be a named pipe now.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        return os.read(descriptor, size) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    finally:
        os.close(descriptor)


def _unreadable(path: bytes, code: ErrorCode, words: str) -> Unreadable:
    return Unreadable(file_path=printable_path(path), code=code, error=words)
