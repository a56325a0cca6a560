"""Which state folder a process belongs to: the very folder, not one that looks like it.

A copy of a home has the same files with the same numbers in them, so what they say holds only in
the folder in which it was written. The folder is known by its device and inode, which a copy
never shares and every way to it (a link, a bind mount) does. Its path is kept beside them: a home
that was renamed is still the same folder, but what runs in it works at paths that lead nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A state folder as it is known on the disk; a path of "" is nobody's."""

    device: int = 0
    inode: int = 0
    path: str = ""

    @classmethod
    def of(cls, folder: Path) -> Home:
        """Give the identity of a folder; that of nobody's where there is none."""
        try:
            status = folder.stat()
        except OSError:
            return cls()
        return cls(device=status.st_dev, inode=status.st_ino, path=str(folder.resolve()))

    def is_at(self, folder: Path) -> bool:
        """Whether this path leads to the very folder."""
        other = Home.of(folder)
        return bool(other.path) and (other.device, other.inode) == (self.device, self.inode)

    @property
    def has_moved(self) -> bool:
        """Whether the path that was written down no longer leads there."""
        return not self.is_at(Path(self.path))
