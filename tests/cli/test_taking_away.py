"""`smtui forget` and `smtui relocate`, as a person types them."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.cli.test_library_commands import _servers_end, put, scan, smtui

__all__ = ["_servers_end"]


def names(*query: str) -> list[str]:
    lines = smtui("list", *query).stdout.splitlines()
    return sorted(Path(line.split("\t")[0]).name for line in lines)


def test_nothing_is_forgotten_without_a_yes(tmp_path: Path) -> None:
    for seed in range(7):
        put(tmp_path / f"a/k{seed}.wav", seed)
    scan(tmp_path / "a")
    looked = smtui("forget", "k")
    assert looked.returncode == 1
    assert looked.stderr == "smtui: Nothing was changed. With --yes it is done.\n"
    assert looked.stdout.splitlines()[0] == "7 sounds:"
    assert f"  {tmp_path}/a/k0.wav" in looked.stdout
    assert "  and 2 more" in looked.stdout
    assert len(names()) == 7
    done = smtui("forget", "k3", "--yes")
    assert done.stdout.endswith("1 sound forgotten. No file was touched.\n")
    assert names() == [f"k{seed}.wav" for seed in (0, 1, 2, 4, 5, 6)]
    assert (tmp_path / "a/k3.wav").is_file()
    assert smtui("forget", "nothing of the kind", "--yes").stdout.startswith("No sounds match")


def test_without_a_filter_nothing_is_forgotten(tmp_path: Path) -> None:
    assert smtui("forget", "--yes").returncode == 2
    assert smtui("forget", "  ", "--yes").returncode == 2
    late = smtui("forget", "--", "--yes")
    assert (late.returncode, "write it before" in late.stderr) == (2, True)
    mistaken = smtui("forget", "bmp:120", "--yes")
    assert mistaken.returncode == 1
    assert "Did you mean bpm:?" in mistaken.stderr


def test_a_copied_folder_is_relocated(tmp_path: Path) -> None:
    for seed in range(3):
        put(tmp_path / f"old/k{seed}.wav", seed)
    scan(tmp_path / "old")
    shutil.copytree(tmp_path / "old", tmp_path / "new")
    shutil.rmtree(tmp_path / "old")
    looked = smtui("relocate", tmp_path / "old", tmp_path / "new")
    assert looked.stdout.startswith("3 sounds of OLD found at NEW.\n")
    assert (looked.returncode, looked.stderr[-23:]) == (1, "With --yes it is done.\n")
    done = smtui("relocate", tmp_path / "old", tmp_path / "new", "--yes")
    assert done.stdout.endswith("3 sounds relocated. No file was touched.\n")
    assert scan().stdout == "3 sounds: 3 unchanged.\n"
    assert names(f"in:{tmp_path}/new") == ["k0.wav", "k1.wav", "k2.wav"]


def test_a_relocation_to_where_files_are_lacking_is_refused(tmp_path: Path) -> None:
    for seed in range(3):
        put(tmp_path / f"old/k{seed}.wav", seed)
    scan(tmp_path / "old")
    shutil.copytree(tmp_path / "old", tmp_path / "new")
    shutil.rmtree(tmp_path / "old")
    (tmp_path / "new/k1.wav").unlink()
    refused = smtui("relocate", tmp_path / "old", tmp_path / "new", "--yes")
    assert refused.returncode == 1
    assert f"1 sound not at NEW:\n  {tmp_path}/old/k1.wav" in refused.stdout
    assert "nothing was changed" in refused.stderr
    assert len(names(f"in:{tmp_path}/old")) == 3
    partly = smtui("relocate", tmp_path / "old", tmp_path / "new", "--yes", "--partly")
    assert partly.stdout.endswith("2 sounds relocated. No file was touched.\n")
    assert names(f"in:{tmp_path}/old") == ["k1.wav"]
