"""The shape of the package: imports go downwards, randomness is an argument, starting is cheap."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cebra_pipe

ROOT = Path(cebra_pipe.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
# What may import what: a package only those after it (and itself); errors and streams are for all.
ORDER = [
    "cli",
    "pipeline",
    "grid_search",
    "plot",
    "attribution",
    "sklearn",
    "solver",
    "models",
    "distributions",
    "datasets",
    "data",
    "streams",
    "errors",
]

# Loaders have their documented place beside the data, and stand on the distributions.
LOADERS = dict.fromkeys(
    ("data/single_session.py", "data/multi_session.py", "data/sampling.py", "data/multiobjective.py"), "distributions"
)


def top(module: str) -> str:
    """The part of the package that a dotted name below it belongs to."""
    return module.split(".")[0]


def imported(path: Path) -> set[str]:
    """Parts that a file imports, blocks under TYPE_CHECKING left out."""
    tree, found = ast.parse(path.read_text()), set()
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            name = ".".join([*base, *(node.module.split(".") if node.module else [])])
            found |= {top(name)} if name else {alias.name for alias in node.names}
    return found & set(ORDER)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_downwards(path):
    own = LOADERS.get(str(path.relative_to(ROOT)), path.relative_to(ROOT).with_suffix("").parts[0])
    if own in ORDER:
        above = ORDER[: ORDER.index(own)]
        assert not imported(path) & set(above)


# What may import what within the pipeline; the files beside these packages may import any.
PIPELINE = ["disk", "planning", "stages", "drawings", "comparing", "tables", "config", "jobs"]


@pytest.mark.parametrize("package", PIPELINE)
def test_imports_go_downwards_in_the_pipeline(package):
    below = {*PIPELINE[PIPELINE.index(package) :], "__init__.py"}
    folder = ROOT / "pipeline"
    for path in sorted((folder / package).glob("*.py")):
        named = [file.relative_to(folder).parts[0] for file in files_imported(path) if file.is_relative_to(folder)]
        assert set(named) <= below, path


def files_imported(path: Path) -> set[Path]:
    """Files of the package that a file imports when it is loaded, those for annotations alone among them."""
    found, pending = set(), list(ast.parse(path.read_text()).body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If | ast.Try):
            pending += node.body
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = path.parents[node.level - 1] / (node.module or "").replace(".", "/")
            named = [folder / alias.name for alias in node.names] if folder.is_dir() else [folder]
            found |= {file.with_suffix(".py") for file in named if file.with_suffix(".py").is_file()}
    return found


def test_no_circle():
    """Files can be read in an order in which nothing is named before it stands."""
    waiting = {path: files_imported(path) for path in FILES}
    while free := [path for path, needs in waiting.items() if not needs & waiting.keys()]:
        for path in free:
            del waiting[path]
    assert not waiting, sorted(str(path.relative_to(ROOT)) for path in waiting)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_global_randomness(path):
    """Generators are made by streams, or seeded by it."""
    text = path.read_text()
    assert not re.search(
        r"np\.random\.(?!Generator|default_rng)|torch\.manual_seed|import random|torch\.rand\w*\(", text
    )


def test_nothing_is_asked_what_it_can_do():
    """A value is of a type that says it; what a user hands over is checked once, at the door."""
    assert not [str(path.relative_to(ROOT)) for path in FILES if re.search(r"\bhasattr\(", path.read_text())]


@pytest.mark.parametrize("path", [p for p in FILES if p.name == "__init__.py"], ids=lambda p: str(p.relative_to(ROOT)))
def test_packages_hold_a_docstring_and_names(path):
    """So that the import closure of a stage stays small: what a package names is imported when it is used."""
    body = ast.parse(path.read_text()).body
    assert isinstance(body[0], ast.Expr)
    imports = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert {node.module for node in imports} <= {"lazy", "registry"}


def test_import_is_cheap():
    code = "import sys, cebra_pipe; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(out.stdout.split()) & {"torch", "numpy", "pandas", "scipy"}


@pytest.mark.parametrize("name", cebra_pipe.NAMES)
def test_public_names_exist(name):
    assert callable(getattr(cebra_pipe, name))


def test_unknown_name():
    with pytest.raises(AttributeError, match="nothing_such"):
        cebra_pipe.nothing_such  # noqa: B018


@pytest.mark.parametrize(
    "page", sorted([*ROOT.parent.glob("*.md"), *ROOT.parent.glob("docs/*.md")]), ids=lambda p: p.name
)
def test_links_of_the_docs_resolve(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        assert target.startswith("http") or (page.parent / target).exists(), target
