"""A stage's code as one short text: equal while what it computes is equal, other when it may not be.

The hash covers the modules of this package that the stage's module imports, directly or not, found in the source
without running it. Comments, layout, docstrings, annotations and the descriptions of config options do not count.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
NAME = PACKAGE.name


def fingerprint(stage: str) -> str:
    """16 hex characters for the code of a stage."""
    closure = sorted(import_closure(f"{NAME}.pipeline.stages.{stage}"))
    text = "\n".join(f"{module}\n{meaning(_path(module).read_text(encoding='utf-8'))}" for module in closure)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def import_closure(module: str) -> frozenset[str]:
    """The modules of this package that importing `module` may reach, itself included."""
    reached, waiting = set(), [module]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(imports(name))
    return frozenset(reached)


@cache
def imports(module: str) -> tuple[str, ...]:
    """Modules of this package that the source of `module` names in any import statement."""
    tree = ast.parse(_path(module).read_text(encoding="utf-8"))
    found = [name for node in ast.walk(tree) for name in _named(node, module)]
    return tuple(sorted({name for name in found if _path(name) is not None}))


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


def meaning(source: str) -> str:
    """The source without comments, docstrings, annotations and descriptions.

    `ast.unparse`, not `ast.dump`: the latter's text differs between versions of Python.
    """
    return ast.unparse(ast.fix_missing_locations(_Strip().visit(ast.parse(source))))


class _Strip(ast.NodeTransformer):
    def _body(self, node):
        self.generic_visit(node)
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return node

    visit_Module = visit_ClassDef = _body

    def visit_FunctionDef(self, node):
        node.returns = None
        return self._body(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_arg(self, node):
        node.annotation = None
        return node

    def visit_AnnAssign(self, node):
        self.generic_visit(node)
        # In a class body a bare annotation makes a field of a dataclass or a config model: it stays, its type does not
        # count unless it is a config model's, where the type is the check. Those live in Annotated or Field values.
        return node

    def visit_Call(self, node):
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "Field":
            node.keywords = [k for k in node.keywords if k.arg != "description"]
        return node
