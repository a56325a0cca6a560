"""A picture from what was heard, for a sound whose file is gone: the stored slices, drawn coarsely.

The timbre of a slice is kept as 13 mel-frequency cepstral coefficients, a cosine series over the
mel scale (`domain.mel`); summing the series gives back the smooth outline of its spectrum (Davis &
Mermelstein 1980). Levels are near, not calibrated.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from smtui.domain.analysis import MFCC_COUNT, Measurement, SpectralFeatures
from smtui.domain.mel import HIGHEST_HZ, MEL_BANDS, hertz_to_mel
from smtui.domain.picture import Picture, PictureRequest, View

_SILENT_DB = -120.0


def drawn(request: PictureRequest, heard: Measurement) -> Picture | None:
    """Draw what the slices tell; None where none were kept."""
    features = heard.spectral_features
    if features is None or not features.times or not features.rms:
        return None
    start, end = _span(request, heard.duration)
    low, high = _axis(request)
    loudest = max(features.rms)
    if request.view is View.WAVEFORM:
        levels, height, peak = _outline(features, request, heard.duration), 2, 0.0
    else:
        height = max(request.height, 1)
        # A sine's level is 3 dB above its root mean square's.
        peak = 20 * math.log10(loudest) + 3 if loudest > 0 else _SILENT_DB
        levels = _bands(features, request, heard.duration)
    return Picture(
        width=max(request.width, 1),
        height=height,
        levels=levels,
        start=start,
        end=end,
        duration=heard.duration,
        low_hz=low,
        high_hz=high,
        peak_db=peak,
        range_db=request.range_db,
        log=request.log,
        from_slices=True,
    )


def _span(request: PictureRequest, duration: float) -> tuple[float, float]:
    start = min(max(request.start, 0.0), duration)
    end = duration if request.end is None else min(request.end, duration)
    return (start, end) if end > start else (0.0, duration)


def _axis(request: PictureRequest) -> tuple[float, float]:
    high = min(request.high_hz or HIGHEST_HZ, HIGHEST_HZ)
    low = min(max(request.low_hz, 0.0), high / 2)
    return (max(low, high / 10_000) if request.log else low), high


def _columns(features: SpectralFeatures, request: PictureRequest, duration: float) -> Iterator[int]:
    """For each column of the picture the slice that it shows."""
    start, end = _span(request, duration)
    width, count = max(request.width, 1), len(features.rms)
    for column in range(width):
        time = start + (end - start) * (column + 0.5) / width
        yield min(int(time / duration * count), count - 1) if duration > 0 else 0


def _outline(features: SpectralFeatures, request: PictureRequest, duration: float) -> bytes:
    """A waveform's lowest and highest samples, as far as the loudness of slices tells them."""
    peaks = [
        min(round(127 * math.sqrt(2) * features.rms[slice_]), 127)
        for slice_ in _columns(features, request, duration)
    ]
    return bytes([128 - peak for peak in peaks] + [128 + peak for peak in peaks])


def _bands(features: SpectralFeatures, request: PictureRequest, duration: float) -> bytes:
    """Bytes of a spectrogram, highest row first."""
    height = max(request.height, 1)
    low, high = _axis(request)
    series = [_cosines(_hertz(low, high, request, (row + 0.5) / height)) for row in range(height)]
    columns = list(_columns(features, request, duration))
    used = sorted(set(columns))
    spectra = {
        slice_: [sum(c * w for c, w in zip(coefficients, row, strict=False)) for row in series]
        for slice_ in used
        for coefficients in [[band[slice_] for band in features.mfcc]]
        if features.rms[slice_] > 0
    }
    top = max((max(spectrum) for spectrum in spectra.values()), default=0.0)
    silent = [top - request.range_db] * height
    rows = [spectra.get(slice_, silent) for slice_ in columns]
    scale = 255 / request.range_db
    return bytes(
        min(max(round(255 + (rows[column][row] - top) * scale), 0), 255)
        for row in range(height)
        for column in range(len(rows))
    )


def _hertz(low: float, high: float, request: PictureRequest, place: float) -> float:
    """Frequency at a place from 0, the top, to 1."""
    if request.log:
        return high * math.exp(place * math.log(low / high))
    return high - (high - low) * place


def _cosines(hertz: float) -> list[float]:
    """What each coefficient weighs at a frequency: the orthonormal DCT-III's column."""
    turn = math.pi * hertz_to_mel(hertz) / hertz_to_mel(HIGHEST_HZ)
    weights = [math.sqrt(2 / MEL_BANDS) * math.cos(turn * k) for k in range(1, MFCC_COUNT)]
    return [math.sqrt(1 / MEL_BANDS), *weights]
