"""The pane about one sound, as other work shows the same sound again."""

from __future__ import annotations

from dataclasses import replace

from textual.app import App, ComposeResult
from textual.widgets import Static

from smtui.domain.analysis import TempoClaim, heard_of
from smtui.ui.draw.cells import Ink
from smtui.ui.widgets.preview import Preview, about
from tests.screens.test_words_of_others import FOREIGN, NOW, SAMPLE


class _Pane(App[None]):
    def compose(self) -> ComposeResult:
        yield Preview(Ink())

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
    async with app.run_test():
        preview = app.query_one(Preview)
        preview.show(sample, analysis)
        preview.show(sample)
        assert app.words == whole
        preview.show(other)
        assert app.words == str(about(other, None))
