"""Drives that have their place in the tree and are not mounted there now, and what tells them.

A place named in fstab stays as an empty folder while its drive is away; what is missing below it
is not gone. (Places that appear with the drive need no such care: they are not there without it.)
"""

from __future__ import annotations

import functools
import os
import re
import sys
from pathlib import Path

from smtui.domain.scan import Remains

_LINUX = sys.platform == "linux"
_MOUNTED = Path("/proc/self/mountinfo")
# What lies right in one of these is a drive's place, which comes and goes with the drive.
_DRIVES = re.compile(
    rb"/(?:media|run/media)(?:/[^/]+)?|/(?:mnt|Volumes|net|misc|autofs|amnt|automount)"
    rb"|/run/user/\d+/gvfs|/"
)
# They number files afresh whenever these are looked at; so do most that run outside the kernel.
_NUMBERLESS = re.compile(rb"(?:vfat|msdos|exfat|hfs|cifs|smb\d?|smbfs|9p|fuse(?:blk|\..+)?)")

FSTAB = Path("/etc/fstab")
_ESCAPE = re.compile(rb"\\([0-7]{3})")


def waits_for_drive(path: bytes, *, fstab: Path = FSTAB) -> bool:
    """True if an absolute path is, or lies below, a drive's place where none is mounted."""
    try:
        changed = fstab.stat().st_mtime_ns
    except OSError:
        return False
    return any(
        (path == place or path.startswith(place + b"/")) and not os.path.ismount(place)
        for place in _places(fstab, changed)
    )


def remains_of(path: Path) -> Remains:
    """Look at the nearest folder that is there on the way to a file that is not."""
    folder = path.parent
    while not folder.is_dir() and folder != folder.parent:
        if _is_place_of_drives(folder.parent):
            return Remains(can_tell=False)
        folder = folder.parent
    if waits_for_drive(os.fsencode(path)):
        return Remains(can_tell=False)
    try:
        status = folder.stat()
        empty = next(os.scandir(folder), None) is None
    except OSError:
        return Remains(can_tell=False)
    # The folder that a drive is mounted on stays behind, empty.
    left = empty and _is_place_of_drives(folder.parent) and folder.parent != Path("/")
    if left and not folder.is_mount():
        return Remains(can_tell=False)
    return Remains(can_tell=True, empty=empty, changed_ns=status.st_mtime_ns, device=status.st_dev)


def _is_place_of_drives(folder: Path) -> bool:
    return _DRIVES.fullmatch(os.fsencode(folder)) is not None


def keeps_numbers(device: int, *, mounted: Path = _MOUNTED) -> bool:
    """True if files on this disk keep their numbers for as long as they are there."""
    return not _LINUX or not _NUMBERLESS.fullmatch(_kind_of(device, mounted))


@functools.lru_cache(maxsize=64)
def _kind_of(device: int, mounted: Path) -> bytes:
    """Name the kind of file system on a device; empty where that is not known."""
    number = b"%d:%d" % (os.major(device), os.minor(device))
    try:
        lines = mounted.read_bytes().splitlines()
    except OSError:
        return b""
    for line in lines:
        fields = line.split()
        # Of a varying number of fields the kind stands behind a dash.
        if len(fields) > 6 and fields[2] == number and b"-" in fields[6:]:
            return fields[fields.index(b"-", 6) + 1]
    return b""


@functools.lru_cache(maxsize=4)
def _places(fstab: Path, changed: int) -> tuple[bytes, ...]:  # noqa: ARG001 - a changed file is another
    """Read where fstab mounts drives, the root and swap left out."""
    try:
        lines = fstab.read_bytes().splitlines()
    except OSError:
        return ()
    fields = [line.split() for line in lines if not line.lstrip().startswith(b"#")]
    places = (_unescape(field[1]) for field in fields if len(field) > 1)
    return tuple(place.rstrip(b"/") for place in places if place.startswith(b"/") and place != b"/")


def _unescape(field: bytes) -> bytes:
    r"""Put spaces back, which fstab writes as `\040`."""
    return _ESCAPE.sub(lambda match: bytes([int(match.group(1), 8) & 0xFF]), field)
