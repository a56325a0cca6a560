"""The command line: `commands/` has what can be typed, the files beside it what they share."""
