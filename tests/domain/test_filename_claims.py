"""What names and tags claim: a table of real ways to name sounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtui.domain.filename_claims import Said, said_by_tags, said_in

NAMES: list[tuple[str, float | None, str]] = [
    # Tempo and key as packs write them.
    ("bd_126_Am.wav", 126, "A minor"),
    ("SH_Loop_124_Cmin_03.wav", 124, "C minor"),
    ("95_Dm_Keys.wav", 95, "D minor"),
    ("bd_haus_126_A.wav", 126, "A -"),
    ("OS_NC_140_Gmin_Hypnotic.wav", 140, "G minor"),
    ("DS_TLC_85_bass_loop_slider_Abmin.wav", 85, "G# minor"),
    ("PMDF_115_C_Drums_Full.wav", 115, "C -"),
    ("Cymatics - Melody Loop 7 - 140 BPM D Min.wav", 140, "D minor"),
    ("A Minor Melody 88 BPM.wav", 88, "A minor"),
    ("key of C sharp minor 100bpm.aif", 100, "C# minor"),
    ("C#m_174.5_reese.wav", 174.5, "C# minor"),
    ("126Am.wav", 126, "A minor"),
    ("Fmin126.wav", 126, "F minor"),
    ("124bpmFmin.wav", 124, "F minor"),
    ("Em_Bass_Loop_95.wav", 95, "E minor"),
    ("loop_128BPM_G.wav", 128, "G -"),
    ("FM_Bass_128_G#.wav", 128, "G# -"),
    ("DJ_Arp (126 BPM) [Bbmaj].wav", 126, "A# major"),
    ("vocal-am7-90bpm.wav", 90, "- -"),
    ("Rhodes Am7 90 BPM.wav", 90, "A minor"),
    # Tempo alone.
    ("140bpm.wav", 140, "- -"),
    ("Break 174 bpm.flac", 174, "- -"),
    ("bpm128 hat.wav", 128, "- -"),
    ("Tempo_90_top.wav", 90, "- -"),
    ("Loop_124.wav", 124, "- -"),
    ("House_126_Synth.wav", 126, "- -"),
    ("128 - Artist - Title.mp3", 128, "- -"),
    ("22-140 BPM_pad.wav", 140, "- -"),
    ("89,5 bpm.wav", 89.5, "- -"),
    # Key alone.
    ("Fmin.wav", None, "F minor"),
    ("F#m.wav", None, "F# minor"),
    ("Bb maj.wav", None, "A# major"),
    ("D♭ minor pad.wav", None, "C# minor"),
    ("pad_EMAJ.wav", None, "E major"),
    ("KSHMR_Kick_22_(F#).wav", None, "F# -"),
    ("Piano_C4.wav", None, "C -"),
    ("808_F#1.wav", None, "F# -"),
    ("chords_Am_F_C_G.wav", None, "A minor"),
    ("Stab Hdur key E.wav", None, "E -"),
    # Numbers that are no tempo.
    ("VEC1_kick_017.wav", None, "- -"),
    ("TR808_Kick_03.wav", None, "- -"),
    ("808 Kick.wav", None, "- -"),
    ("909_hat_2.wav", None, "- -"),
    ("Kick 120.wav", None, "- -"),
    ("Snare_100_bright.wav", None, "- -"),
    ("Take 120.wav", None, "- -"),
    ("Vol 100 loop.wav", None, "- -"),
    ("Juno 106 Pad.wav", None, "- -"),
    ("SH-101 Bass.wav", None, "- -"),
    ("room_44100.wav", None, "- -"),
    ("snare_96k_24bit.wav", None, "- -"),
    ("Drums 24-96.wav", None, "- -"),
    ("1999_kick.wav", None, "- -"),
    ("2019-07-14 field.wav", None, "- -"),
    ("60 Snare.wav", None, "- -"),
    ("Sine 100 Hz.wav", None, "- -"),
    ("120-140bpm.wav", None, "- -"),
    ("loop 100bpm to 120bpm.wav", None, "- -"),
    ("Loop 400bpm.wav", None, "- -"),
    ("loop_090.wav", None, "- -"),
    # Letters that are no key.
    ("Kick_A.wav", None, "- -"),
    ("A1.wav", None, "- -"),
    ("FM Bass.wav", None, "- -"),
    ("GM_Kit.wav", None, "- -"),
    ("a beat.wav", None, "- -"),
    ("admin.wav", None, "- -"),
    ("Dm to Am.wav", None, "- -"),
    ("am.wav", None, "- -"),
    (".wav", None, "- -"),
    ("", None, "- -"),
]


def told(said: Said) -> tuple[float | None, str]:
    return said.tempo, f"{said.key or '-'} {said.mode or '-'}"


@pytest.mark.parametrize(("filename", "tempo", "key"), NAMES, ids=[name for name, *_ in NAMES])
def test_a_name_claims_what_a_musician_reads_in_it(
    filename: str, tempo: float | None, key: str
) -> None:
    assert told(said_in(filename)) == (tempo, key)


@pytest.mark.parametrize(
    ("metadata", "tempo", "key"),
    [
        ({"bpm": 124.0, "key": "Am"}, 124, "A minor"),
        ({"bpm": "124.5", "key": "8A"}, 124.5, "A minor"),
        ({"bpm": 0.0, "key": "12B"}, None, "E major"),
        ({"bpm": 999.0, "key": "1m"}, None, "A minor"),
        ({"key": "3d"}, None, "D major"),
        ({"key": "Bbm"}, None, "A# minor"),
        ({"key": "c minor"}, None, "C minor"),
        ({"key": "F# min"}, None, "F# minor"),
        ({"key": "D♭ Major"}, None, "C# major"),
        ({"key": "G"}, None, "G major"),
        ({"key": "o"}, None, "- -"),
        ({"key": "13A"}, None, "- -"),
        ({"key": 5, "bpm": "fast"}, None, "- -"),
        ({"title": "Am 120 bpm"}, None, "- -"),
        ({"bpm": float("nan")}, None, "- -"),
    ],
    ids=str,
)
def test_tags_claim_what_taggers_write(
    metadata: dict[str, str | float], tempo: float | None, key: str
) -> None:
    assert told(said_by_tags(metadata)) == (tempo, key)


@given(st.text(max_size=300))
def test_no_name_breaks_the_reading(name: str) -> None:
    said = said_in(name)
    assert said.tempo is None or 30 <= said.tempo <= 300
    assert said.key is not None or said.mode is None
    said_by_tags({"key": name, "bpm": name})
