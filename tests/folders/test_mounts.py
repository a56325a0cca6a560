"""A drive in its drawer leaves an empty folder behind; its sounds are not gone."""

from __future__ import annotations

import os
from pathlib import Path

from smtui.folders.mounts import waits_for_drive


def test_what_lies_on_a_drive_that_is_not_mounted_waits_for_it(tmp_path: Path) -> None:
    fstab = tmp_path / "fstab"
    drive = tmp_path / "my drive"
    drive.mkdir()
    written = os.fsencode(drive).replace(b" ", b"\\040")
    fstab.write_bytes(
        b"# comment\n\n/dev/sda1 / ext4 defaults 0 1\nproc /proc proc defaults 0 0\n"
        b"/dev/sda2 none swap sw 0 0\n/dev/sdb1 " + written + b" ext4 noauto 0 0\nbroken\n"
    )
    assert waits_for_drive(os.fsencode(drive), fstab=fstab)
    assert waits_for_drive(os.fsencode(drive / "a/kick.wav"), fstab=fstab)
    assert not waits_for_drive(os.fsencode(drive) + b"s/kick.wav", fstab=fstab)
    assert not waits_for_drive(os.fsencode(tmp_path), fstab=fstab)
    assert not waits_for_drive(b"/proc/1", fstab=fstab)
    fstab.write_bytes(b"")
    os.utime(fstab, ns=(1, 1))
    assert not waits_for_drive(os.fsencode(drive), fstab=fstab)
    assert not waits_for_drive(os.fsencode(drive), fstab=tmp_path / "none")
