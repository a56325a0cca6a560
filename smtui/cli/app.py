"""The command parser: a table of commands, each loaded only when it is asked for."""

from __future__ import annotations

import importlib
from typing import NamedTuple

import click


class Entry(NamedTuple):
    """Where a command lives, and its line in the list."""

    module: str
    summary: str


COMMANDS = {
    "demo": Entry("smtui.cli.commands.demo", "Make a small library of known sounds and open it."),
    "scan": Entry("smtui.cli.commands.scan", "Add folders of sounds to the library."),
    "analyze": Entry("smtui.cli.commands.analyze", "Analyse sounds that have no analysis yet."),
    "batches": Entry("smtui.cli.commands.batches", "Show runs, how far they are and what failed."),
    "cancel": Entry("smtui.cli.commands.cancel", "Cancel one run, or all."),
    "resume": Entry("smtui.cli.commands.resume", "Resume what a run left."),
    "retry": Entry("smtui.cli.commands.retry", "Retry what failed in a run."),
    "watch": Entry("smtui.cli.commands.watch", "Watch folders and add new sounds automatically."),
    "pause": Entry(
        "smtui.cli.commands.pause", "Pause analysis on this machine, as while recording."
    ),
    "resume-all": Entry("smtui.cli.commands.resume_all", "Resume analysis on this machine."),
    "list": Entry("smtui.cli.commands.list", "Print the library, or what a filter finds."),
    "similar": Entry(
        "smtui.cli.commands.similar", "Find what sounds like a sound, or like a file."
    ),
    "index": Entry(
        "smtui.cli.commands.index", "The index of similar sounds: status, rebuild, check."
    ),
    "inspect": Entry(
        "smtui.cli.commands.inspect", "Analyse files here and now, without a library."
    ),
    "check": Entry("smtui.cli.commands.check", "Check a pack for problems before it goes out."),
    "find": Entry("smtui.cli.commands.find", "Find sounds by a description."),
    "words": Entry("smtui.cli.commands.words", "The language model for find: status, fetch."),
    "duplicates": Entry("smtui.cli.commands.duplicates", "Show files that are the same sound."),
    "forget": Entry("smtui.cli.commands.forget", "Take sounds out of the library; files stay."),
    "relocate": Entry("smtui.cli.commands.relocate", "Say where a renamed drive or folder is now."),
    "folders": Entry("smtui.cli.commands.folders", "Show the folders that were scanned."),
    "user": Entry("smtui.cli.commands.user", "Accounts: add, list, password, disable, token."),
    "services": Entry("smtui.cli.commands.services", "The private servers: status, start, stop."),
    "settings": Entry("smtui.cli.commands.settings", "Show every setting and where it came from."),
    "doctor": Entry(
        "smtui.cli.commands.doctor", "Check this machine and say how to fix what is broken."
    ),
    "bench": Entry("smtui.cli.commands.bench", "Measure how fast smtui analyses on this machine."),
    "worker": Entry(
        "smtui.cli.commands.worker", "Analyse queued sounds (started by smtui itself)."
    ),
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
        command = getattr(
            importlib.import_module(entry.module), f"{cmd_name.replace('-', '_')}_command"
        )
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
