"""Public array functions of pure modules have numpydoc docstrings that name what they take and say what they give."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.pure.test_purity import PURE, ROOT, files_of

NAMES = (ast.Name, ast.Attribute)
# A heading, underlined, of a section.
HEADING = re.compile(r"^(\w[\w ]*)\n-{3,}$", re.MULTILINE)


def names_in(node: ast.AST | None) -> set[str]:
    """The names that an expression mentions: of `npt.NDArray[np.uint8] | None` npt, np, NDArray and uint8."""
    parts = ast.walk(node) if node else ()
    return {part.id if isinstance(part, ast.Name) else part.attr for part in parts if isinstance(part, NAMES)}


def assignments(body: list[ast.stmt]) -> Iterator[tuple[str, set[str]]]:
    """What a module gives names to, such as types: each name, and the names mentioned on the right."""
    for node in body:
        if isinstance(node, ast.Assign):
            yield from ((target.id, names_in(node.value)) for target in node.targets if isinstance(target, ast.Name))
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, names_in(node.value)


def array_types() -> set[str]:
    """NumPy's own names for arrays, and the names that pure modules give to types made of them, such as `Labels`."""
    named = [
        pair for place in PURE for file in files_of(place) for pair in assignments(ast.parse(file.read_text()).body)
    ]
    known = {"NDArray", "ndarray"}
    while more := {name for name, mentioned in named if mentioned & known} - known:
        known |= more
    return known


ARRAY_TYPES = array_types()


def parameters_of(function: ast.FunctionDef) -> list[ast.arg]:
    """All parameters of a function, but for the one that a method is called on."""
    given = function.args
    several = [one for one in (given.vararg, given.kwarg) if one]
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs, *several]
    return [one for one in named if one.arg not in ("self", "cls")]


def is_about_arrays(function: ast.FunctionDef) -> bool:
    """Whether an array is among the types of what a function takes and gives."""
    annotations = [one.annotation for one in parameters_of(function)] + [function.returns]
    return any(names_in(annotation) & ARRAY_TYPES for annotation in annotations)


def public_functions(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    """Functions and methods whose names, and those of their classes, have no underscore in front."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node.body, f"{prefix}{node.name}.")
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield prefix + node.name, node


def sections(docstring: str) -> dict[str, str]:
    """The parts of a numpydoc docstring by their headings; under the empty one what stands before all others."""
    pieces = HEADING.split(docstring)
    return {"": pieces[0], **dict(zip(pieces[1::2], pieces[2::2], strict=True))}


def described(section: str) -> list[str]:
    """The parameters that a section of a docstring describes: the lines at its margin, `one, other : type`."""
    lines = [line for line in section.splitlines() if line and not line[0].isspace()]
    return [name.strip().lstrip("*") for line in lines for name in line.partition(":")[0].split(",")]


def faults(function: ast.FunctionDef) -> list[str]:
    """What the docstring of a function lacks."""
    found = sections(ast.get_docstring(function) or "")
    parameters = [one.arg for one in parameters_of(function)]
    missing = [] if found[""].strip() else ["summary"]
    if described(found.get("Parameters", "")) != parameters:
        missing.append(f"Parameters: {', '.join(parameters)}")
    is_property = any("property" in names_in(decorator) for decorator in function.decorator_list)
    gives_nothing = isinstance(function.returns, ast.Constant) and function.returns.value is None
    if not gives_nothing and not is_property and not found.keys() & {"Returns", "Yields"}:
        missing.append("Returns")
    return missing


def array_functions(place: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    """The public functions about arrays in a pure place, by file and name."""
    for file in files_of(place):
        for name, function in public_functions(ast.parse(file.read_text()).body):
            if is_about_arrays(function):
                yield f"{file.relative_to(ROOT)}: {name}", function


@pytest.mark.parametrize("place", PURE)
def test_public_array_functions_say_what_they_take_and_give(place: str) -> None:
    found = {name: faults(function) for name, function in array_functions(place)}
    lacking = [f"{name} lacks {'; '.join(missing)}" for name, missing in found.items() if missing]
    assert not lacking, "\n".join(lacking)


def test_there_are_functions_to_look_at() -> None:
    assert sum(1 for place in PURE for _ in array_functions(place)) > 70


def test_what_is_missing_is_found() -> None:
    source = '''
def area(mask: Mask, share: float) -> float:
    """The pixels of a mask.

    Parameters
    ----------
    mask : bool ndarray, shape (H, W)
    """

def fill(mask: Mask) -> None:
    """Fill a mask."""

class Tree:
    def cut(self, level: int) -> Labels:
        """Regions.

        Parameters
        ----------
        level : int

        Returns
        -------
        uint16 ndarray, shape (n,)
        """

    def depth(self, node: int) -> int: ...

    def _walk(self) -> Labels: ...
'''
    functions = dict(public_functions(ast.parse(source).body))
    assert [name for name, function in functions.items() if is_about_arrays(function)] == ["area", "fill", "Tree.cut"]
    assert faults(functions["area"]) == ["Parameters: mask, share", "Returns"]
    assert faults(functions["fill"]) == ["Parameters: mask"]
    assert faults(functions["Tree.cut"]) == []
    assert faults(functions["Tree.depth"]) == ["summary", "Parameters: node", "Returns"]


def test_array_types_are_known_by_their_names_too() -> None:
    assert {"NDArray", "Labels", "Members", "Points"} <= ARRAY_TYPES
    assert not {"Point", "Mode"} & ARRAY_TYPES
