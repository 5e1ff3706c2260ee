"""Each picture of the gallery has a script that draws it, and a section that shows it."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCRIPTS = ("embeddings", "decoding", "sessions", "objectives", "attribution", "grid")


@pytest.fixture
def gallery(monkeypatch) -> ModuleType:
    """What the scripts share, with fits of two steps; no module of theirs stays behind."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(DOCS / "gallery")
    shared = import_module("shared")
    monkeypatch.setitem(shared.OPTIONS, "max_iterations", 2)
    yield shared
    for name in set(sys.modules) - before:
        if name in ("shared", "draw", *SCRIPTS):
            del sys.modules[name]


def test_pictures_scripts_and_sections_are_the_same(gallery):
    assert import_module("draw").NAMES == SCRIPTS
    text = (DOCS / "gallery" / "README.md").read_text(encoding="utf-8")
    for name in SCRIPTS:
        picture = f"images/gallery_{name}.png"
        assert f"({name}.py)" in text
        assert f"(../{picture})" in text
        assert 10_000 < (DOCS / picture).stat().st_size < 150_000
        assert callable(import_module(name).draw)


def test_parts_share_no_lap(gallery):
    rat = gallery.rat()
    parts = [set(rat.lap[rat.part(name)]) for name in ("train", "valid", "test")]
    assert all(parts)
    assert min(parts[1]) - max(parts[0]) == min(parts[2]) - max(parts[1]) == 2


def test_a_script_draws(gallery, tmp_path):
    """The quickest; `make gallery` draws all."""
    fig = import_module("objectives").draw()
    import_module("draw").save(fig, tmp_path / "made.png")
    assert (tmp_path / "made.png").stat().st_size > 5_000
    spheres = [ax for ax in fig.axes if ax.collections and ax.get_title()]
    assert [len(ax.collections[0].get_offsets()) for ax in spheres] == [gallery.rat().part("test").sum()] * 3
