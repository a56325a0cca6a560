"""What was heard, as the fields of `analyses` for programs that read JSON."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from smtui.domain.analysis import Measurement


def analysis_fields(heard: Measurement, *, analyzed_at: datetime) -> dict[str, object]:
    """Name every field as the documents do; tuples become JSON's arrays by themselves."""
    fields: dict[str, object] = asdict(heard)
    fields["analysis_level"] = str(fields.pop("level"))
    fields["analyzed_at"] = analyzed_at.isoformat(timespec="milliseconds")
    return fields
