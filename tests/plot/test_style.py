"""How figures become files."""

from __future__ import annotations

from cebra_pipe.plot.style import as_png, as_svg, figure


def crowded():
    """A figure whose layout is not settled after one pass: long labels and a colour bar."""
    fig = figure(3.0)
    panels = fig.subplots(2, 2)
    for ax in panels.flat:
        image = ax.imshow([[0.0, 1.0], [1.0, 0.0]])
        ax.set_yticks([0, 1], ["a very long name of a recording", "another"])
        ax.set_title("a title of some length", wrap=True)
    fig.colorbar(image, ax=list(panels[0]), shrink=0.6)
    return fig


def test_a_file_does_not_depend_on_which_was_written_first():
    first, second = crowded(), crowded()
    lines, pixels = as_svg(first, {}), as_png(first, {})
    assert (as_png(second, {}), as_svg(second, {})) == (pixels, lines)
