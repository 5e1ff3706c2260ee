"""Pictures for a notebook: what is drawn, in which colours, in which axes, and what is refused."""

from __future__ import annotations

import inspect
import sys
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgba
from mpl_toolkits.mplot3d.proj3d import proj_transform

import cebra_pipe
from cebra_pipe.errors import UserError

RNG = np.random.default_rng(0)
E, LABEL = RNG.normal(size=(60, 5)), RNG.random(60)
PAIRS = np.array([[i, j] for i in range(3) for j in range(3) if i != j])
SCORES = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])


@pytest.fixture(autouse=True)
def _figures():
    matplotlib.use("Agg")
    yield
    plt.close("all")


class Fitted:
    """What the pictures read of an estimator."""

    def __init__(self, level: float = 6.0, steps: int = 20):
        self.solver_ = SimpleNamespace(log={"total": level - np.arange(steps) / 10, "temperature": [0.5] * steps})

    def transform(self, X, session_id=None):
        return X[:, :3] if session_id is None else X[:, :2]


def offsets(ax) -> np.ndarray:
    """(sample, 2 or 3) where the points lie."""
    drawn = ax.collections[0]
    return np.stack(drawn._offsets3d, 1) if ax.name == "3d" else drawn.get_offsets().data


def colors_of(ax) -> np.ndarray:
    ax.figure.canvas.draw()
    return ax.collections[0].get_facecolors()


# ---- signatures ------------------------------------------------------------------------------------------------------
OURS = {  # other defaults, further arguments
    "plot_embedding": {"markersize", "alpha", "colorbar_label"},
    "plot_consistency": {"text_color"},
    "plot_overview": {"session_id"},
}


@pytest.mark.parametrize(
    "name", ["plot_embedding", "plot_loss", "plot_temperature", "compare_models", "plot_consistency", "plot_overview"]
)
def test_arguments_and_defaults_are_those_of_the_reference(reference, name):
    ours = inspect.signature(getattr(cebra_pipe, name)).parameters
    theirs = inspect.signature(getattr(reference, name)).parameters
    assert [p for p in ours if p in theirs] == list(theirs)
    assert set(ours) - set(theirs) <= OURS.get(name, set())
    for key, parameter in theirs.items():
        assert ours[key].kind == parameter.kind
        if key not in OURS.get(name, set()):
            assert ours[key].default == parameter.default


# ---- embedding -------------------------------------------------------------------------------------------------------
SHOWN = {
    "first three": (E, None, [0, 1, 2]),
    "two": (E[:, :2], None, [0, 1]),
    "order": (E, (3, 1), [3, 1]),
    "last three": (E, (2, 3, 4), [2, 3, 4]),
    "list": (E, [4, 0, 2], [4, 0, 2]),
}


@pytest.mark.parametrize("name", SHOWN)
def test_the_latents_asked_for_are_drawn(name):
    embedding, order, columns = SHOWN[name]
    ax = cebra_pipe.plot_embedding(embedding, idx_order=order)
    np.testing.assert_allclose(offsets(ax), embedding[:, columns])
    assert ax.name == ("3d" if len(columns) == 3 else "rectilinear")
    assert ax.get_title() == "Embedding"
    assert (ax._axis3don if ax.name == "3d" else not ax.axison) is False


@pytest.mark.parametrize("embedding", [E[:, :1], E[:, 0]])
def test_a_single_latent_is_drawn_over_time(embedding):
    ax = cebra_pipe.plot_embedding(embedding)
    np.testing.assert_allclose(offsets(ax), np.stack([np.arange(60), E[:, 0]], 1))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Sample", "Latent 0")


def test_tensors_are_drawn():
    ax = cebra_pipe.plot_embedding(torch.from_numpy(E).requires_grad_(), torch.from_numpy(LABEL))
    np.testing.assert_allclose(offsets(ax), E[:, :3])


