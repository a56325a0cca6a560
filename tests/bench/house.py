"""The house in numbers: how large its files are, which stand alone, how its classes are built.

An instrument, no test: `poe house` prints the table, `poe house FOLDER` that of another checkout.
"Alone" is a module that exactly one other module imports, a neighbour in the same folder.
Own classes of a class are those of smtui that it inherits from, itself counted.
"""

from __future__ import annotations

import ast
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PRIVATE_WORDS = frozenset({"told", "asked", "kept", "found", "one", "heard", "written", "read"})
"""Names of functions that say nothing alone."""

FIELD = "PEAK"
"""The field of a sound by which modules that know a field are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A module of the package, with what it is called and its tree."""

    name: str
    lines: int
    tree: ast.Module
    is_package: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """A class of the package: where it is, what it inherits from by name, its own methods."""

    module: str
    name: str
    bases: tuple[str, ...]
    methods: frozenset[str]


def modules_of(package: Path) -> dict[str, Module]:
    """Return the modules under `package` by their dotted names."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        text = path.read_text(encoding="utf-8")
        found[name] = Module(
            name=name,
            lines=len(text.splitlines()),
            tree=ast.parse(text),
            is_package=is_package,
        )
    return found


def imports_of(module: Module, known: Mapping[str, Module]) -> Iterator[str]:
    """Yield the modules of the package that `module` imports, late imports included."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                inside = f"{node.module}.{alias.name}"
                if inside in known:
                    yield inside
                elif node.module in known:
                    yield node.module


def importers(modules: Mapping[str, Module]) -> dict[str, set[str]]:
    """Return who imports each module."""
    by: dict[str, set[str]] = defaultdict(set)
    for module in modules.values():
        for name in imports_of(module, modules):
            if name != module.name:
                by[name].add(module.name)
    return by


def standing_alone(modules: Mapping[str, Module]) -> list[str]:
    """Return the modules that one neighbour alone imports."""
    by = importers(modules)
    return [
        name
        for name, module in modules.items()
        if not module.is_package
        and len(by[name]) == 1
        and next(iter(by[name])).rpartition(".")[0] == name.rpartition(".")[0]
    ]


def imported_names(module: Module) -> dict[str, tuple[str, str]]:
    """Return what `module` calls the names that it imports from others: (module, name)."""
    return {
        alias.asname or alias.name: (node.module or "", alias.name)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def classes_of(modules: Mapping[str, Module]) -> dict[tuple[str, str], Class]:
    """Return the classes that stand at the top of a module, by module and name."""
    found = {}
    for module in modules.values():
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef):
                bases = tuple(ast.unparse(base).split("[")[0] for base in node.bases)
                methods = frozenset(
                    part.name
                    for part in node.body
                    if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
                )
                found[module.name, node.name] = Class(
                    module=module.name, name=node.name, bases=bases, methods=methods
                )
    return found


def ancestors(
    this: Class, classes: Mapping[tuple[str, str], Class], modules: Mapping[str, Module]
) -> set[tuple[str, str]]:
    """Return the own classes that `this` is made of, itself included."""
    names = imported_names(modules[this.module])
    made_of = {(this.module, this.name)}
    for base in this.bases:
        key = names.get(base, (this.module, base))
        if key in classes:
            made_of |= ancestors(classes[key], classes, modules)
    return made_of


def figures(package: Path) -> Iterator[tuple[str, str]]:
    """Yield each measure and its figure."""
    modules = modules_of(package)
    sizes = [module.lines for module in modules.values()]
    yield "modules", str(len(sizes))
    yield "lines", f"{sum(sizes):,}"
    yield "lines of a module: median, most", f"{statistics.median(sizes):.0f}, {max(sizes)}"
    yield "modules that one neighbour alone imports", str(len(standing_alone(modules)))
    classes = classes_of(modules)
    families = {key: ancestors(this, classes, modules) for key, this in classes.items()}
    deepest = max(families, key=lambda key: len(families[key]))
    yield "own classes in one, most", f"{len(families[deepest])} ({deepest[1]})"
    methods = {
        key: len(set().union(*(classes[part].methods for part in family)))
        for key, family in families.items()
    }
    widest = max(methods, key=lambda key: methods[key])
    yield "own methods of one class, most", f"{methods[widest]} ({widest[1]})"
    private = sum(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.strip("_") in PRIVATE_WORDS
        for module in modules.values()
        for node in ast.walk(module.tree)
    )
    yield "functions named by a private word", str(private)
    knowing = sum(
        any(
            isinstance(node, ast.Attribute) and node.attr == FIELD for node in ast.walk(module.tree)
        )
        for module in modules.values()
    )
    yield f"modules that name one field (Field.{FIELD})", str(knowing)


def main() -> None:
    """Print the table of this checkout, or of the one named."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2]
    for what, figure in figures(root / "smtui"):
        print(f"{what:45} {figure}")


if __name__ == "__main__":
    main()
