"""The pane about one sound, as other work shows the same sound again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import cast

from textual.app import App, ComposeResult
from textual.widgets import Static

from smtui.domain.analysis import Analysis, TempoClaim, heard_of
from smtui.domain.errors import ErrorCode, SoundUnreadable
from smtui.domain.picture import Picture
from smtui.domain.sample import FileId
from smtui.services.pictures import Pictures
from smtui.ui.draw.cells import Ink
from smtui.ui.widgets.preview import Preview, about
from tests.ui.test_words_of_others import FOREIGN, NOW, SAMPLE


class _NoPictures:
    async def picture(self, *_: object, **__: object) -> Picture:
        raise SoundUnreadable("No file is there", code=ErrorCode.VANISHED)


class _Pane(App[None]):
    """A preview; what was heard of a sound comes when it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.analysis: asyncio.Future[Analysis] = asyncio.Future()

    def compose(self) -> ComposeResult:
        yield Preview(self._analysis_of, cast("Pictures", _NoPictures()), Ink(), rest=0.0)

    async def _analysis_of(self, file_id: FileId) -> Analysis | None:
        return await asyncio.shield(self.analysis)

    @property
    def words(self) -> str:
        return str(self.query_one(".preview-words", Static).content)


async def test_what_an_analysis_says_stays_while_the_same_sound_is_shown_again() -> None:
    guesses = (TempoClaim(tempo=64.25, confidence=0.2),)
    claims = replace(FOREIGN.measured.claims, tempo_alternatives=guesses)
    measured = replace(FOREIGN.measured, claims=claims)
    analysis = replace(FOREIGN, measured=measured)
    sample = replace(SAMPLE, heard=heard_of(measured, NOW))
    other = replace(sample, tags=("new",))
    whole = str(about(sample, analysis))
    assert whole != str(about(sample, None))
    app = _Pane()
    async with app.run_test() as pilot:
        preview = app.query_one(Preview)
        app.analysis.set_result(analysis)
        await preview.look_at(sample).wait()
        assert app.words == whole
        app.analysis = asyncio.Future()
        preview.look_at(sample)
        await pilot.pause()
        assert app.words == whole
        preview.look_at(other)
        await pilot.pause()
        assert app.words == str(about(other, None))
