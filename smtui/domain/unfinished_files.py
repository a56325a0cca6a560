"""Names that programs give to what they have not finished: downloads, copies, temporary files.

They are known by their kind alone: their content may be a sound already, but only half of one, and
under a name that goes away.
"""

from __future__ import annotations

import re
from collections.abc import Container

_ENDINGS = (
    # browsers
    *("part", "partial", "crdownload", "download", "opdownload", "downloading", "incomplete"),
    # torrents and download managers
    *("!qb", "!ut", "!bt", "ut!", "bc!", "jc!", "!sync", "aria2", "fdmdownload", "dtapart", "xltd"),
    *("td", "dctmp", "ytdl", "unfinished"),
    # copies between machines, editors, taggers, audio programs
    *("filepart", "tmp", "temp", "metadata_edit", "owncloudsync"),
)
_NAMES = re.compile(
    rb".*\.(?:"
    + b"|".join(re.escape(ending.encode()) for ending in _ENDINGS)
    # Numbered ones: `x.wav.part-Frag3`, `x.wav.tmp12345`, `x.wav.crdownload.1`.
    + rb")(?:[-_.]?(?:frag)?\d+)?"
    rb"|\.syncthing\..*|~syncthing~.*|\.unison\..*|\.in\..*\.|\.goutputstream-.*|\.fuse_hidden.*"
    rb"|\.nfs[0-9a-f]{8,}|\.pureftpd-upload\..*|\.(?:com|org)\.[a-z]+\.[a-z]+\.\w{6}"
    rb"|\.~.*|.*\.~[0-9a-f]+",
    re.IGNORECASE | re.DOTALL,
)
# rsync copies into `.kick.wav.Xa81Kq`; six letters behind a dot may end any other name.
_RSYNC = re.compile(rb"\..+\.[A-Za-z0-9]{6}", re.DOTALL)
_FOLDERS = re.compile(rb".*\.[a-z0-9]{1,5}\.(?:download|crdownload|partial)", re.IGNORECASE)
_BESIDE = (b".aria2", b".part", b".crdownload", b".st")


def unfinished(name: bytes, *, beside: Container[bytes] = ()) -> bool:
    """Whether a file of this name is not finished; `beside`: the other names in its folder.

    Some programs give a file its last name at once, and keep what they still need beside it.
    """
    return bool(
        _NAMES.fullmatch(name)
        or _RSYNC.fullmatch(name)
        or any(name + ending in beside for ending in _BESIDE)
    )


def unfinished_folder(name: bytes) -> bool:
    """Whether a folder holds a download that goes on, as a browser's `kick.wav.download`."""
    return _FOLDERS.fullmatch(name) is not None
