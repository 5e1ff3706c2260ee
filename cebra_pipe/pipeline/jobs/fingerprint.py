"""A stage's code as one short text: equal while what it computes is equal, other when it may not be.

The hash covers the modules of this package that the stage's module imports, directly or not, found in the source
without running it. Comments, layout, docstrings, annotations of signatures and the descriptions of config options do
not count, nor does the version of Python: the tree is written out by rules of our own, since the texts of `ast.dump`
and `ast.unparse` differ between versions.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2]
NAME = PACKAGE.name

# Fields that say nothing of what is computed: `ctx` follows from the place, `kind` is the u of u"", and types are read
# by nobody at run time outside a class body.
SILENT = frozenset({"ctx", "kind", "type_comment", "type_params", "type_ignores", "returns"})


@dataclass(frozen=True)
class Source:
    """A module as this process first saw it."""

    imports: tuple[str, ...]  # modules of this package that any import statement of it names
    meaning: str  # sha256 of what it does


@cache
def fingerprint(stage: str, figure: str = "") -> str:
    """16 hex characters for the code of a stage; of one figure, which the stage imports by name."""
    drawing = [f"{NAME}.pipeline.drawings.{figure}"] if figure else []
    closure = sorted(import_closure(f"{NAME}.pipeline.stages.{stage}", *drawing))
    text = "\n".join(f"{module} {source(module).meaning}" for module in closure)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def sources() -> str:
    """A hash of the package's files as they lie: where it is equal every fingerprint is. It takes milliseconds."""
    files = sorted(PACKAGE.rglob("*.py"))
    text = "".join(f"{file.relative_to(PACKAGE)} {hashlib.sha256(file.read_bytes()).hexdigest()}\n" for file in files)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def import_closure(*modules: str) -> frozenset[str]:
    """The modules of this package that importing `modules` may reach, themselves included."""
    reached, waiting = set(), list(modules)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(source(name).imports)
    return frozenset(reached)


@cache
def source(module: str) -> Source:
    """Read once in a process: imports and meaning are of the same text."""
    tree = ast.parse(_path(module).read_bytes())
    named = {name for node in ast.walk(tree) for name in _named(node, module)}
    found = tuple(sorted(name for name in named if _path(name) is not None))
    return Source(found, hashlib.sha256(_text(tree).encode()).hexdigest())


def _named(node: ast.AST, module: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name.split(".")[0] == NAME)
    if isinstance(node, ast.ImportFrom):
        base = _base(node, module)
        if base.split(".")[0] == NAME:
            # `from . import x` may name a module or a value: both are tried, only files count. The root package is
            # a table of names that are imported on demand, so it does not count.
            yield from (name for name in (base, *(f"{base}.{alias.name}" for alias in node.names)) if name != NAME)


def _base(node: ast.ImportFrom, module: str) -> str:
    if not node.level:
        return node.module or ""
    package = module if _path(module).name == "__init__.py" else module.rpartition(".")[0]
    for _ in range(node.level - 1):
        package = package.rpartition(".")[0]
    return f"{package}.{node.module}" if node.module else package


def _path(module: str) -> Path | None:
    place = PACKAGE.parent / Path(*module.split("."))
    file, package = place.with_suffix(".py"), place / "__init__.py"
    return file if file.is_file() else package if package.is_file() else None


# ---- what a source means -------------------------------------------------------------------------------------------
def meaning(text: str) -> str:
    """The tree of a source as text: kinds of nodes and their fields, without what cannot change a number.

    Left out are positions, docstrings and other bare constants, `pass`, and fields that hold nothing: a later Python
    adds optional fields, and they are empty in code that an earlier one reads.
    """
    return _text(ast.parse(text))


def _text(node: object, in_class: bool = False) -> str:
    """`in_class`: the node is a statement of a class body."""
    if isinstance(node, list):
        return f"[{' '.join(_text(item, in_class) for item in node if not _idle(item))}]"
    if not isinstance(node, ast.AST):
        # Escaped: which characters `repr` takes for printable depends on the version.
        return f"{type(node).__name__}:{node!a}"
    if isinstance(node, ast.JoinedStr):
        return f"(JoinedStr {' '.join(map(_text, _pieces(node)))})"
    if isinstance(node, ast.AnnAssign) and not in_class:
        # Of a name in a function or module: a remark. `x: int` alone still makes x a local name.
        return _node("Assign", {"targets": [node.target], "value": node.value}, False)
    fields = {name: value for name, value in ast.iter_fields(node) if name not in SILENT}
    return _node(type(node).__name__, _without_remarks(node, fields), _is_class_body(node, in_class))


def _node(kind: str, fields: dict[str, object], in_class: bool) -> str:
    # A constant None is a value; in any other field None stands for nothing.
    shown = {n: v for n, v in fields.items() if kind == "Constant" or not _nothing(v)}
    return f"({kind}{''.join(f' {name}={_text(value, in_class)}' for name, value in sorted(shown.items()))})"


def _nothing(value: object) -> bool:
    return value is None or value == [] or (isinstance(value, ast.JoinedStr) and not _pieces(value))


def _without_remarks(node: ast.AST, fields: dict[str, object]) -> dict[str, object]:
    """The fields without annotations of arguments and descriptions of options.

    In a class body annotations stay (see `_text`): they make the fields of dataclasses and are the checks of config
    models. Those of a function's arguments are read by nobody: no decorator here looks at them, as a test holds.
    """
    if isinstance(node, ast.arg):
        return {"arg": fields["arg"]}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Field":
        return {**fields, "keywords": [k for k in node.keywords if k.arg != "description"]}
    return fields


def _is_class_body(node: ast.AST, in_class: bool) -> bool:
    """Whether the statements in a node are of a class body: those of an `if` in one are as well."""
    if isinstance(node, ast.ClassDef):
        return True
    return in_class and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def _idle(item: object) -> bool:
    """A statement that does nothing: `pass`, a docstring, `...`."""
    return isinstance(item, ast.Pass) or (isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant))


def _pieces(joined: ast.JoinedStr) -> list[ast.AST]:
    """The parts of an f-string, texts that touch as one: how they are cut differs between versions."""
    pieces: list[ast.AST] = []
    for piece in _flat(joined.values):
        if isinstance(piece, ast.Constant) and pieces and isinstance(pieces[-1], ast.Constant):
            pieces[-1] = ast.Constant(pieces[-1].value + piece.value)
        elif not (isinstance(piece, ast.Constant) and piece.value == ""):
            pieces.append(piece)
    return pieces


def _flat(values: Iterable[ast.AST]) -> Iterator[ast.AST]:
    for value in values:
        if isinstance(value, ast.JoinedStr):
            yield from _flat(value.values)
        else:
            yield value
