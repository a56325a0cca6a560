"""Numbers to terminal cells: pure functions, usable without Textual."""
