"""Kinds of drum sounds by the names their makers gave the files: for measuring, not for learning.

Made for the kits of Debian's `hydrogen-drumkits`, whose licences forbid to ship what is
learned from them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import soundfile

from tests.learning.kinds_truth import Known

_SUFFIXES = (".wav", ".flac", ".aiff")
_NAMES = (
    (r"emptysample|gerrit", None),
    (r"djembe\d bass|head", ("percussion", "hand drum bass")),
    (r"djembe", ("percussion", "hand drum")),
    (r"dununba\d bell|kenkeni\d bell|sangban\d bell", ("percussion", "cowbell")),
    (r"agogo", ("percussion", "agogo")),
    (r"tambourine|jingle", ("percussion", "tambourine")),
    (r"cowbell|\bcb\d?_|_cb$|mc_cb", ("percussion", "cowbell")),
    (r"^bl_", ("percussion", "block")),
    (r"woodblock|clave", ("percussion", "block")),
    (r"bongo|conga|cajon", ("percussion", "hand drum")),
    (r"maraca|shake", ("percussion", "shaker")),
    (r"waterglass", ("percussion", "glass")),
    (r"fingersnap", ("clap", "snap")),
    (r"clap", ("clap", "clap")),
    (r"sidestick|rimclick|^rim_|stick|^rs_", ("percussion", "rimshot")),
    (r"kick|^bd|bassdrum|_bd_|_k_\d|powr_bd", ("kick", "kick")),
    (r"snare|^sn|^sd_|^sr_|powr_sn|jsnare|rsnare", ("snare", "snare")),
    (r"tom|^tm|^ft_|^t\d_", ("tom", "tom")),
    (r"hatopen|hihat-open|openhat|hhopen|^ho_|ohh|hihatopen|hat \d op|hat_op|open-p",
     ("hat", "hat open")),
    (r"semi-?open", ("hat", "hat half")),
    (r"pedal|foot|hh_p|hat \d pd", ("hat", "hat pedal")),
    (r"hat|^hh|chh|_hh_|^closehihat", ("hat", "hat closed")),
    (r"ridebell|ride-?_?cup|paistebell|crashride18bell", ("cymbal", "ride bell")),
    (r"splash", ("cymbal", "splash")),
    (r"crashride18bow|ride|^rd|^rc_", ("cymbal", "ride")),
    (r"china", ("cymbal", "china")),
    (r"crash|^cc_|^cra_|cymbal", ("cymbal", "crash")),
    (r"whistle", ("fx", "whistle")),
    (r"[xy]fx", ("fx", "fx")),
)  # fmt: skip


def known_sounds(folder: Path) -> Iterator[Known]:
    """Every file below a folder whose name tells its kind; the source is the kit."""
    for path in sorted(folder.rglob("*")):
        label = name_of(path.stem) if path.suffix.lower() in _SUFFIXES else None
        if label is not None:
            wave, rate = soundfile.read(path, dtype="float32", always_2d=True)
            kit = path.relative_to(folder).parts[0]
            yield Known(kind=label[0], name=label[1], source=kit, wave=wave, rate=rate)


def name_of(stem: str) -> tuple[str, str] | None:
    """Kind and finer name, None where the name does not tell."""
    for pattern, label in _NAMES:
        if re.search(pattern, stem.lower()):
            return label
    return None
