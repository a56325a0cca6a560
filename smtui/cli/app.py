"""The command parser: a table of commands, each loaded only when it is asked for."""

from __future__ import annotations

import importlib
from typing import NamedTuple

import click


class Entry(NamedTuple):
    """The file of a command among `commands`, and its line in the list."""

    module: str
    summary: str


COMMANDS = {
    "demo": Entry("demo", "Make a small library of known sounds and open it."),
    "scan": Entry("scan", "Add folders of sounds to the library."),
    "analyze": Entry("analyze", "Analyse sounds that have no analysis yet."),
    "batches": Entry("batches", "Show runs, how far they are and what failed."),
    "cancel": Entry("cancel", "Cancel one run, or all."),
    "resume": Entry("resume", "Resume what a run left."),
    "retry": Entry("retry", "Retry what failed in a run."),
    "watch": Entry("watch", "Watch folders and add new sounds automatically."),
    "pause": Entry("pause", "Pause analysis on this machine, as while recording."),
    "resume-all": Entry("pause", "Resume analysis on this machine."),
    "list": Entry("list", "Print the library, or what a filter finds."),
    "similar": Entry("similar", "Find what sounds like a sound, or like a file."),
    "index": Entry("index", "The index of similar sounds: status, rebuild, check."),
    "inspect": Entry("inspect", "Analyse files here and now, without a library."),
    "check": Entry("check", "Check a pack for problems before it goes out."),
    "find": Entry("find", "Find sounds by a description."),
    "words": Entry("words", "The language model for find: status, fetch."),
    "duplicates": Entry("duplicates", "Show files that are the same sound."),
    "forget": Entry("forget", "Take sounds out of the library; files stay."),
    "relocate": Entry("relocate", "Say where a renamed drive or folder is now."),
    "folders": Entry("folders", "Show the folders that were scanned."),
    "user": Entry("user", "Accounts: add, list, password, disable, token."),
    "services": Entry("services", "The private servers: status, start, stop."),
    "settings": Entry("settings", "Show every setting and where it came from."),
    "doctor": Entry("doctor", "Check this machine and say how to fix what is broken."),
    "bench": Entry("bench", "Measure how fast smtui analyses on this machine."),
    "worker": Entry("worker", "Analyse queued sounds (started by smtui itself)."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, not when they are listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; None where there is no such name."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module = importlib.import_module(f"smtui.cli.commands.{entry.module}")
        command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Without a command smtui opens the screen. `smtui COMMAND --help` tells more.",
)
@click.version_option(package_name="smtui", prog_name="smtui")
def app() -> None:
    """Browse, filter and look at thousands of sounds by keyboard alone."""
