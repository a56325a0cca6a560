"""What `smtui doctor` looks at on this machine: SQLite, disk, folders, logging out."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

from smtui.domain.health import Check, attention, broken, well
from smtui.domain.text import shown
from smtui.local.refusals import cannot_use
from smtui.paths import Places

_OLDEST_SQLITE = (3, 35, 0)
_GIGABYTE = 10**9
_LEAST_FREE = 100 * 10**6
_NETWORK = {
    *("nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "afpfs", "webdav", "davfs", "9p", "afs"),
    *("ceph", "glusterfs", "lustre", "gpfs", "beegfs", "ocfs2", "gfs2", "ncpfs", "vboxsf"),
    *("fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.rclone", "fuse.s3fs", "macfuse"),
}
_ANSWER_SECONDS = 5.0


def sqlite() -> Check:
    """The SQLite library of this Python, and its full-text search by trigrams."""
    seen = sqlite3.sqlite_version
    mend = "Use a Python with a newer SQLite, for instance one from python.org or uv."
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        return broken("sqlite", f"{seen}; 3.35 is needed", mend)
    with closing(sqlite3.connect(":memory:")) as trial:
        try:
            trial.execute("CREATE VIRTUAL TABLE trial USING fts5(name, tokenize='trigram')")
        except sqlite3.OperationalError as error:
            return broken("sqlite", f"{seen} without search by trigrams: {error}", mend)
    return well("sqlite", f"{seen} with search by trigrams")


def disk(places: Places) -> Check:
    """Room under the data folder."""
    folder = nearest(places.data)
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return broken("disk", cannot_use(folder, error).title, "Make sure that it is there.")
    seen = f"{free / _GIGABYTE:.1f} GB free for {shown(str(places.data))}"
    if free < _LEAST_FREE:
        return broken("disk", seen, "Make room: without it nothing can be kept.")
    if free < _GIGABYTE:
        return attention("disk", seen, "Make room soon: a large library needs a gigabyte or more.")
    return well("disk", seen)


def folders(places: Places) -> Check:
    """Whether the folders are there, belong to the person alone and can be written in."""
    try:
        places.prepare()
    except OSError as error:
        refusal = cannot_use(Path(error.filename or places.data), error)
        return broken("folders", refusal.title, refusal.hint)
    for folder in (places.data, places.state, places.config, places.sockets):
        try:
            with tempfile.TemporaryFile(dir=folder) as trial:
                trial.write(b"smtui")
        except OSError as error:
            refusal = cannot_use(folder, error)
            return broken("folders", refusal.title, refusal.hint)
    names = ", ".join(shown(str(one)) for one in (places.data, places.state, places.config))
    return well("folders", f"yours alone: {names}")


def file_system(places: Places) -> Check:
    """Whether the data folder is on a disk of this machine; locks do not hold on a network's."""
    nearby = nearest(places.data)
    if kind := network_of(nearby):
        return broken(
            "file system",
            f"{shown(str(places.data))} is on a network file system ({kind})",
            "Set SMTUI_HOME to a folder on a disk of this machine.",
        )
    return well("file system", file_system_of(nearby) or "of this machine")


def copying(places: Places) -> Check:
    """How the library can be copied now, and whether its one file holds all of it."""
    try:
        beside = Path(f"{places.database}-wal").stat().st_size
    except OSError:
        beside = 0
    mend = "Close smtui, `smtui services stop`, then copy the folders of data and settings."
    if beside:
        return attention("copying", f"{beside:,} bytes are not yet in the library's file", mend)
    whole = f"{shown(str(places.database))} holds all that was done"
    return well("copying", f"{whole}; copy it alone, or all folders after `smtui services stop`")


def network_of(folder: Path) -> str:
    """Name the network's file system that a folder is on; empty for a disk of this machine."""
    kind = file_system_of(folder)
    return kind if kind.lower() in _NETWORK else ""


def file_system_of(folder: Path) -> str:
    """Name the kind of file system that a folder is on; empty where it is not known."""
    # A late import: only the doctor needs it here.
    import psutil

    below = folder.resolve()
    mounts = {Path(mount.mountpoint): mount.fstype for mount in psutil.disk_partitions(all=True)}
    return next((mounts[one] for one in (below, *below.parents) if one in mounts), "")


def nearest(folder: Path) -> Path:
    """Give the folder, or the nearest one above it that is there."""
    return next((one for one in (folder, *folder.parents) if one.exists()), Path("/"))


def lingering() -> Check:
    """Whether what runs in the background goes on after logging out."""
    name = "logging out"
    kills = _asked("show-session", "--property=KillUserProcesses")
    if kills is None:
        return well(name, "nothing on this machine ends background processes")
    if kills != "yes":
        return well(name, "background processes go on")
    lingers = _asked("show-user", str(os.getuid()), "--property=Linger") == "yes"
    aside = "Start smtui with `systemd-run --user --scope smtui` to go on after logging out"
    return attention(
        name,
        "this machine ends background processes when you log out; analysis goes on next time",
        f"{aside}." if lingers else f"{aside}, after `loginctl enable-linger` once.",
    )


def _asked(*words: str) -> str | None:
    """Ask systemd's login service; None where there is none."""
    try:
        done = subprocess.run(
            ["loginctl", *words, "--value"],
            capture_output=True,
            text=True,
            timeout=_ANSWER_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
