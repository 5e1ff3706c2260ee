"""Draws the pictures of the gallery into docs/images: all, or those named (python docs/gallery/draw.py grid)."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

NAMES = ("embeddings", "decoding", "sessions", "objectives", "attribution", "grid")
DPI = 170  # sharp at the width of a page, and below 150 kB
IMAGES = Path(__file__).resolve().parents[1] / "images"


def main(names: list[str]) -> None:
    """One png a script; models that scripts share are fitted once."""
    for name in names or NAMES:
        path = IMAGES / f"gallery_{name}.png"
        save(import_module(name).draw(), path)
        print(f"{path} ({path.stat().st_size // 1000} kB)", flush=True)


def save(fig: Figure, path: Path) -> None:
    """As a png of 255 colours, without date or version, so that equal pictures are equal files."""
    fig.savefig(path, dpi=DPI, metadata={"Software": None})
    with Image.open(path) as drawn:
        few = drawn.convert("RGB").quantize(255, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1:])
