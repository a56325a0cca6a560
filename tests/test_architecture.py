"""The rules of the house that no linter keeps: names, sizes, looks, doors, imports."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "smtui"
STYLES = ROOT / "styles"
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = [
    "numpy",
    "scipy",
    "librosa",
    "numba",
    "soundfile",
    "soxr",
    "motor",
    "pymongo",
    "chromadb",
    "celery",
    "kombu",
    "redis",
    "bcrypt",
    "torch",
    "sentence_transformers",
]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in MODULES:
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_modules_stay_under_600_lines():
    """One idea per file: a lower limit cuts ideas apart, a higher one lets two grow together."""
    long = {named(p): n for p in MODULES if (n := len(p.read_text("utf-8").splitlines())) > 600}
    assert not long


def test_functions_stay_under_40_lines():
    """Counted from `def` to the last line, the docstring left out."""
    long = {}
    for path, tree in trees():
        for function in functions(tree):
            first = function.body[0]
            text = (
                (first.end_lineno or 0) - first.lineno + 1
                if ast.get_docstring(function) is not None
                else 0
            )
            length = (function.end_lineno or 0) - function.lineno + 1 - text
            if length > 40:
                long[f"{named(path)}:{function.name}"] = length
    assert not long


def test_names_say_what_the_value_is():
    word = re.compile(r"(Manager|Helper|Utils?|Engine|Handler|Processor)$")
    bad = [
        f"{named(path)}:{node.name}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and word.search(node.name)
    ]
    bad += [
        named(path)
        for path in MODULES
        if re.search(r"(utils?|helpers?|common|misc)\.py$", path.name)
    ]
    assert not bad


def test_every_module_says_what_it_is():
    assert not [named(path) for path, tree in trees() if not ast.get_docstring(tree)]


def test_no_broad_except():
    """Only what undoes something and raises again may catch everything."""
    bad = []
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler) and ast.unparse(node.body[-1]) != "raise":
                names = (
                    {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)}
                    if node.type
                    else {""}
                )
                if names & {"", "Exception", "BaseException"}:
                    bad.append(f"{named(path)}:{node.lineno}")
    assert not bad


def test_every_screen_has_its_sheet_and_its_tests():
    """One name, three places."""
    screens = {p.parent.name for p in (PACKAGE / "ui").glob("*/screen.py")}
    assert screens
    sheets = {p.stem for p in STYLES.glob("*.tcss")} - {"base"}
    # Small dialogues share the base sheet.
    assert screens == sheets
    tests = {p.parent.name for p in (ROOT / "tests" / "ui").glob("*/test_*.py")}
    assert screens | {"dialogues", "widgets", "draw"} <= tests


def test_looks_live_in_styles():
    colour = re.compile(r"#[0-9a-fA-F]{6}\b|rgb\(")
    bad = []
    for path in (PACKAGE / "ui").rglob("*.py"):
        text = path.read_text("utf-8")
        if "DEFAULT_CSS" in text:
            bad.append(f"{named(path)}: DEFAULT_CSS")
        if path.name != "theme.py" and "draw" not in path.parts and colour.search(text):
            bad.append(f"{named(path)}: colour")
    for sheet in STYLES.glob("*.tcss"):
        if colour.search(sheet.read_text("utf-8")):
            bad.append(f"{named(sheet)}: colour, use a $token")
    assert not bad


def test_screens_run_no_threads():
    bad = [
        named(path)
        for path in (PACKAGE / "ui").rglob("*.py")
        if re.search(r"thread\s*=\s*True|run_in_executor|to_thread", path.read_text("utf-8"))
    ]
    assert not bad


def test_the_loop_is_never_blocked_by_a_sleep():
    bad = []
    for path, tree in trees():
        for function in functions(tree):
            if isinstance(function, ast.AsyncFunctionDef) and "time.sleep(" in ast.unparse(
                function
            ):
                bad.append(f"{named(path)}:{function.name}")
    assert not bad


def loaded_by(code: str) -> set[str]:
    """Top-level packages that a fresh interpreter has loaded after running the code."""
    script = f"{code}\nimport sys\nprint('\\n'.join({{m.partition('.')[0] for m in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import smtui.ui.app",
        "import smtui.settings",
        "import smtui.wiring",
        "import sys; sys.argv = ['smtui', '--help']\n"
        "from smtui.__main__ import main\ntry:\n    main()\nexcept SystemExit:\n    pass",
    ],
    ids=["screen", "settings", "wiring", "help"],
)
def test_the_way_to_the_first_frame_is_light(code: str):
    assert not loaded_by(code) & set(HEAVY)


@pytest.mark.parametrize(
    "name",
    [
        "scan",
        "analyze",
        "batches",
        "cancel",
        "resume",
        "retry",
        "pause",
        "resume-all",
        "watch",
        "list",
        "duplicates",
        "find",
        "words",
        "folders",
        "user",
        "services",
        "settings",
        "doctor",
        "demo",
        "worker",
        "inspect",
    ],
)
def test_the_help_of_a_command_is_light(name: str):
    code = (
        f"import sys; sys.argv = ['smtui', '{name}', '--help']\n"
        "from smtui.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code"
    )
    assert not loaded_by(code) & {*HEAVY, "textual"}


def test_the_project_speaks_of_itself_alone():
    """No machine's paths, no loose ends."""
    bad = []
    sources = [*MODULES, *(ROOT / "tests").rglob("*.py"), ROOT / "README.md", ROOT / "CHANGELOG.md"]
    for path in sources:
        if path == Path(__file__):
            continue
        text = path.read_text("utf-8")
        bad += [
            f"{named(path)}: {mark}"
            for mark in ("TODO", "FIXME", "XXX", "/work/", "shared/samples", "shared/design")
            if re.search(rf"(?<!\w){mark}", text)
        ]
    assert not bad


def test_nobody_is_told_that_smtui_listens_where_it_analyses():
    """A machine that listens is a microphone to whoever reads it. Docstrings are not shown."""
    said = re.compile(r"\b(Listening$|[Ll]isten(s|ing)? to)\b")
    for path, tree in trees():
        unseen = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert id(node) in unseen or not said.search(node.value), f"{path}: {node.value}"
