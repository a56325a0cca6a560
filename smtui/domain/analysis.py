"""What was heard of a sound: claims with confidence, loudness, spectral features over time.

A *claim* that cannot honestly be made is None: a kick has no tempo, noise has no key.
Times are in seconds from the start of the file, levels in dB relative to full scale,
tempo in beats per minute, confidences from 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NewType

from smtui.domain.account import UserId
from smtui.domain.keys import KEY_NAMES as KEY_NAMES
from smtui.domain.quality import Quality
from smtui.domain.sample import FileId, Heard
from smtui.domain.sample import Level as Level

AnalysisId = NewType("AnalysisId", str)

MAX_SLICES = 64
MFCC_COUNT = 13
CHROMA_COUNT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class TempoClaim:
    """One reading of the tempo: beats per minute and how sure."""

    tempo: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyClaim:
    """One reading of the key: `C` … `B` with sharps, `major` or `minor`, and how sure."""

    key: str
    mode: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KindClaim:
    """One reading of the kind, and how sure."""

    kind: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """How sure the claims are, and what else they could have been, best first."""

    tempo_confidence: float = 0.0
    tempo_alternatives: tuple[TempoClaim, ...] = ()
    key_confidence: float = 0.0
    key_alternatives: tuple[KeyClaim, ...] = ()
    meter_confidence: float = 0.0
    root_confidence: float = 0.0
    kind_alternatives: tuple[KindClaim, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectralFeatures:
    """Features over n ≤ 64 time slices of equal length, each the mean of its frames.

    Attributes:
        times: n slice centres, s.
        spectral_centroid: n values, Hz.
        spectral_rolloff: n values, Hz, below which 85 % of the magnitude lies.
        bandwidth: n values, Hz.
        flatness: n values, 0 (a tone) to 1 (noise).
        rms: n values, linear, full scale is 1.
        mfcc: 13 rows of n values.
        chroma: 12 rows of n values, C first, each slice's largest is 1 (or all 0).
    """

    times: tuple[float, ...] = ()
    spectral_centroid: tuple[float, ...] = ()
    spectral_rolloff: tuple[float, ...] = ()
    bandwidth: tuple[float, ...] = ()
    flatness: tuple[float, ...] = ()
    rms: tuple[float, ...] = ()
    mfcc: tuple[tuple[float, ...], ...] = ()
    chroma: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A part of a sound; parts that sound alike have the same letter, `A` for the first.

    Attributes:
        start, end: s; one segment begins where the one before it ends.
    """

    start: float
    end: float
    letter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PitchTrack:
    """How the pitch of a single note goes.

    Attributes:
        step: s from one value to the next; the first is at 0.
        semitones: MIDI numbers with fractions (69 is A4, 440 Hz), None where nothing is voiced.
    """

    step: float
    semitones: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What one listening found; knows the sound's bytes, not whose file it is.

    Another program's has recipe version 0, and does not say everything.

    Attributes:
        tempo: BPM, or None where there is no beat.
        key: `C` … `B` with sharps, or None where there is no key.
        mode: `major`, `minor`, or None with the key.
        time_signature: beats in a bar and the beat's note value, or None.
        duration: s.
        loudness_lufs: integrated loudness (ITU-R BS.1770-4), None for digital silence.
        loudness_padded: the sound is shorter than the 400 ms window and was zero-padded.
        true_peak_dbtp: dB true peak, None for digital silence.
        root_note: note and octave of a pitched one-shot or drum (`F1`), else None.
        bit_depth: bits of a sample as the header says; None for lossy formats.
        bits_used: of these, how many the samples need: 16 where a 24-bit file has 8 low zeros.
        clipped_samples: in runs at full scale.
        dc_offset: mean of the channel that is furthest from zero, full scale is 1.
        silence_head, silence_tail: s below -60 dB of the peak.
        stereo_correlation: -1 … 1, None for mono.
        kind: kick, snare, clap, hat, cymbal, tom, percussion, bass, chord, lead, vocal, fx, loop,
            music, or None.
        is_loop: True for a loop, False for a one-shot, None for neither, as a piece of music is.
        onsets, beats: s, rising.
        embedding: 768 numbers of single precision in the blocks of `domain.embedding`, else empty.
        processing_time: s that the listening took.
        unsaid: fields, also of `claims`, of which another program says nothing. What stands in
            them only fills them; a claim that it makes without a confidence counts as sure.
    """

    level: Level
    recipe_version: int
    file_hash: str
    duration: float
    processing_time: float
    tempo: float | None = None
    key: str | None = None
    mode: str | None = None
    time_signature: tuple[int, int] | None = None
    claims: Claims = field(default_factory=Claims)
    loudness_lufs: float | None = None
    loudness_padded: bool = False
    true_peak_dbtp: float | None = None
    root_note: str | None = None
    bit_depth: int | None = None
    bits_used: int | None = None
    clipped_samples: int = 0
    dc_offset: float = 0.0
    silence_head: float = 0.0
    silence_tail: float = 0.0
    stereo_correlation: float | None = None
    kind: str | None = None
    kind_confidence: float = 0.0
    is_loop: bool | None = False
    onsets: tuple[float, ...] = ()
    beats: tuple[float, ...] = ()
    spectral_features: SpectralFeatures | None = None
    embedding: tuple[float, ...] = ()
    segments: tuple[Segment, ...] = ()
    pitch_track: PitchTrack | None = None
    harmonic_share: float | None = None
    unsaid: tuple[str, ...] = ()

    @property
    def is_foreign(self) -> bool:
        """True if another program made it."""
        return self.recipe_version == 0

    @property
    def is_silent(self) -> bool:
        """True if it was measured and there is nothing but digital silence."""
        return self.loudness_lufs is None and "loudness_lufs" not in self.unsaid

    @property
    def brief(self) -> Measurement:
        """The measurement without what is long: embedding, cepstra and chroma."""
        features = self.spectral_features and replace(self.spectral_features, mfcc=(), chroma=())
        return replace(self, embedding=(), spectral_features=features)

    def sureness(self, claim: str) -> float | None:
        """Return how sure `tempo`, `key`, `meter` or `kind` is; None where nobody says."""
        name = f"{claim}_confidence"
        if name in self.unsaid:
            return None
        return self.kind_confidence if claim == "kind" else float(getattr(self.claims, name))


_QUALITIES = frozenset(
    {"true_peak_dbtp", "clipped_samples", "dc_offset", "silence_head", "silence_tail"}
)


def quality_of(measured: Measurement) -> Quality | None:
    """Give what the table and its filters know of the material's quality.

    None where another program measured only some of it: a peak that is missing is no silence.
    """
    if not _QUALITIES.isdisjoint(measured.unsaid):
        return None
    return Quality(
        true_peak_dbtp=measured.true_peak_dbtp,
        bit_depth=measured.bit_depth,
        bits_used=measured.bits_used,
        clipped_samples=measured.clipped_samples,
        dc_offset=abs(measured.dc_offset),
        silence_head=measured.silence_head,
        silence_tail=measured.silence_tail,
        stereo_correlation=measured.stereo_correlation,
    )


def heard_of(measured: Measurement, at: datetime) -> Heard:
    """What the row of a sound shows of a measurement."""
    return Heard(
        tempo=measured.tempo,
        tempo_confidence=measured.sureness("tempo"),
        key=measured.key,
        mode=measured.mode,
        key_confidence=measured.sureness("key"),
        root_note=measured.root_note,
        kind=measured.kind,
        kind_confidence=measured.sureness("kind"),
        is_loop=None if "is_loop" in measured.unsaid else measured.is_loop,
        loudness_lufs=measured.loudness_lufs,
        quality=quality_of(measured),
        level=measured.level,
        recipe_version=measured.recipe_version,
        analyzed_at=at,
    )


AiValue = str | float | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AiPart:
    """What a language model said of a sound; another program's words, so inert and bounded.

    Attributes:
        detailed: names (genre, mood, instruments, production_quality) with what is said of each.
    """

    provider: str | None = None
    model: str | None = None
    summary: str | None = None
    detailed: tuple[tuple[str, AiValue], ...] = ()
    production_tips: tuple[str, ...] = ()
    creative_ideas: tuple[str, ...] = ()
    fl_studio_recommendations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """A measurement saved for a file of the library.

    `ai` is of the best analysis of the file that has such a part.
    """

    analysis_id: AnalysisId
    file_id: FileId
    user_id: UserId | None
    analyzed_at: datetime
    measured: Measurement
    ai: AiPart | None = None

    @property
    def importance(self) -> tuple[int, datetime, str]:
        """What the analyses of a file are ranked by: the highest level, then the newest."""
        return self.measured.level.rank, self.analyzed_at, self.analysis_id

    def replaces(self, other: Analysis) -> bool:
        """True if it takes the place of another by the same recipe: of no lower level.

        What was heard of other bytes says nothing about these, at whatever level.
        """
        mine, theirs = self.measured, other.measured
        return mine.level.rank >= theirs.level.rank or mine.file_hash != theirs.file_hash

    @property
    def head(self) -> AnalysisHead:
        """Which analysis it is, without what was heard."""
        return AnalysisHead(
            analysis_id=self.analysis_id,
            file_id=self.file_id,
            user_id=self.user_id,
            analyzed_at=self.analyzed_at,
            level=self.measured.level,
            recipe_version=self.measured.recipe_version,
            file_hash=self.measured.file_hash,
            has_ai=self.ai is not None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisHead:
    """Which analysis of a file it is; enough to tell whether what is remembered of it holds.

    `has_ai`: some analysis of the file has an AI part, which nobody remembers.
    """

    analysis_id: AnalysisId
    file_id: FileId
    user_id: UserId | None
    analyzed_at: datetime
    level: Level
    recipe_version: int
    file_hash: str
    has_ai: bool = False
