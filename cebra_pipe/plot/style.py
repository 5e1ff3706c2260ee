"""How figures look and how they are saved: fonts, colours, letters, the same bytes each time."""

from __future__ import annotations

import functools
import io
import json
import textwrap
from collections.abc import Callable, Mapping

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..sklearn.nulls import SMALLEST_NULL
from .sealed import sealed

WIDTH = 8.6  # inches: a landscape column of a report, readable at full width on a screen
PIXELS = 5.5e6  # of a png: keeps it below 1.5 MB; a figure of many recordings gets fewer dots an inch

# Okabe & Ito (2008), told apart with every common colour vision; black is kept for text and truth.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
GREY = "#8A8A8A"  # controls
DARK = "#333333"
LIGHT = "#D8D8D8"
PARTS = {"train": "#0072B2", "train_subsample": "#56B4E9", "valid": "#E69F00", "test": "#D55E00", "gap": "#B0B0B0"}
RAMPS = ("Blues", "Oranges", "Greens", "Purples")  # one a class: hue is the class, depth is the value

RC = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Arial", "Helvetica"],  # the first ships with matplotlib: the same everywhere
    "font.size": 7,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "figure.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 0.9,
    "lines.markersize": 3,
    "axes.unicode_minus": True,
    "figure.dpi": 150,
    "savefig.facecolor": "white",
    "svg.fonttype": "none",
    "svg.hashsalt": "cebra_pipe",
}


def styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """The function, drawing in our style whatever the caller's settings are."""

    @functools.wraps(draw)
    def drawing(*args: object, **options: object) -> Figure:
        with matplotlib.rc_context(), _own_style():
            return draw(*args, **options)

    return drawing


def _own_style():
    matplotlib.rcdefaults()
    return matplotlib.rc_context(RC)


def figure(height: float, width: float = WIDTH) -> Figure:
    """An empty figure that needs no window and no pyplot."""
    made = Figure((width, height), layout="constrained")
    FigureCanvasAgg(made)
    made.get_layout_engine().set(w_pad=0.04, h_pad=0.04, wspace=0.03, hspace=0.03)
    return made


def literal(text: object) -> str:
    """A name as it is: no part of it is read as a formula."""
    return str(text).replace("$", r"\$")


def wrapped(text: object, most: int) -> str:
    """The text in lines of at most so many letters."""
    return "\n".join(textwrap.wrap(str(text), most))


def letter(ax: Axes, index: int, dx: float = -14, dy: float = 7) -> None:
    """The panel's letter at its upper left corner: a, b, … z, aa, ab, …"""
    ax.annotate(
        letters(index),
        (0, 1),
        (dx, dy),
        xycoords="axes fraction",
        textcoords="offset points",
        fontweight="bold",
        fontsize=9,
        ha="right",
    )


def letters(index: int) -> str:
    first, second = divmod(index, 26)
    return ("" if first == 0 else chr(96 + first)) + chr(97 + second)


def message(ax: Axes, text: str) -> None:
    """A panel that says what it has not got."""
    ax.set_axis_off()
    ax.annotate(literal(text), (0.5, 0.5), xycoords="axes fraction", ha="center", va="center", color=DARK)


def whole_ticks(axis: Axis, values: np.ndarray) -> None:
    """Ticks at whole numbers where all values are whole: classes, trials, neurons."""
    if np.array_equal(values, np.round(values)):
        axis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))


def ramp(index: int) -> Colormap:
    """The colours of class `index` from low to high; the palest part is left out, it vanishes on white."""
    base = matplotlib.colormaps[RAMPS[index % len(RAMPS)]]
    return LinearSegmentedColormap.from_list(f"{base.name} from 0.3", base(np.linspace(0.3, 1.0, 64)))


def color(index: int) -> str:
    return COLORS[index % len(COLORS)]


def minus(text: str) -> str:
    """A number with the sign that numbers at axes have: a hyphen is half as wide."""
    return text.replace("-", "\N{MINUS SIGN}")


def rounded(value: float, digits: int = 3) -> str:
    """A number with so many significant digits, zeros at its end too: 0.500 is known better than 0.5. Empty for NaN."""
    if not np.isfinite(value):
        return ""
    power = int(f"{value:.{digits - 1}e}".partition("e")[2])  # of the rounded number: 9.996 is 10.0
    return minus(f"{value:.{min(max(digits - 1 - power, 0), 9)}f}")


def probability(p: float, n: int) -> str:
    """p as it is printed; 'n < 19', too small for p, where 0.05 cannot be reached."""
    if n <= 0:
        return ""
    if n < SMALLEST_NULL or p != p:
        return f"n < {SMALLEST_NULL}" if n < SMALLEST_NULL else ""
    return f"{p:.3f}" if p >= 0.0095 else f"{p:.4f}".rstrip("0")


def measured(label: str, unit: str) -> str:
    """An axis label: name and unit, literally."""
    return literal(f"{label} ({unit})" if unit else label)


def as_png(fig: Figure, about: Mapping[str, object]) -> bytes:
    """The figure in pixels, sealed; `about` (provenance) is kept inside, no date and no version of a program is."""
    return sealed(_saved(fig, "png", {"Software": None, "cebra_pipe": _text(about)}))


def as_svg(fig: Figure, about: Mapping[str, object]) -> bytes:
    """The figure in lines, with the same inside."""
    return _saved(
        fig, "svg", {"Date": None, "Creator": None, "Format": None, "Type": None, "Description": _text(about)}
    )


def _text(about: Mapping[str, object]) -> str:
    return json.dumps(about, sort_keys=True, ensure_ascii=True)


def _saved(fig: Figure, kind: str, metadata: Mapping[str, object]) -> bytes:
    buffer = io.BytesIO()
    dots = int(min(300, np.sqrt(PIXELS / np.prod(fig.get_size_inches()))))
    with matplotlib.rc_context(), _own_style():
        _lay_out(fig, dots)
        fig.savefig(buffer, format=kind, dpi=dots, metadata=metadata)
    return buffer.getvalue()


def _lay_out(fig: Figure, dots: int) -> None:
    """Place the axes, once for all files: `savefig` would do it for each, and draw each twice for it."""
    engine = fig.get_layout_engine()
    if engine is None:
        return
    fig.set_dpi(dots)  # letters are as wide as in the file of pixels
    engine.execute(fig)
    fig.set_layout_engine(None)  # "none" leaves one in its place, for which `savefig` draws once more
