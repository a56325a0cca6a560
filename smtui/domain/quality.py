"""How clean the material is: what somebody who prepares a pack looks at before it goes out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What was measured of the samples themselves.

    Attributes:
        true_peak_dbtp: dB true peak, None for digital silence.
        bit_depth: bits of a sample as the header says, None for lossy formats.
        bits_used: bits of a sample that are really used, None for lossy formats.
        clipped_samples: in runs at full scale.
        dc_offset: how far the mean of the worst channel is from zero; full scale is 1.
        silence_head, silence_tail: s below -60 dB of the peak.
        stereo_correlation: -1 … 1, None for mono.
    """

    true_peak_dbtp: float | None = None
    bit_depth: int | None = None
    bits_used: int | None = None
    clipped_samples: int = 0
    dc_offset: float = 0.0
    silence_head: float = 0.0
    silence_tail: float = 0.0
    stereo_correlation: float | None = None
