"""Axes for a notebook: drawn into those given, or into a new figure that stays open; and the colour map "cebra"."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from itertools import chain

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.artist import Artist, ArtistInspector
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, is_color_like

from ..errors import Problem, UserError, WrongType, did_you_mean

# Dark to light through blue, teal and amber, with lightness rising all along: it stays readable in grey.
STOPS = ("#1B1448", "#27458F", "#1F7F93", "#3FAE7C", "#B5C04B", "#FFC15E")

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "Overwriting the cmap")  # another package's of that name
    matplotlib.colormaps.register(LinearSegmentedColormap.from_list("cebra", STOPS), force=True)


def canvas(
    ax: Axes | None,
    figsize: tuple[float, float],
    dpi: float,
    standard: tuple[float, float],
    projection: str | None = None,
) -> Axes:
    """`ax`, or the axes of a new figure of pyplot, which `plt.show()` and `plt.savefig()` find.

    Raises:
        ValueError: `ax` has not the dimensions of the picture; or a size is given for a figure that is there already.
    """
    if ax is None:
        return plt.figure(figsize=figsize, dpi=dpi).add_subplot(projection=projection)
    if (ax.name == "3d") != (projection == "3d"):
        wanted, found = ("3-D axes", "2-D axes") if projection == "3d" else ("2-D axes", "3-D axes")
        remedy = "Add the subplot with projection='3d', or choose two latents with idx_order."
        raise UserError(Problem("ax", wanted, found, remedy if projection == "3d" else "Leave projection='3d' out."))
    if tuple(figsize) != standard or dpi != 100:
        found = f"figsize={tuple(figsize)}, dpi={dpi:g} beside ax"
        raise UserError(Problem("figsize and dpi", "a size for a new figure only", found, "Set them on ax.figure."))
    return ax


def colormap(name: str | Colormap) -> Colormap:
    """A colour map by name, or as given."""
    if isinstance(name, Colormap):
        return name
    if name not in matplotlib.colormaps:
        raise UserError(Problem("cmap", "a colour map", repr(name), did_you_mean(name, matplotlib.colormaps)))
    return matplotlib.colormaps[name]


def check_color(value: object, where: str = "color") -> None:
    """A ValueError where this is no colour that matplotlib knows."""
    if not is_color_like(value):
        raise UserError(Problem(where, "a colour that matplotlib knows", repr(value)))


def check_keywords(
    function: Callable, given: Mapping[str, object], methods: Sequence[Callable], drawn: type[Artist], *more: str
) -> None:
    """A WrongType that names each keyword that neither `function` itself takes nor the `methods` of matplotlib.

    drawn: what they draw, whose properties they take as well. more: keywords that `function` takes among `given`.
    """
    own, *theirs = (inspect.signature(each).parameters for each in (function, *methods))
    taken = {"self", "x", "y", "xs", "ys", "zs", "X", "args", "kwargs"}  # filled in already
    inspected = ArtistInspector(drawn)
    aliases = sorted(alias for names in inspected.aliasd.values() for alias in names)
    named = dict.fromkeys([*own, *more, *chain(*theirs), *inspected.get_setters(), *aliases])
    known = [name for name in named if name not in taken]
    expected = f"a keyword of it or of matplotlib's {methods[0].__qualname__}"
    unknown = [name for name in given if name not in known]
    if unknown:
        where = function.__name__
        raise WrongType(*(Problem(where, expected, repr(name), did_you_mean(name, known)) for name in unknown))


def spread(cmap: str | Colormap, number: int) -> np.ndarray:
    """(number, 4) colours from one end of a colour map to the other."""
    return colormap(cmap)(np.linspace(0, 1, number))
