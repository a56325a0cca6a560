"""What other programs say of a sound, on the detail screen: whole, inert, nothing made up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from smtui.domain.analysis import (
    AiPart,
    Analysis,
    AnalysisId,
    Level,
    Measurement,
    SpectralFeatures,
    heard_of,
)
from smtui.domain.sample import Sample
from smtui.stores.mongo.analysis_codec import analysis_of
from smtui.ui.detail.screen import DetailScreen
from smtui.ui.draw.cells import Ink
from smtui.ui.draw.phrases import remark_lines
from smtui.ui.widgets.claims import Claims, Known, in_a_line
from smtui.ui.widgets.curves import Curves
from smtui.ui.widgets.preview import about
from tests.ui.screen_home import Home, OpenApp, Sound, press, seen, settle

NOW = datetime(2025, 3, 1, tzinfo=UTC)
SAID = AiPart(
    provider="google_ai",
    model="gemini",
    summary="A dry kick.\x1b[31m\u202eevil",
    detailed=(("genre", "techno"), ("instruments", ("drums", "bass")), ("quality", 8.5)),
    production_tips=tuple(f"Tip number {number}." for number in range(40)),
)
FOREIGN = analysis_of(
    {
        "analysis_id": "1",
        "file_id": "1",
        "tempo": 128.5,
        "key": "C",
        "mode": "major",
        "time_signature": [4, 4],
        "analysis_level": "full",
        "spectral_features": {
            "spectral_centroid": [1000.0, 2000.0, 3000.0, 4000.0],
            "spectral_rolloff": [5000.0] * 4,
        },
    }
)
SAMPLE = Sample(
    file_id=FOREIGN.file_id,
    filename="kick.wav",
    file_path="/a/kick.wav",
    file_size=1,
    duration=4.0,
    sample_rate=44_100,
    channels=1,
    format="wav",
    user_id=None,
    uploaded_at=NOW,
    file_hash="",
    mtime_ns=0,
    metadata={"title": "My Track", "artist": "John Doe"},
)


def column() -> list[str]:
    widget = Claims()
    widget.show(Known(sample=SAMPLE, analysis=FOREIGN))
    return str(widget.render()).split("\n")


def test_what_another_program_does_not_say_is_no_number_and_no_silence() -> None:
    lines = {" ".join(line.split()) for line in column()}
    assert {"BPM 128.5", "key C", "meter 4/4", "loudness -", "type -", "kind -"} <= lines
    whole = "\n".join((*column(), str(in_a_line(Known(sample=SAMPLE, analysis=FOREIGN)))))
    for made_up in ("silent", "one-shot", " .00", " 1.0", "recipe 0"):
        assert made_up not in whole
    row = replace(SAMPLE, heard=heard_of(FOREIGN.measured, NOW))
    pane = str(about(row, FOREIGN))
    assert "128.5 BPM" in pane
    for made_up in ("silent", "one-shot", " .00", " 1.0"):
        assert made_up not in pane


def test_labels_are_apart_from_what_they_say() -> None:
    lines = column()
    assert any(line.split() == ["title", "My", "Track"] for line in lines)
    assert any(line.split() == ["artist", "John", "Doe"] for line in lines)


def test_what_smtui_found_silent_is_still_called_so() -> None:
    silent = Measurement(
        level=Level.BASIC, recipe_version=1, file_hash="x", duration=1.0, processing_time=0.1
    )
    known = replace(FOREIGN, measured=silent)
    assert "silent" in str(in_a_line(Known(sample=SAMPLE, analysis=known)))


class Drawn(App[None]):
    def compose(self) -> ComposeResult:
        yield Curves(Ink(ascii=True))


async def drawn_curves(features: SpectralFeatures) -> str:
    app = Drawn()
    async with app.run_test(size=(60, 24)):
        curves = app.query_one(Curves)
        curves.show(features, 0.0, 4.0, duration=4.0)
        return str(curves.render())


async def test_curves_without_times_are_drawn_over_the_duration() -> None:
    features = FOREIGN.measured.spectral_features
    assert features is not None
    plot = await drawn_curves(features)
    assert "spectral centroid" in plot
    assert "spectral rolloff" in plot
    rows = [line for line in plot.split("spectral rolloff")[0].split("\n") if "*" in line]
    # It rises from the left to the right, over nearly the whole width.
    assert rows[-1].index("*") < 20 < 45 < rows[0].rindex("*")


def test_the_words_of_a_language_model_are_inert_and_fit() -> None:
    lines = remark_lines(SAID, 40)
    assert all(len(line) <= 40 and line.isprintable() for line in lines)
    assert {"Genre", "  techno", "  drums, bass", "  8.5"} <= {*lines}
    endless = remark_lines(replace(SAID, summary="word " * 10_000), 20)
    assert len(endless) == 501


@pytest.fixture
async def opened_sound(home: Home, open_app: OpenApp) -> AsyncIterator[Pilot[None]]:
    await home.sign_up()
    async with home.open_services():
        await home.add_now(Sound(name="kick.wav"))
        assert home.documents is not None
        measured = Measurement(
            level=Level.FULL,
            recipe_version=1,
            file_hash="x",
            duration=1.0,
            processing_time=0.1,
        )
        await home.documents.analyses.save(
            Analysis(
                analysis_id=AnalysisId("1"),
                file_id=home.files["kick.wav"],
                user_id=None,
                analyzed_at=NOW,
                measured=measured,
                ai=SAID,
            )
        )
    async with open_app(size=(80, 24)) as pilot:
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, DetailScreen)
        await settle(pilot.app)
        yield pilot


async def test_all_that_a_language_model_said_can_be_read_by_keys_alone(
    opened_sound: Pilot[None],
) -> None:
    app = opened_sound.app
    for _ in range(4):
        if "Production tips" in seen(app):
            break
        await press(opened_sound, "v")
    assert "google_ai gemini" in seen(app)
    assert "A dry kick." in seen(app)
    assert "\x1b[31m" not in seen(app)
    assert "Tip number 39." not in seen(app)
    await press(opened_sound, *["j"] * 60)
    await asyncio.sleep(0)
    assert "Tip number 39." in seen(app)
    await press(opened_sound, "v")
    assert "Tip number 39." not in seen(app)
