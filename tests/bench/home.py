"""A home that is thrown away, and what runs there ended, for a benchmark's private servers."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.local.private_home import Private, home_of_its_own


@contextmanager
def throwaway_home() -> Iterator[Private]:
    """Make it this process's and its children's home."""
    with tempfile.TemporaryDirectory(prefix="smtui-bench-") as folder:
        os.environ["SMTUI_HOME"] = f"{folder}/home"
        homes = home_of_its_own(Path(folder))
        try:
            yield next(homes)
        finally:
            # Ends whatever still runs there.
            next(homes, None)
