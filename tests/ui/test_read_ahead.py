"""What a screen opens later is there before its key is pressed."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from smtui.ui import read_ahead
before = {*read_ahead.MODULES} & {*sys.modules}
read_ahead.begin().join()
print(not before, {*read_ahead.MODULES} <= {*sys.modules})
"""


def test_the_first_press_of_a_key_that_opens_a_screen_waits_for_no_import() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "True"]
