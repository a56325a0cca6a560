"""Where things are on disk: data, state and settings folders of one person, all 0700.

`SMTUI_HOME` puts all of them under one folder; otherwise the system's own places are used.
Nothing here creates a folder before `prepare` is called, so `--help` touches no disk.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# sockaddr_un holds 108 bytes on Linux and 104 on macOS, the final NUL included.
_LONGEST_SOCKET_PATH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The folders of one person and the files in them."""

    data: Path
    state: Path
    config: Path

    @property
    def database(self) -> Path:
        """The embedded documents."""
        return self.data / "library.sqlite3"

    @property
    def valkey_data(self) -> Path:
        """What the private Valkey keeps."""
        return self.data / "valkey"

    @property
    def chroma_data(self) -> Path:
        """What the private Chroma keeps."""
        return self.data / "chroma"

    @property
    def settings_file(self) -> Path:
        """The person's settings."""
        return self.config / "smtui.toml"

    @property
    def log(self) -> Path:
        """The log of screens and commands."""
        return self.state / "smtui.log"

    @property
    def resume_token(self) -> Path:
        """The session that the next start continues, 0600."""
        return self.state / "resume.json"

    @property
    def pause(self) -> Path:
        """What was said of listening on this machine; not there where nothing was."""
        return self.state / "pause.json"

    @property
    def sockets(self) -> Path:
        """The folder of unix sockets: the state folder, or a short one where paths are long."""
        if len(os.fsencode(self.state / "valkey.sock")) <= _LONGEST_SOCKET_PATH:
            return self.state
        name = hashlib.blake2b(os.fsencode(self.state), digest_size=8).hexdigest()
        return Path(tempfile.gettempdir()) / f"smtui-{os.getuid()}-{name}"

    def prepare(self) -> None:
        """Make the folders, 0700. Raises OSError where that is not possible."""
        for folder in (self.data, self.state, self.config, self.sockets):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder.stat().st_uid != os.getuid():
                message = f"{folder} belongs to somebody else"
                raise PermissionError(message)
            if folder.stat().st_mode & 0o077:
                folder.chmod(0o700)


def places(environment: Mapping[str, str] | None = None) -> Places:
    """Find the folders for this person; `environment` is the process's own by default."""
    environment = os.environ if environment is None else environment
    home = environment.get("SMTUI_HOME")
    if home:
        base = Path(home).expanduser().absolute()
        return Places(data=base / "data", state=base / "state", config=base / "config")
    # A late import: with SMTUI_HOME set nobody needs it.
    from platformdirs import PlatformDirs

    dirs = PlatformDirs("smtui", appauthor=False)
    return Places(
        data=Path(dirs.user_data_dir),
        state=Path(dirs.user_state_dir),
        config=Path(dirs.user_config_dir),
    )


def styles() -> Path:
    """The folder of style sheets: inside an installed package, or beside it in a checkout."""
    installed = Path(__file__).parent / "ui" / "styles"
    return installed if installed.is_dir() else Path(__file__).parents[1] / "styles"
