"""The rules of the house that no linter keeps: names, sizes, looks, doors, imports."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench import house

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
# Terms of the field, and usual words of engineers, that end as participles and gerunds do.
NOUNS = frozenset(
    {"embedding", "listing", "decoding", "masking", "wiring", "encoding", "mapping", "string"}
)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in MODULES:
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_a_module_of_more_than_600_lines_says_why():
    """One idea per file: a lower limit cuts ideas apart, a higher one lets two grow together."""
    says = re.compile(r"\bone file\b")
    silent = [
        named(path)
        for path, tree in trees()
        if len(path.read_text("utf-8").splitlines()) > 600
        and not says.search(ast.get_docstring(tree) or "")
    ]
    assert not silent


def test_a_class_is_not_spread_over_files_by_inheritance():
    """Whoever reads a class reads at most three files, and at most thirty methods in all."""
    modules = house.modules_of(PACKAGE)
    classes = house.classes_of(modules)
    deep, wide = {}, {}
    for key, this in classes.items():
        family = house.ancestors(this, classes, modules)
        methods = set().union(*(classes[part].methods for part in family))
        if len(family) > 3:
            deep[key] = len(family)
        if len(methods) > 30:
            wide[key] = len(methods)
    assert not deep
    assert not wide


def test_nothing_is_left_to_a_class_that_inherits():
    """A method that only says NotImplementedError hides what a class needs to be given."""
    bad = [
        f"{named(path)}:{node.lineno}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise) and "NotImplementedError" in ast.unparse(node)
    ]
    assert not bad


def test_a_module_that_one_neighbour_alone_imports_says_why():
    """Else it is a chapter of its neighbour, and belongs there."""
    modules = house.modules_of(PACKAGE)
    alone = house.standing_alone(modules)
    says = re.compile(
        r"\bstands?\s+(alone|apart)\b|\bApart\s+from\b|\bin\s+a\s+file\s+of\s+its\s+own\b"
    )
    silent = [
        name for name in alone if not says.search(ast.get_docstring(modules[name].tree) or "")
    ]
    assert not silent


def test_no_function_is_named_by_a_word_that_says_nothing_alone():
    bad = [
        f"{named(path)}:{function.name}"
        for path, tree in trees()
        for function in functions(tree)
        if function.name.strip("_") in house.PRIVATE_WORDS
    ]
    assert not bad


def test_modules_are_named_by_what_they_hold():
    """A noun of the field or an engineer's, no bare participle or gerund."""
    word = re.compile(r"(?:^|_)[a-z]+(?:ing|ed)$")
    bad = [
        named(path)
        for path in MODULES
        if word.search(path.stem) and path.stem.rpartition("_")[2] not in NOUNS
    ]
    assert not bad


def test_a_name_of_a_file_is_there_once_in_a_room():
    """A room is a folder of the package, with the folders in it; each screen and store is one."""
    bad = []
    for room in (*PACKAGE.iterdir(), *(PACKAGE / "stores").iterdir(), *(PACKAGE / "ui").iterdir()):
        if room.name in {"stores", "ui"}:
            continue
        names = [path.name for path in room.rglob("*.py") if path.name != "__init__.py"]
        bad += [f"{named(room)}: {name}" for name in {*names} if names.count(name) > 1]
    assert not bad


def test_the_map_of_the_readme_names_every_room():
    text = (ROOT / "README.md").read_text("utf-8")
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    told = set(re.findall(r"`smtui/(\w+)`", text.partition("## Where things are")[2]))
    assert told == rooms


def test_the_glossary_stays_short():
    """Every other word of the code is plain English or the field's own."""
    text = (ROOT / "README.md").read_text("utf-8").partition("### Words of the code")[2]
    words = re.findall(r"^- \*\*(.+?)\*\*", text.partition("\n#")[0], re.MULTILINE)
    assert 0 < len(words) <= 40


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
