"""The fingerprint of a stage: what it covers is what the stage imports; what it ignores cannot change a number."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys

import pytest

from cebra_pipe.cli import STAGES
from cebra_pipe.pipeline.jobs import fingerprint as module
from cebra_pipe.pipeline.jobs.fingerprint import PACKAGE, import_closure, meaning, source
from cebra_pipe.pipeline.planning.exhibits import FIGURES

PARTS = [*((stage, "") for stage in STAGES), *(("figures", name) for name in FIGURES)]


@pytest.mark.parametrize(("stage", "figure"), PARTS)
def test_closure_covers_what_is_imported(stage, figure):
    """Importing the stage, and its figure, loads no module of ours that the static closure misses."""
    modules = [f"cebra_pipe.pipeline.stages.{stage}", *([f"cebra_pipe.pipeline.drawings.{figure}"] if figure else [])]
    code = f"import sys, {', '.join(modules)}; print(*[m for m in sys.modules if m.startswith('cebra_pipe')])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    packages = {m for m in out.split() if f"{m}." in out}  # an __init__ holds a docstring or a table of names
    assert set(out.split()) - packages - {"cebra_pipe.lazy", "cebra_pipe.registry"} <= import_closure(*modules)


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_is_none_of_another(figure):
    """The code of a figure holds the drawing of no other figure."""
    closure = import_closure("cebra_pipe.pipeline.stages.figures", f"cebra_pipe.pipeline.drawings.{figure}")
    assert {name for name in FIGURES if f"cebra_pipe.plot.{name}" in closure} == {figure}
    assert len({module.fingerprint("figures", name) for name in ("", *FIGURES)}) == 1 + len(FIGURES)


@pytest.mark.parametrize(
    ("stage", "other"),
    [
        ("decode", "models.layers"),
        ("decode", "solver"),
        ("fit", "plot"),
        ("figures", "sklearn.decoders"),
        ("split", "models"),
        ("load", "solver"),
    ],
)
def test_code_that_does_not_reach_a_stage(stage, other):
    assert not [m for m in import_closure(f"cebra_pipe.pipeline.stages.{stage}") if m.startswith(f"cebra_pipe.{other}")]


SAME = [
    ("x = 1", "x = 1  # a remark"),
    ("def f(a):\n    return a", "def f(a: int) -> int:\n    '''Doc.'''\n    return a"),
    ("def f(): pass", "def f():\n    '''Doc.'''"),
    ("async def f(*a, b=1, **c): pass", "async def f(*a: int, b: int = 1, **c: str) -> None: ..."),
    ("def f():\n    x = 1", "def f():\n    x: int = 1"),
    ("x = 1", "x: int = 1"),
    ("class A:\n    def f(self):\n        x = 1", "class A:\n    def f(self):\n        x: int = 1"),
    ("class A:\n    x: int", "class A:\n    '''Doc.'''\n    x: int\n    '''Of x.'''"),
    ("x = Field(1)", "x = Field(1, description='what it is')"),
    ('"""A."""\nx = 1', '"""B."""\nx   =   1'),
    ("x = 'a'", 'x = u"a"'),
    ("x = f'a{b}c'", "x = f'a' f'{b}' 'c'"),
]
OTHER = [
    ("x = 1", "x = 2"),
    ("x = 1", "x = 1.0"),
    ("x = None", "x = ..."),
    ("f(a, b)", "f(b, a)"),
    ("x = 'a'", "x = 'b'"),
    ("x = 'a'", "x = b'a'"),
    ("x = Field(1)", "x = Field(1, gt=0)"),
    ("x = f'{a}'", "x = f'{a!r}'"),
    ("x = f'{a:.1f}'", "x = f'{a:.2f}'"),
    ("x = {**a, b: c}", "x = {b: c, **a}"),
    ("def f(a, *, b, c=1): pass", "def f(a, *, b=1, c): pass"),
    ("def f():\n    return x", "def f():\n    x: int\n    return x"),
    ("class A:\n    x: int", "class A:\n    x: str"),  # the check of a config model
    ("class A:\n    x: int = 1", "class A:\n    x: ClassVar[int] = 1"),  # no field of a dataclass
    ("class A:\n    if a:\n        x: int = 1", "class A:\n    if a:\n        x: str = 1"),
    ("match a:\n    case None: b()", "match a:\n    case True: b()"),
    ("match a:\n    case _: b()", "match a:\n    case c: b()"),
    ("try:\n    a()\nexcept B: c()", "try:\n    a()\nexcept* B: c()"),
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_same_meaning(one, two):
    assert meaning(one) == meaning(two)


@pytest.mark.parametrize(("one", "two"), OTHER)
def test_other_meaning(one, two):
    assert meaning(one) != meaning(two)


# Syntax whose tree or text differs between versions of Python, or could: empty optional fields, f-strings and how they
# are cut, quotes in quotes, constants that print differently, patterns, exception groups.
CORPUS = r'''
"""Doc."""
from __future__ import annotations
import a.b as c, d
from .. import e
X: int = 1_000_000; Y = 1e-300, 1e400, 2j, -0.0, 0xFF, b"\x00'", "\u00e9\U0001fae8\ud800'\\", ..., None, True
Z = f"a{x}b" "c" f"{y!r:>{width}.{n}}" rf"\d{z:}" f"{{}}" f"{w = }" f"{d['k']}" f'{", ".join(s)}' f""
@final
class A(B, metaclass=C):
    """Doc."""
    x: Annotated[int, Field(gt=0, description="gone")] = 3
    y: ClassVar[str]
    def f(self, a: int, /, b: str = "", *args: int, c, d: float = 0.5, **kw: str) -> dict[str, int]:
        """Doc."""
        q: int
        q: int = (r := a) if b else lambda *, k=1: k
        return {**kw, "a": [*args, *(i async for i in z if i if j)]}
async def g():
    async with a as b, c: await d
    for i, *j in k: continue
    else: pass
    while x < y <= z is not None: break
    try: yield
    except (A, B) as e: raise C from e
    except D: ...
    finally: del a[1:2, ..., ::3], b.c
    try: pass
    except* E: nonlocal_ = not ~x @ y ** -z // 2
    match p:
        case {"k": 1, **rest} | [A(x=1, y=None), *_] if rest: global_ = x
        case -1 | 2j | None | "a" "b": pass
        case (a, b) as c: return
        case _: assert a, "b"
    with (open(a) as b, c): x[a, *b] += 1
    return (yield from x), f"{a:{b}{c}}", {i: j for i, j in k}, {1, 2}, a if b else c, x[*y]
'''
NOTED = "35a5e2687ea97586"


def test_meaning_does_not_depend_on_the_version():
    """The same text under every Python; noted here once, so that each version of a test matrix is held to it."""
    assert hashlib.sha256(meaning(CORPUS).encode()).hexdigest()[:16] == NOTED


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_other_pythons_agree(version):
    """The interpreters of this machine give every module of the package the same meaning."""
    code = (
        "import importlib.util, sys; spec = importlib.util.spec_from_file_location('f', sys.argv[1]);"
        "f = importlib.util.module_from_spec(spec); sys.modules['f'] = f; spec.loader.exec_module(f);"
        "print('%d.%d' % sys.version_info[:2], f.meaning(sys.stdin.read()), sep='\\n');"
        "print(*map(f.fingerprint, sys.argv[2:]), sep='\\n')"
    )
    command = [shutil.which(f"python{version}") or "", "-c", code, module.__file__, *STAGES]
    ran = command[0] and subprocess.run(command, input=CORPUS, capture_output=True, text=True)
    if not ran or ran.stdout.split("\n")[0] != version:
        pytest.skip(f"no Python {version} here")
    assert ran.stdout.split("\n")[1:-1] == [meaning(CORPUS), *map(module.fingerprint, STAGES)]


def test_nothing_reads_the_annotations_that_do_not_count():
    """No decorator or call of the package looks at the annotations of a function."""
    readers = ("singledispatch", "validate_call", "jaxtyped", "beartype", "get_type_hints", "__annotations__")
    for path in sorted(PACKAGE.rglob("*.py")):
        assert path.name == "fingerprint.py" or not [name for name in readers if name in path.read_text()], path


def test_each_module_is_read_once(monkeypatch):
    read, real = [], module.Path.read_bytes
    monkeypatch.setattr(module.Path, "read_bytes", lambda path: read.append(path) or real(path))
    source.cache_clear()
    module.fingerprint.cache_clear()
    for stage in STAGES:
        module.fingerprint(stage)
    assert len(read) == len(set(read)) > 30


def test_help_loads_nothing_heavy():
    code = "import sys; from cebra_pipe.cli import parser; parser().format_help(); print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & {"torch", "numpy", "pandas", "scipy", "pyarrow", "matplotlib", "pydantic"}
