"""Builds docs/_build: the pages as HTML, and a reference of the public names from their docstrings.

Broken links, names without a docstring and warnings of any kind end it with exit status 1.
"""

from __future__ import annotations

import html
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import count, pairwise
from pathlib import Path
from string import Template

from markdown_it import MarkdownIt
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from reference import undocumented, write_reference

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "_build"
FRAME = Template((ROOT / "docs" / "page.html").read_text(encoding="utf-8"))
COLOURS = HtmlFormatter().get_style_defs("pre")  # of code
INDEX = Path("docs/README.md")
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/*.md", "docs/gallery/*.md")


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
