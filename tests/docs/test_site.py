"""The pages hang together and the reference is whole; `make docs` builds them (docs/build.py)."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("pdoc")
FILE = Path(__file__).resolve().parents[2] / "docs" / "build.py"


@pytest.fixture(scope="module")
def build() -> ModuleType:
    """docs/build.py, which is no part of the package, and docs/reference.py beside it."""
    sys.path.insert(0, str(FILE.parent))
    spec = importlib.util.spec_from_file_location("docs_build", FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["docs_build"] = module  # dataclasses look there for the module of their annotations
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(FILE.parent))
    del sys.modules["docs_build"], sys.modules["reference"]


@pytest.fixture
def book(build, tmp_path, monkeypatch):
    """Pages by path, from texts by path: an index that names them all is added."""

    def made(**texts: str) -> dict:
        (tmp_path / "docs").mkdir()
        for name, text in texts.items():
            (tmp_path / "docs" / f"{name}.md").write_text(text)
        index = "# Index\n\n" + "\n".join(f"- [{name}]({name}.md)" for name in texts)
        (tmp_path / "docs" / "README.md").write_text(index)
        monkeypatch.setattr(build, "ROOT", tmp_path)
        return build.pages()

    return made


def test_links_lead_somewhere(build):
    assert build.broken(build.pages()) == []


@pytest.fixture(scope="module")
def reference(build) -> ModuleType:
    return sys.modules["reference"]


def test_public_names_have_a_docstring(reference):
    assert reference.undocumented() == []


def test_lazy_names_and_rows_of_tables_are_in_the_reference(reference):
    assert {"CEBRA", "load_data", "plot_embedding"} <= set(reference.shown("cebra_pipe")[1])
    assert {"Offset10Model", "_OffsetModel"} <= set(reference.shown("cebra_pipe.models.model")[1])
    assert {"ContinuousDataLoader", "TensorDataset"} <= set(reference.shown("cebra_pipe.data")[1])
    assert "init" in reference.shown("cebra_pipe.datasets")[1]
    assert "goodness_of_fit_score" in reference.shown("cebra_pipe.sklearn.metrics")[1]


def test_a_class_shows_what_it_inherits_and_how_it_is_made(reference):
    class Base:
        """A base."""

        def use(self):
            """Use it."""

    class Kind(Base):
        """A kind."""

        def __init__(self, size: int = 3):
            self.size = size

    Base.__module__ = "cebra_pipe.base"
    reference.complete(Kind)
    assert vars(Kind)["use"] is Base.use
    assert vars(Kind)["__init__"].__doc__


BROKEN = {
    "file": ("[x](gone.md)", "gone.md: no such file"),
    "heading": ("[x](b.md#missing)", "b.md#missing: no heading 'missing' in docs/b.md"),
    "own heading": ("[x](#missing)", "no heading 'missing' in docs/a.md"),
    "picture": ("![x](images/gone.png)", "images/gone.png: no such file"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_link_is_told(build, book, name):
    link, told = BROKEN[name]
    (problem,) = build.broken(book(a=f"# A\n\n{link}\n", b="# B\n\n## There\n"))
    assert told in problem


def test_a_page_that_the_index_lacks_is_told(build, book):
    pages = book(a="# A\n")
    (build.ROOT / "docs" / "lost.md").write_text("# Lost\n")
    assert build.broken(pages | build.pages()) == ["docs/README.md: does not name docs/lost.md"]


def test_a_page_leads_to_the_html_of_the_others(build, book, tmp_path):
    pages = book(
        a="# A & B\n\n[x](b.md#what-there-is-two)\n\n```python\nx = 1\n```\n", b="# B\n\n## What there `is`, two!\n"
    )
    assert build.broken(pages) == []
    for page in pages.values():
        build.write(page, tmp_path / "out")
    written = (tmp_path / "out/docs/a.html").read_text()
    assert 'href="b.html#what-there-is-two"' in written
    assert "<title>A &amp; B</title>" in written
    assert '<span class="mi">1</span>' in written
    assert 'id="what-there-is-two"' in (tmp_path / "out/docs/b.html").read_text()