@pytest.mark.parametrize("cmap", ["cool", "magma", "cebra", matplotlib.colormaps["viridis"]])
def test_time_is_coloured_by_the_colour_map(cmap):
    ax = cebra_pipe.plot_embedding(E[:, :2], "time", cmap=cmap, alpha=1)
    assert ax.collections[0].get_array().tolist() == list(range(60))
    expected = matplotlib.colormaps.get_cmap(cmap)(np.linspace(0, 1, 60))
    np.testing.assert_allclose(colors_of(ax), expected, atol=1 / 100)


@pytest.mark.parametrize("labels", [LABEL, LABEL.tolist(), LABEL[:, None], torch.from_numpy(LABEL)])
def test_labels_are_values_of_the_colour_map(labels):
    ax = cebra_pipe.plot_embedding(E, labels, vmin=0, vmax=2, markersize=7, alpha=0.3)
    drawn = ax.collections[0]
    np.testing.assert_allclose(drawn.get_array(), LABEL)
    assert drawn.get_clim() == (0, 2)
    assert drawn.get_cmap().name == "cool"
    assert (drawn.get_sizes().tolist(), drawn.get_alpha()) == ([7], 0.3)


@pytest.mark.parametrize("color", ["darkorchid", "#102030", (0.1, 0.2, 0.3), None])
def test_a_colour_is_for_all(color):
    ax = cebra_pipe.plot_embedding(E[:, :2], color, alpha=None)
    np.testing.assert_allclose(colors_of(ax), [to_rgba("grey" if color is None else color)])


def test_texts_are_classes_with_a_legend():
    ax = cebra_pipe.plot_embedding(E, np.where(LABEL > 0.5, "left", "right"), cmap="cebra")
    assert ax.collections[0].get_array().tolist() == [int(x <= 0.5) for x in LABEL]
    assert [text.get_text() for text in ax.get_legend().texts] == ["left", "right"]


def bars(ax) -> list[str]:
    """The labels of the colour bars in a picture."""
    return [other.get_ylabel() for other in ax.figure.axes if other is not ax]


def test_values_have_a_colour_bar_and_nothing_else_has():
    assert bars(cebra_pipe.plot_embedding(E, LABEL, colorbar_label="position (m)")) == ["position (m)"]
    ax = cebra_pipe.plot_embedding(E[:, :2], LABEL, vmin=-1, vmax=2)
    assert (bars(ax), ax.collections[0].colorbar.ax.get_ylim()) == ([""], (-1, 2))
    assert ax.collections[0].colorbar.solids.get_alpha() == 1  # the points are pale, their key need not be
    assert bars(cebra_pipe.plot_embedding(E, "time")) == ["Sample"]
    for labels in ("grey", None, np.where(LABEL > 0.5, "left", "right")):
        assert bars(cebra_pipe.plot_embedding(E, labels)) == []
    assert bars(cebra_pipe.plot_embedding(E, LABEL, colorbar_label=None)) == []


def test_samples_that_cannot_be_drawn_are_told():
    """Not of latents that are not drawn."""
    some = E.copy()
    some[:3, 4] = np.nan
    some[7, 3] = np.inf
    cebra_pipe.plot_embedding(some)
    with pytest.warns(UserWarning, match="embedding: 4 of 60 samples are not finite and are not drawn"):
        cebra_pipe.plot_embedding(some, idx_order=(4, 3))


def share_of_ink(ax) -> float:
    """The share of pixels inside the axes that are well darker than the page."""
    pixels = pixels_in(ax, ax.get_window_extent())
    return float((pixels.mean(-1) < 0.8).mean())


def pixels_in(ax, box) -> np.ndarray:
    """(row, column, 3) from 0 to 1 of what is drawn in a box of display coordinates."""
    ax.figure.canvas.draw()
    drawn = np.asarray(ax.figure.canvas.buffer_rgba())[::-1, :, :3] / 255
    return drawn[round(box.y0) : round(box.y1), round(box.x0) : round(box.x1)]


