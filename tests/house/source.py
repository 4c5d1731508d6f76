"""What the code says of itself: its modules, their imports, and the addresses and templates that it names."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("superpixel_site", "selector", "gallery", "library", "accounts", "curating", "api", "benchmarks", "docs")
# {% url 'app:name' %} and {% include "app/partial.html" %}, in either kind of quotes.
URL = re.compile(r"""{%\s*url\s+['"](\w+):""")
TEMPLATE = re.compile(r"""{%\s*(?:include|extends)\s+['"](\w+)/""")
LOAD = re.compile(r"{%\s*load\s+([\w\s]+?)\s*%}")
NAMESPACED = re.compile(r"(selector|gallery|library|accounts|curating|api):\w+")


@cache
def modules() -> dict[str, Path]:
    """Every module of ours by its dotted name, migrations left out."""
    files = [
        file for package in PACKAGES for file in (ROOT / package).rglob("*.py") if file.parent.name != "migrations"
    ]
    return {module_name(file): file for file in files}


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports() -> dict[str, set[str]]:
    """What each module imports of ours, also within functions and for type checkers alone."""
    known = modules()
    found: dict[str, set[str]] = {name: set() for name in known}
    for name, file in known.items():
        for node in ast.walk(tree_of(file)):
            found[name] |= {target for target in targets(node) if target in known and target != name}
    return found


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def members(module: str) -> set[str]:
    """The functions and classes that a module defines."""
    body = tree_of(modules()[module]).body
    return {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def targets(node: ast.AST) -> Iterator[str]:
    """The modules that an import statement may name: `from a import b` names a.b if that is a module, else a."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        submodules = [f"{node.module}.{alias.name}" for alias in node.names]
        inner = [name for name in submodules if name in modules()]
        yield from inner
        if len(inner) < len(submodules):
            yield node.module


def room(module: str) -> str:
    """The first part of a module's name under its app; empty for the app itself."""
    return module.split(".")[1] if "." in module else ""


def arrows(app: str) -> dict[tuple[str, str], set[str]]:
    """The pairs of rooms of an app of which one imports the other, each with the modules that do."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for name, imported in imports().items():
        for target in imported:
            if name.startswith(f"{app}.") and target.startswith(f"{app}.") and room(name) != room(target):
                found[room(name), room(target)].add(f"{name} -> {target}")
    return dict(found)


def cycle() -> list[str]:
    """Modules that import each other in a circle; none if there is no circle."""
    graph, done, path = imports(), set[str](), list[str]()

    def visit(name: str) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        path.append(name)
        for target in sorted(graph[name]):
            if found := visit(target):
                return found
        path.pop()
        done.add(name)
        return []

    return next((found for name in sorted(graph) if (found := visit(name))), [])


def names_in_templates() -> Iterator[tuple[Path, str, str]]:
    """Of each template of an app: the file, the app it belongs to, and an app that it names."""
    for app in PACKAGES:
        for file in sorted((ROOT / "templates" / app).rglob("*.html")):
            text = file.read_text(encoding="utf-8")
            tags = " ".join(LOAD.findall(text)).split()
            libraries = {tag: owner for owner in PACKAGES for tag in tag_libraries(owner)}
            named = {*URL.findall(text), *TEMPLATE.findall(text), *(libraries[tag] for tag in tags if tag in libraries)}
            yield from ((file, app, other) for other in sorted(named) if other in PACKAGES)


def tag_libraries(app: str) -> set[str]:
    return {file.stem for file in (ROOT / app / "templatetags").glob("*.py") if file.stem != "__init__"}


def names_in_python() -> Iterator[tuple[Path, str, str]]:
    """Of each module: the file, its app, and an app whose addresses or templates a string in it names."""
    for module, file in modules().items():
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                match = NAMESPACED.fullmatch(node.value) or re.fullmatch(r"(\w+)/\w+\.html", node.value)
                if match and match.group(1) in PACKAGES:
                    yield file, module.partition(".")[0], match.group(1)
