"""The settings by topic, each with its default, its bounds and what it does.

The topics are plain frozen dataclasses whose field metadata is what pydantic knows as
`Field(...)`. So they cost nothing to import, and where a person has set nothing the way to the
first frame does not pay for pydantic at all.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from smtui.domain.analysis import Level
from smtui.domain.path_map import PathMap
from smtui.domain.pause import QuietHours


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How it looks on this terminal."""

    theme: Literal["dark", "light", "plain"] = field(
        default="dark",
        metadata={"description": "Colours: dark, light, or plain for those of the terminal."},
    )
    ascii: Literal["auto", "on", "off"] = field(
        default="auto",
        metadata={"description": "Draw with ASCII alone; auto: where the locale is not UTF-8."},
    )
    colours: Literal["auto", "truecolor", "256", "16"] = field(
        default="auto",
        metadata={"description": "Colours the terminal shows; auto: what it says of itself."},
    )
    link: Literal["auto", "thin", "fast"] = field(
        default="auto",
        metadata={"description": "Line to the terminal; auto: thin over SSH, which sends less."},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """How sounds are listened to in the background."""

    children: int | None = field(
        default=None,
        metadata={
            "description": "Processes that analyse; half the cores if unset.",
            "ge": 1,
            "le": 256,
        },
    )
    nice: int = field(
        default=10,
        metadata={
            "description": "Priority of workers: 0 normal, 19 lowest.",
            "ge": 0,
            "le": 19,
        },
    )
    level: Level = field(
        default=Level.ADVANCED,
        metadata={"description": "How much is analysed: basic, advanced or full."},
    )
    start: bool = field(
        default=True,
        metadata={"description": "Analyse new sounds after a scan without being asked."},
    )
    scan_as: Literal["own", "shared"] = field(
        default="own",
        metadata={"description": "Whose a scan's sounds are: own, or shared by everybody."},
    )
    quiet: str = field(
        default="",
        metadata={"description": "Hours in which nothing is analysed: 22:00-07:00, 12:30-13:30."},
    )

    @property
    def quiet_hours(self) -> QuietHours:
        """The hours in which nothing is listened to."""
        return QuietHours.of_text(self.quiet)

    def processes(self, cores: int | None = None) -> int:
        """Return how many processes listen: as set, else half the cores, at least one."""
        return self.children or max(1, (cores or os.cpu_count() or 1) // 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Folders of this machine into which sounds are dropped."""

    folders: tuple[str, ...] = field(
        default=(),
        metadata={"description": "Folders whose new sounds come in by themselves: `smtui watch`."},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateServices:
    """The private servers and who looks after them."""

    idle_seconds: int = field(
        default=600,
        metadata={"description": "Seconds without use after which they stop.", "ge": 1},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Servers shared by several machines: all three addresses, or none."""

    mongo_url: str | None = field(
        default=None,
        repr=False,
        metadata={"description": "Address of MongoDB, with its password.", "secret": True},
    )
    redis_url: str | None = field(
        default=None,
        repr=False,
        metadata={"description": "Address of Redis or Valkey, with its password.", "secret": True},
    )
    chroma_url: str | None = field(
        default=None,
        repr=False,
        metadata={"description": "Address of Chroma.", "secret": True},
    )
    mongo_url_file: str | None = field(
        default=None,
        metadata={"description": "A file that holds the address of MongoDB."},
    )
    redis_url_file: str | None = field(
        default=None,
        metadata={"description": "A file that holds the address of Redis or Valkey."},
    )
    chroma_url_file: str | None = field(
        default=None,
        metadata={"description": "A file that holds the address of Chroma."},
    )

    @property
    def given(self) -> bool:
        """True if the library is on shared servers; otherwise it is on private ones."""
        return self.mongo_url is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """What this machine is called, and what it calls the folders of the others."""

    map: Mapping[str, str] = field(
        default_factory=dict,
        metadata={"description": 'Folders as the library has them and here: "/mnt/s" = "/Vol/s".'},
    )
    machine: str | None = field(
        default=None,
        metadata={"description": "Name of this machine; its host name if unset."},
    )

    @property
    def here(self) -> PathMap:
        """How the library's paths are called here."""
        return PathMap(prefixes=self.map)

    @property
    def name(self) -> str:
        """The name of this machine as the others are told it."""
        return self.machine or socket.gethostname()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How often per minute an intent may be asked for. Reading is never limited."""

    auth_login: int = field(
        default=10,
        metadata={"description": "Sign-in attempts a minute, by account and by address.", "ge": 1},
    )
    audio_upload: int = field(
        default=20,
        metadata={"description": "Scans asked for.", "ge": 1},
    )
    general_api: int = field(
        default=60,
        metadata={"description": "Commands that write to the library.", "ge": 1},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Searching by words."""

    model: str = field(
        default="sentence-transformers/all-mpnet-base-v2",
        metadata={"description": "The model of meanings: its name, or a folder that holds one."},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, by topic."""

    look: Look = field(default_factory=Look)
    keys: Mapping[str, str] = field(
        default_factory=dict,
        metadata={"description": 'Other keys by binding id: "library.analyze" = "z".'},
    )
    work: Work = field(default_factory=Work)
    watch: Watch = field(default_factory=Watch)
    services: PrivateServices = field(default_factory=PrivateServices)
    servers: Servers = field(default_factory=Servers)
    limits: Limits = field(default_factory=Limits)
    paths: Paths = field(default_factory=Paths)
    text: Text = field(default_factory=Text)
