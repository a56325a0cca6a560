"""Builds the Java server of `tests/servers/mongo` once, outside of the source tree.

`python3 -m tests.servers.mongo_jar` builds it beforehand; needs nothing but Python, Java and Maven.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).with_name("mongo")
_BUILD_SECONDS = 900


class CannotBuild(Exception):
    """No jar and none can be built here; the text says why and what to install."""


def cache_folder() -> Path:
    """Give the folder where it is kept: SMTUI_TEST_CACHE, else the person's cache folder."""
    named = os.environ.get("SMTUI_TEST_CACHE")
    if named:
        return Path(named)
    general = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(general) / "smtui-tests"


def jar() -> Path:
    """Give the jar of the present sources, built if need be; raises CannotBuild."""
    sources = sorted(path for path in PROJECT.rglob("*") if path.suffix in {".xml", ".java"})
    digest = hashlib.blake2b(b"".join(path.read_bytes() for path in sources), digest_size=8)
    built = cache_folder() / f"mongo-{digest.hexdigest()}.jar"
    if not shutil.which("java"):
        raise CannotBuild("there is no Java (Debian's package: default-jdk-headless)")
    if not built.exists():
        _build(built)
    return built


def _build(wanted: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise CannotBuild("there is no Maven (Debian's package: maven)")
    wanted.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=wanted.parent) as folder:
        command = [maven, "-q", "-B", f"-Dbuilt={folder}", "package"]
        try:
            done = subprocess.run(
                command,
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_BUILD_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise CannotBuild(f"Maven took more than {_BUILD_SECONDS} s") from error
        if done.returncode:
            raise CannotBuild(f"Maven failed: {(done.stdout + done.stderr).strip()[:2000]}")
        # Into place in one step: another run may be building the same.
        (Path(folder) / "mongo.jar").replace(wanted)


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{jar()}\n")
    except CannotBuild as reason:
        sys.exit(str(reason))
