"""Builds docs/_build: the pages as HTML, and a reference of the public names from their docstrings.

Broken links, names without a docstring and warnings of any kind end it with exit status 1.
"""

from __future__ import annotations

import html
import inspect
import re
import shutil
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from itertools import count, pairwise
from pathlib import Path
from string import Template
from types import ModuleType

from markdown_it import MarkdownIt
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "_build"
FRAME = Template((ROOT / "docs" / "page.html").read_text(encoding="utf-8"))
COLOURS = HtmlFormatter().get_style_defs("pre")  # of code
INDEX = Path("docs/README.md")
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/*.md", "docs/gallery/*.md")

# module -> names beside those that its table or its text gives: bases that users derive from, the makers of registries
MAKERS = ("get_options", "init", "register", "parametrize")
BASES = ("Model", "_OffsetModel", "ConvolutionalModelMixin", "HasFeatureEncoder", "ParameterCountMixin")
REFERENCE: dict[str, tuple[str, ...]] = {
    "cebra_pipe": (),
    "cebra_pipe.data": (),
    "cebra_pipe.data.helper": (),
    "cebra_pipe.distributions": (),
    "cebra_pipe.models": MAKERS,
    "cebra_pipe.models.model": (*BASES, "ResampleModelMixin", "ClassifierModel"),
    "cebra_pipe.models.criterions": (),
    "cebra_pipe.models.layers": (),
    "cebra_pipe.models.multiobjective": (),
    "cebra_pipe.models.multicriterions": (),
    "cebra_pipe.models.jacobian_regularizer": (),
    "cebra_pipe.models.interchange": (),
    "cebra_pipe.solver": MAKERS,
    "cebra_pipe.solver.schedulers": (),
    "cebra_pipe.solver.util": (),
    "cebra_pipe.sklearn": (),
    "cebra_pipe.sklearn.metrics": (),
    "cebra_pipe.datasets": MAKERS,
    "cebra_pipe.attribution": MAKERS,
    "cebra_pipe.grid_search": (),
    "cebra_pipe.registry": (),
    "cebra_pipe.helper": (),
    "cebra_pipe.errors": (),
}


# ---- pages -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Page:
    """A markdown file, by its path from the root."""

    path: Path

    @cached_property
    def tokens(self) -> list[Token]:
        """Its parts; headings have an id as on GitHub."""
        found, taken = MarkdownIt().enable("table").parse((ROOT / self.path).read_text(encoding="utf-8")), set()
        for heading, text in pairwise(found):
            if heading.type == "heading_open":
                heading.attrSet("id", _free(slug(text.content), taken))
        return found

    @property
    def title(self) -> str:
        return next(after.content for token, after in pairwise(self.tokens) if token.tag == "h1")

    @property
    def anchors(self) -> set[str]:
        return {token.attrs["id"] for token in self.tokens if "id" in token.attrs}

    def links(self) -> Iterator[tuple[Token, str]]:
        """Links and pictures, each with the name of the attribute that holds where it leads."""
        for token in self.tokens:
            for child in token.children or ():
                if attribute := {"link_open": "href", "image": "src"}.get(child.type):
                    yield child, attribute


def slug(text: str) -> str:
    """The id that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def _free(name: str, taken: set[str]) -> str:
    found = next(each for i in count() if (each := f"{name}-{i}" if i else name) not in taken)
    taken.add(found)
    return found


def pages() -> dict[Path, Page]:
    """All pages by path from the root."""
    found = [path.relative_to(ROOT) for pattern in PAGES for path in sorted(ROOT.glob(pattern))]
    return {path: Page(path) for path in found}


def broken(book: dict[Path, Page]) -> list[str]:
    """What leads nowhere: files, headings, and pages that no page of the index names."""
    told = []
    for page in book.values():
        for token, attribute in page.links():
            link = str(token.attrs[attribute])
            if not link.startswith("http") and (why := _broken(book, page, link)):
                told.append(f"{page.path}: {link}: {why}")
    named = {_target(INDEX, str(token.attrs[attribute]))[0] for token, attribute in book[INDEX].links()}
    told += [f"{INDEX}: does not name {path}" for path in book if path not in named and path != INDEX]
    return told


def _broken(book: dict[Path, Page], page: Page, link: str) -> str:
    path, anchor = _target(page.path, link)
    if not (ROOT / path).is_file():
        return "no such file"
    if path.suffix == ".md" and path not in book:
        return "no page of the site"
    return f"no heading {anchor!r} in {path}" if anchor and anchor not in book[path].anchors else ""


def _target(at: Path, link: str) -> tuple[Path, str]:
    """The file, by its path from the root, and the heading that a link of a page leads to."""
    file, _, anchor = link.partition("#")
    return (ROOT / at.parent / file).resolve().relative_to(ROOT) if file else at, anchor


def write(page: Page, to: Path) -> None:
    """The page as HTML, with links to the HTML of the others; pictures and files that it shows come along."""
    for token, attribute in page.links():
        link = str(token.attrs[attribute])
        if not link.startswith("http"):
            path, _ = _target(page.path, link)
            token.attrs[attribute] = re.sub(r"\.md(?=#|$)", ".html", link)
            if path.suffix != ".md":
                (to / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / path, to / path)
    markdown = MarkdownIt(options_update={"highlight": _coloured})
    body = markdown.renderer.render(page.tokens, markdown.options, {})
    home = "../" * (len(page.path.parts) - 1)
    file = to / page.path.with_suffix(".html")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        FRAME.substitute(title=html.escape(page.title), body=body, home=home, colours=COLOURS), encoding="utf-8"
    )


def _coloured(code: str, language: str, _: str) -> str:
    if not language:
        return ""  # as it is
    return highlight(code, get_lexer_by_name(language), HtmlFormatter(nowrap=True))


# ---- reference -------------------------------------------------------------------------------------------------------
def shown(name: str) -> tuple[ModuleType, list[str]]:
    """A module of the reference, and the names of it that are shown."""
    module = import_module(name)
    listed = getattr(module, "__all__", None) or (
        dir(module)
        if "__getattr__" in vars(module)
        else [key for key, value in vars(module).items() if _own(value, module)]
    )
    public = [each for each in listed if not each.startswith("_") and not inspect.ismodule(getattr(module, each))]
    return module, list(dict.fromkeys([*public, *REFERENCE[name]]))


def _own(value: object, module: ModuleType) -> bool:
    kinds = inspect.isclass(value) or inspect.isfunction(value)
    return kinds and value.__module__ == module.__name__


def undocumented() -> list[str]:
    """Names of the reference, and public methods of its classes, without a docstring."""
    told = []
    for name in REFERENCE:
        module, names = shown(name)
        told += [] if module.__doc__ else [name]
        for each in names:
            value = getattr(module, each)
            told += [] if (value.__doc__ or "").strip() else [f"{name}.{each}"]
            if inspect.isclass(value):
                methods = [(key, member) for key, member in vars(value).items() if inspect.isfunction(member)]
                told += [
                    f"{name}.{each}.{key}"
                    for key, m in methods
                    if key[0] != "_" and not inspect.getdoc(getattr(value, key))
                ]
    return told


def write_reference(to: Path) -> None:
    """A page a module. pdoc shows what stands in a module: names that come when they are first used are put there."""
    import pdoc

    for name in REFERENCE:
        module, names = shown(name)
        vars(module).update({each: getattr(module, each) for each in names})
        for kind in filter(inspect.isclass, vars(module).values()):
            for key in [key for key, value in vars(kind).items() if type(value).__name__ == "RequestMethod"]:
                delattr(kind, key)  # scikit-learn's set_fit_request and the like: of every estimator, and of none
        module.__all__ = [*names, *(each.rpartition(".")[2] for each in REFERENCE if each.rpartition(".")[0] == name)]
    pdoc.doc.safe_eval_type = as_written
    pdoc.render.configure(docformat="google", show_source=False, include_undocumented=False, footer_text="cebra_pipe")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pdoc.pdoc("cebra_pipe", output_directory=to)


class Written(str):
    """A type as the code names it."""

    __repr__ = str.__str__


def as_written(annotation: object, *_: object) -> object:
    """In place of what pdoc evaluates: ArrayLike is to be read as such, not as the fifteen types that it stands for."""
    text = getattr(annotation, "__forward_arg__", annotation)
    return Written(text) if isinstance(text, str) else annotation


def main() -> int:
    book = pages()
    problems = broken(book) + [f"{name}: no docstring" for name in undocumented()]
    if problems:
        print(*problems, sep="\n", file=sys.stderr)
        return 1
    shutil.rmtree(OUT, ignore_errors=True)
    for page in book.values():
        write(page, OUT)
    write_reference(OUT / "reference")
    (OUT / "index.html").write_text('<meta http-equiv="refresh" content="0; url=docs/README.html">\n', encoding="utf-8")
    print(OUT / "index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
