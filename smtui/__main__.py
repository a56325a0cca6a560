"""Start smtui: bare, straight to the screen; with arguments, through the command parser."""

from __future__ import annotations

import sys

from smtui.audio.decoder_messages import discard_decoder_messages
from smtui.cli.defects import report_defects


def main() -> None:
    """Run smtui with the process's arguments."""
    if sys.platform == "win32":
        sys.stderr.write("smtui runs on Linux and macOS. On Windows, use it inside WSL.\n")
        raise SystemExit(2)
    discard_decoder_messages()
    report_defects()
    if len(sys.argv) > 1:
        from smtui.cli.app import app

        app(prog_name="smtui")
    else:
        from smtui.cli.screen import open_screen

        open_screen()


if __name__ == "__main__":
    main()