@pytest.mark.parametrize(("labels", "share"), [("black", 0.7), ("time", 0.6)])
def test_a_sphere_is_round_and_fills_the_picture_below_its_title(labels, share):
    """Beside a colour bar, too."""
    points = np.random.default_rng(1).standard_normal((3000, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    ax = cebra_pipe.plot_embedding(points, labels, cmap="cebra", alpha=1)
    across, down = extent_of_ink(ax)
    assert np.ptp(across) == pytest.approx(np.ptp(down), rel=0.05)
    assert share * 500 < np.ptp(across) < 500
    title = ax.title.get_window_extent()
    assert np.mean(across) == pytest.approx((title.x0 + title.x1) / 2, abs=15)
    assert down[1] < title.y0


def extent_of_ink(ax) -> tuple[tuple[int, int], tuple[int, int]]:
    """(left, right), (lowest, highest) pixel of the points, without title and colour bar."""
    title, ax_box = ax.get_title(), ax.get_position()
    ax.set_title("")
    drawn = pixels_in(ax, ax.figure.bbox).min(axis=-1)[:, : int(ax_box.x1 * 500)]
    rows, columns = np.nonzero(drawn < 0.9)
    ax.set_title(title)
    ax.figure.canvas.draw()
    return (columns.min(), columns.max()), (rows.min(), rows.max())


def test_no_point_of_a_box_leaves_the_picture():
    corners = np.array(np.meshgrid([0, 1], [0, 1], [0, 1.0])).reshape(3, -1).T
    for points in (corners, corners[:1], np.r_[corners[:4], [[3.0, 3.0, 3.0]]]):
        ax = cebra_pipe.plot_embedding(points, "black", markersize=4)
        ax.figure.canvas.draw()
        at = ax.transData.transform(np.stack(proj_transform(*points.T, ax.get_proj())[:2], axis=1))
        assert at.min() > 5
        assert at.max() < 495


@pytest.mark.parametrize("samples", [100, 2000, 20_000])
def test_points_are_seen_and_do_not_merge(samples):
    cloud = np.random.default_rng(1).uniform(size=(samples, 2))
    assert 0.02 < share_of_ink(cebra_pipe.plot_embedding(cloud, "black")) < 0.25


def test_a_size_asked_for_is_taken():
    assert cebra_pipe.plot_embedding(E, markersize=0.3).collections[0].get_sizes().tolist() == [0.3]


def test_figures_stay_open():
    for draw in (
        lambda: cebra_pipe.plot_embedding(E),
        lambda: cebra_pipe.plot_loss(Fitted()),
        lambda: cebra_pipe.plot_consistency(SCORES, PAIRS, range(3)),
    ):
        assert draw().figure.number == plt.get_fignums()[-1]
    assert len(plt.get_fignums()) == 3


def test_the_size_is_that_of_the_figure():
    ax = cebra_pipe.plot_embedding(E, figsize=(3, 2), dpi=50)
    assert (ax.figure.get_size_inches().tolist(), ax.figure.dpi) == ([3, 2], 50)


def test_given_axes_are_drawn_into():
    fig = plt.figure()
    flat, deep = fig.add_subplot(121), fig.add_subplot(122, projection="3d")
    assert cebra_pipe.plot_embedding(E, ax=deep) is deep
    for draw in (
        lambda ax: cebra_pipe.plot_embedding(E[:, :2], ax=ax),
        lambda ax: cebra_pipe.plot_loss(Fitted(), ax=ax),
        lambda ax: cebra_pipe.plot_temperature(Fitted(), ax=ax),
        lambda ax: cebra_pipe.compare_models([Fitted()], ax=ax),
        lambda ax: cebra_pipe.plot_consistency(SCORES, PAIRS, range(3), ax=ax, colorbar_label=None),
    ):
        assert draw(flat) is flat
    assert len(plt.get_fignums()) == 1


def test_the_colour_map_grows_lighter():
    red, green, blue, _ = matplotlib.colormaps["cebra"](np.linspace(0, 1, 50)).T
    assert (np.diff(0.2126 * red + 0.7152 * green + 0.0722 * blue) > 0).all()


# ---- training --------------------------------------------------------------------------------------------------------
def test_loss_and_temperature_are_those_of_the_log():
    model = Fitted()
    loss = cebra_pipe.plot_loss(model, label="rat", title="Loss", alpha=0.5, linestyle="--")
    assert loss.lines[0].get_ydata().tolist() == model.solver_.log["total"].tolist()
    assert (loss.lines[0].get_color(), loss.lines[0].get_alpha()) == ("magenta", 0.5)
    assert (loss.get_xlabel(), loss.get_ylabel(), loss.get_title()) == ("Steps", "InfoNCE loss (nats)", "Loss")
    assert loss.get_legend().texts[0].get_text() == "rat"
    temperature = cebra_pipe.plot_temperature(model, x_label=False, y_label=False, color="k", linewidth=3)
    assert temperature.lines[0].get_ydata().tolist() == [0.5] * 20
    assert temperature.get_xlabel() == temperature.get_ylabel() == ""
    assert (temperature.lines[0].get_color(), temperature.lines[0].get_linewidth()) == ("k", 3)


def test_models_differ_in_colour():
    models = [Fitted(level) for level in (6, 5, 4)]
    ax = cebra_pipe.compare_models(models, ["a", "b", "c"])
    assert [line.get_ydata()[0] for line in ax.lines] == [6, 5, 4]
    assert [text.get_text() for text in ax.get_legend().texts] == ["a", "b", "c"]
    np.testing.assert_allclose([line.get_color() for line in ax.lines], matplotlib.colormaps["cebra"]([0.0, 0.5, 1.0]))
    assert {line.get_color() for line in cebra_pipe.compare_models(models, color="k").lines} == {"k"}


def test_a_single_step_is_seen():
    assert cebra_pipe.plot_loss(Fitted(steps=1)).lines[0].get_marker() == "o"


def test_overview():
    fig, (loss, temperature, cloud) = cebra_pipe.plot_overview(
        Fitted(), E, dict(color="k"), dict(color="b"), dict(embedding_labels=LABEL)
    )
    assert fig.axes[:3] == [loss, temperature, cloud]
    assert (loss.lines[0].get_color(), temperature.lines[0].get_color(), cloud.name) == ("k", "b", "3d")
    np.testing.assert_allclose(cloud.collections[0].get_array(), LABEL)
    _, (_, _, flat) = cebra_pipe.plot_overview(Fitted(), E, session_id=0)
    assert (len(offsets(flat)), flat.name) == (60, "rectilinear")


# ---- consistency -----------------------------------------------------------------------------------------------------
def test_scores_are_percent_from_row_to_column():
    ax = cebra_pipe.plot_consistency(SCORES, PAIRS, range(3), vmin=0, vmax=100, title="Runs")
    expected = [[np.nan, 10, 20], [30, np.nan, 40], [50, 60, np.nan]]
    np.testing.assert_allclose(ax.images[0].get_array().filled(np.nan), expected)
    assert {text.get_position(): text.get_text() for text in ax.texts}[(1, 0)] == "10.0"
    assert ax.images[0].get_clim() == (0, 100)
    assert ax.figure.axes[-1].get_ylabel() == "Consistency score (%)"
    assert (ax.get_title(), ax.get_xlabel()) == ("Runs", "map from row to column")


def test_colours_run_over_all_scores_whatever_those_drawn():
    """Scores of .97 to .99 look alike, and like those of another picture."""
    alike = cebra_pipe.plot_consistency(0.97 + SCORES / 30, PAIRS, range(3)).images[0]
    assert alike.get_clim() == (0, 100)
    shades = alike.cmap(alike.norm(alike.get_array().compressed()))[:, 0]
    assert np.ptp(shades) < 0.03
    assert cebra_pipe.plot_consistency(SCORES, PAIRS, range(3), vmin=None, vmax=None).images[0].get_clim() == (10, 60)
    own = matplotlib.colors.Normalize(20, 50)
    assert cebra_pipe.plot_consistency(SCORES, PAIRS, range(3), norm=own).images[0].get_clim() == (20, 50)


@pytest.mark.parametrize(
    ("lowest", "options", "extend"),
    [(0.1, {}, "neither"), (-0.1, {}, "min"), (0.1, {"vmax": 50}, "max"), (-0.1, {"vmax": 50}, "both")],
)
def test_scores_beyond_the_colours_have_an_arrow(lowest, options, extend):
    ax = cebra_pipe.plot_consistency([lowest, *SCORES[1:]], PAIRS, range(3), **options)
    assert ax.images[0].colorbar.extend == extend


def test_data_sets_have_names_in_the_order_given():
    pairs = [["rat", "mouse"], ["mouse", "rat"]]
    ax = cebra_pipe.plot_consistency([0.5, 0.25], pairs, ["mouse", "rat"], colorbar_label=None)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["mouse", "rat"]
    np.testing.assert_allclose(ax.images[0].get_array().filled(0), [[0, 25], [50, 0]])
    assert len(ax.figure.axes) == 1


def test_names_that_are_not_those_of_the_pairs_are_told():
    with pytest.warns(UserWarning, match="none for session1, session2 of the pairs"):
        ax = cebra_pipe.plot_consistency([0.5, 0.4], [["session1", "session2"], ["session2", "session1"]], range(3))
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["session1", "session2"]


def test_numbers_are_readable():
    ax = cebra_pipe.plot_consistency(SCORES, PAIRS, range(3), vmin=0, vmax=60)
    colors = {text.get_text(): text.get_color() for text in ax.texts}
    assert (colors["10.0"], colors["60.0"]) == ("black", "white")
    asked = cebra_pipe.plot_consistency(SCORES, PAIRS, range(3), text_color="red")
    assert {text.get_color() for text in asked.texts} == {"red"}


def test_a_cell_without_a_score_is_not_like_the_lowest():
    ax = cebra_pipe.plot_consistency([0, *SCORES[1:]], PAIRS, range(3), text_color="white")
    ax.figure.canvas.draw()  # settles the aspect
    corners = [ax.transData.transform([(x - 0.4, y + 0.4), (x + 0.4, y - 0.4)]) for x, y in [(1, 0), (1, 1)]]
    lowest, empty = (pixels_in(ax, matplotlib.transforms.Bbox(each)) for each in corners)
    assert lowest.min() == 1
    assert empty.min() < 0.8


# ---- plotly ----------------------------------------------------------------------------------------------------------
def test_plotly_is_asked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly", None)
    with pytest.raises(ImportError, match="pip install plotly"):
        cebra_pipe.plot_embedding_interactive(E)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
class TestInteractive:
    @pytest.fixture(autouse=True)
    def _plotly(self):
        pytest.importorskip("plotly")

    def test_points_lie_where_they_are(self):
        deep = cebra_pipe.plot_embedding_interactive(E, LABEL, idx_order=(2, 0, 1), markersize=3, cmap="cebra")
        np.testing.assert_allclose(np.stack([deep.data[0].x, deep.data[0].y, deep.data[0].z], 1), E[:, [2, 0, 1]])
        np.testing.assert_allclose(deep.data[0].marker.color, LABEL)
        assert (deep.layout.width, deep.layout.height, deep.data[0].marker.size) == (500, 500, 3)
        assert deep.data[0].marker.colorscale[0][1] == "#1b1448"
        assert deep.data[0].marker.showscale
        flat = cebra_pipe.plot_embedding_interactive(E[:, :2], "darkorchid", title="flat", figsize=(4, 3))
        assert (flat.data[0].type, flat.data[0].marker.color, flat.layout.title.text) == ("scatter", "#9932cc", "flat")
        assert (flat.layout.width, flat.layout.height) == (400, 300)

    def test_each_class_is_a_trace(self):
        classes = (LABEL > 0.5).astype(int)
        fig = cebra_pipe.plot_embedding_interactive(E, classes, discrete=True, showlegend=True)
        assert [trace.name for trace in fig.data] == ["0", "1"]
        np.testing.assert_allclose(fig.data[1].x, E[classes == 1, 0])
        assert fig.layout.showlegend
        again = cebra_pipe.plot_embedding_interactive(E, np.where(classes, "left", "right"), axis=fig)
        assert again is fig
        assert [trace.name for trace in fig.data] == ["0", "1", "left", "right"]

    def test_a_colour_has_no_classes(self):
        with pytest.raises(UserError, match="discrete: expected labels"):
            cebra_pipe.plot_embedding_interactive(E, discrete=True)


# ---- mistakes --------------------------------------------------------------------------------------------------------
def flat_axes():
    return plt.figure().add_subplot()


def deep_axes():
    return plt.figure().add_subplot(projection="3d")


MISTAKES = {
    "columns": (
        lambda: cebra_pipe.plot_embedding(E, E[:, :2]),
        NotImplementedError,
        r"shape \(60, 2\). Choose one column",
    ),
    "length": (
        lambda: cebra_pipe.plot_embedding(E, LABEL[:50]),
        ValueError,
        "expected 60 values, one a sample, found 50",
    ),
    "colour": (lambda: cebra_pipe.plot_embedding(E, "darkorchd"), ValueError, "found 'darkorchd'"),
    "colour twice": (lambda: cebra_pipe.plot_embedding(E, c="red"), UserError, "c: .*Pass it as embedding_labels"),
    "colour and values": (lambda: cebra_pipe.plot_embedding(E, LABEL, color="red"), UserError, "color: .*found 'red'"),
    "map": (lambda: cebra_pipe.plot_embedding(E, LABEL, cmap="vridis"), ValueError, "Did you mean 'viridis'"),
    "map of a colour": (lambda: cebra_pipe.plot_embedding(E, cmap="vridis"), ValueError, "Did you mean 'viridis'"),
    "latents": (lambda: cebra_pipe.plot_embedding(E, idx_order=(0, 9)), ValueError, "latents from 0 to 4, found 9"),
    "negative": (lambda: cebra_pipe.plot_embedding(E, idx_order=(0, -1)), ValueError, "found -1"),
    "four": (lambda: cebra_pipe.plot_embedding(E, idx_order=(0, 1, 2, 3)), ValueError, "one to three latents"),
    "empty": (lambda: cebra_pipe.plot_embedding(E[:0]), ValueError, "not empty"),
    "nothing finite": (
        lambda: cebra_pipe.plot_embedding(np.full((5, 2), np.nan)),
        ValueError,
        "embedding: expected samples with finite values, found none",
    ),
    "bar of a colour": (
        lambda: cebra_pipe.plot_embedding(E, "grey", colorbar_label="m"),
        ValueError,
        "colorbar_label: expected values in embedding_labels, found one colour",
    ),
    "keyword of points": (
        lambda: cebra_pipe.plot_embedding(E, nonsense=3),
        TypeError,
        "plot_embedding: expected a keyword of it or of matplotlib's Axes3D.scatter, found 'nonsense'. Known: "
        "embedding, embedding_labels, ",
    ),
    "keyword nearly right": (
        lambda: cebra_pipe.plot_embedding(E[:, :2], edgecolour="k"),
        TypeError,
        "found 'edgecolour'. Did you mean 'edgecolor'?",
    ),
    "keyword of lines": (
        lambda: cebra_pipe.plot_loss(Fitted(), titel="a"),
        TypeError,
        "plot_loss: .* matplotlib's Axes.plot, found 'titel'. Did you mean 'title'?",
    ),
    "keyword of several": (
        lambda: cebra_pipe.compare_models([Fitted()], legend=1),
        TypeError,
        "compare_models: .*legend",
    ),
    "keyword of temperature": (
        lambda: cebra_pipe.plot_temperature(Fitted(), x=1),
        TypeError,
        "plot_temperature: .*'x'",
    ),
    "keyword of a matrix": (
        lambda: cebra_pipe.plot_consistency(SCORES, PAIRS, range(3), nonsense=1),
        TypeError,
        "plot_consistency: .* matplotlib's Axes.imshow, found 'nonsense'",
    ),
    "cube": (lambda: cebra_pipe.plot_embedding(E.reshape(3, 20, 5)), ValueError, r"shape \(3, 20, 5\)"),
    "flat axes": (lambda: cebra_pipe.plot_embedding(E, ax=flat_axes()), ValueError, "Add the subplot with projection"),
    "deep axes": (lambda: cebra_pipe.plot_loss(Fitted(), ax=deep_axes()), ValueError, "Leave projection='3d' out"),
    "size": (lambda: cebra_pipe.plot_loss(Fitted(), ax=flat_axes(), figsize=(2, 2)), ValueError, "figsize and dpi"),
    "dpi": (lambda: cebra_pipe.plot_loss(Fitted(), ax=flat_axes(), dpi=300), ValueError, "figsize and dpi"),
    "unfitted": (lambda: cebra_pipe.plot_loss(object()), ValueError, "model: expected a fitted model, found object"),
    "no steps": (lambda: cebra_pipe.plot_temperature(Fitted(steps=0)), ValueError, "history of its training"),
    "line colour": (lambda: cebra_pipe.plot_loss(Fitted(), color="nothing"), ValueError, "color: expected a colour"),
    "one model": (lambda: cebra_pipe.compare_models(Fitted()), ValueError, "a list of fitted models, found Fitted"),
    "no models": (lambda: cebra_pipe.compare_models([]), ValueError, "a list of fitted models"),
    "labels": (
        lambda: cebra_pipe.compare_models([Fitted()], ["a", "b"]),
        ValueError,
        "expected 1, one a model, found 2",
    ),
    "second": (lambda: cebra_pipe.compare_models([Fitted(), 3]), ValueError, r"models\[1\]: expected a fitted model"),
    "pairs": (lambda: cebra_pipe.plot_consistency(SCORES, None, range(3)), ValueError, "pairs: expected those that"),
    "datasets": (lambda: cebra_pipe.plot_consistency(SCORES, PAIRS), ValueError, "datasets: expected those that"),
    "matrix": (lambda: cebra_pipe.plot_consistency(np.eye(3), PAIRS, range(3)), ValueError, "one dimension, as"),
    "fewer": (
        lambda: cebra_pipe.plot_consistency(SCORES[:4], PAIRS, range(3)),
        ValueError,
        r"shape \(4, 2\), one a score",
    ),
}


KNOWN = {
    "marker": "s",
    "vmin": 0,
    "zorder": 3,
    "lw": 1,
    "rasterized": True,
    "label": "a",
    "gid": "g",
    "edgecolors": "k",
}


@pytest.mark.parametrize("latents", [2, 3])
def test_what_matplotlib_takes_is_no_mistake(latents):
    values = np.arange(len(E))
    points = cebra_pipe.plot_embedding(E[:, :latents], values, **KNOWN).collections[0]
    assert (points.get_gid(), points.get_zorder(), points.norm.vmin) == ("g", 3, 0)
    (line,) = cebra_pipe.plot_loss(Fitted(), ls="--", marker="x", drawstyle="steps", markersize=2).lines
    assert (line.get_linestyle(), line.get_marker()) == ("--", "x")


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_told(name):
    call, kind, message = MISTAKES[name]
    with pytest.raises(kind, match=message):
        call()
