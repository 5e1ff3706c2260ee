"""Each figure draws what its table says, says what is missing, and reads every name literally."""

from __future__ import annotations

import dataclasses
import re
import shutil
from itertools import combinations, pairwise
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
from jinja2 import Template
from matplotlib.colors import to_hex
from matplotlib.legend import Legend
from matplotlib.text import Annotation, Text

from cebra_pipe.data.recording import Label, Recording
from cebra_pipe.data.table import Table, read_table
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.config.reading import resolve
from cebra_pipe.pipeline.jobs import roles
from cebra_pipe.pipeline.planning.exhibits import TABLES
from cebra_pipe.pipeline.stages.figures import FIGURES, drawing
from cebra_pipe.plot import consistency, data, decoding, recorded, verdict
from cebra_pipe.plot.drawn import distinct, pick, stack
from cebra_pipe.plot.numbers import about, sentence
from cebra_pipe.plot.shown import OWN_TRIAL, Study
from cebra_pipe.plot.style import GREY, as_svg, rounded
from cebra_pipe.plot.style import figure as empty
from cebra_pipe.plot.verdict import PAINT, SOUND, kind

from ..conftest import ROOT
from ..pipeline.test_study import BASE
from .artifacts import LESS, build, condition, make_recording, make_split

ROLES = roles.ROLES["figures"][0]


def drawn_of(made, name):
    job = made.job("figures", ROLES, ("png",), figure=name)
    study = Study.of(job.spec)
    rows, draw = drawing(name)
    table = rows(job, study)
    return table, draw(table, study.title)


def texts(figure):
    return [t.get_text() for t in figure.findobj(match=lambda a: hasattr(a, "get_text")) if t.get_text()]


@pytest.mark.parametrize("name", FIGURES)
def test_figure_is_live_titled_and_lettered(study, name):
    _, figure = drawn_of(study, name)
    figure.draw_without_rendering()
    said = texts(figure)
    assert any(t.startswith("Four rats") for t in said)
    assert {"a", "b"} <= set(said)
    assert figure.axes
    assert not list(crowded(figure))


def crowded(figure):
    """Labels of ticks that are not two points away from the next of their axis; the figure has to be drawn."""
    apart = 2 * figure.dpi / 72, 0
    for axis, side in ((axis, side) for ax in figure.axes for side, axis in enumerate((ax.xaxis, ax.yaxis))):
        low, high = sorted(axis.get_view_interval())
        ticks = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
        shown = [
            t for at, t in ticks if low <= at <= high and t.get_text() and t.get_visible() and not t.get_rotation()
        ]
        ends = sorted(sorted(t.get_window_extent().get_points()[:, side]) for t in shown if axis.axes.axison)
        yield from ((axis.axes, a, b) for a, b in pairwise(ends) if b[0] < a[1] + apart[side])


def test_labels_of_a_null_are_few(study):
    """Those of hundredths below 0 are as wide as a fifth of the panel."""
    ax = empty(2.4, 6).add_subplot()
    consistency.draw_null(ax, pick(drawn_of(study, "consistency")[0], comparison="rats"))
    assert 2 < len(ax.get_xticks()) <= 7  # two of them may lie outside of the axis


def test_the_line_at_0_goes_through_all_of_a_null(study):
    """Whatever is said beside it."""
    figure = empty(2.4, 3)
    ax = figure.add_subplot()
    mine = pick(drawn_of(study, "consistency")[0], comparison="rats")
    null = mine["what"] == "null"
    mine.columns["score"][null] -= 0.5  # the line lies within the texts
    consistency.draw_null(ax, mine)
    figure.canvas.draw()
    drawn = np.asarray(figure.canvas.buffer_rgba())[::-1, :, :3].astype(int)
    at, box = round(ax.transData.transform((0, 0))[0]), ax.get_window_extent()
    said = [text.get_window_extent() for text in ax.texts]
    assert any(extent.x0 + 5 < at < extent.x1 - 5 for extent in said)
    column = drawn[int(box.y0) + 3 : int(box.y1) - 3, at - 1 : at + 2].min(axis=(1, 2))
    assert column.max() < 240


@pytest.mark.parametrize("name", ["decoding", "goodness_of_fit", "losses", "embeddings"])
def test_control_is_called_a_control_and_only_it_is_grey(study, name):
    table, figure = drawn_of(study, name)
    assert any("circular shift (control)" in t for t in texts(figure))
    if "kind" in table.columns:
        assert set(pick(table, kind="control")["series"]) == {"circular shift (control)"}


@pytest.mark.parametrize("name", ["embeddings", "goodness_of_fit", "losses"])
def test_numbers_of_train_are_called_in_sample(study, name):
    assert any("in-sample" in t for t in texts(drawn_of(study, name)[1]))


# ---- decoding --------------------------------------------------------------------------------------------------------
def test_trace_is_test_samples_of_whole_evenly_spread_trials(study):
    table, _ = drawn_of(study, "decoding")
    for name, recording in study.recordings.items():
        trace = pick(table, panel="trace", recording=name)
        assert set(np.unique(trace["trial"])) <= set(recording.trial[trace["sample"]])
        np.testing.assert_allclose(trace["truth"], recording.labels["position"].values[trace["sample"]])
        np.testing.assert_array_equal(trace["true_class"], recording.labels["direction"].values[trace["sample"]])
        source = next(p for p in study.inputs["traces"] if p.stem == f"behavior-{name}")
        padded = read_table(source)
        padded = padded["sample"][padded["padded"]]
        assert len(padded)
        assert not set(padded) & set(trace["sample"])
        assert "padded samples left out" in trace["note"][0]


def test_metres_are_shown_as_centimetres_and_the_baselines_once(study):
    table, figure = drawn_of(study, "decoding")
    means = pick(table, panel="error", what="mean", label="position", recording="rat1")
    assert set(means["unit"]) == {"cm"}
    assert means["series"].tolist().count("naive Bayes") == 1
    assert pick(means, series="best constant")["score"][0] > 20
    assert "median absolute error (cm)" in texts(figure)


def test_control_that_destroys_autocorrelation_has_no_p(tmp_path):
    each = {"rat1": ["rat1"]}
    kinds = ("permute_labels", "circular_shift")
    conditions = [condition("behavior", "B", each), *(condition(k, "", each, control=k) for k in kinds)]
    table, figure = drawn_of(build(tmp_path, {"rat1": make_recording(1)}, conditions, comparisons=[]), "decoding")
    means = pick(table, what="mean", label="position")
    assert np.isnan(pick(means, series="labels permuted (control)")["p"]).all()
    assert np.isfinite(pick(means, series="circular shift (control)")["p"]).all()
    assert "no p" in texts(figure)


def test_a_colour_means_one_thing(study):
    """Bars have the colour of their kind, and a class of the trace none of these."""
    table, figure = drawn_of(study, "decoding")
    kinds = distinct(pick(table, what="mean")["kind"])
    assert set(kinds) == {"condition", "control", "baseline"}
    bars = {
        to_hex(line.get_color()) for ax in figure.axes if ax.get_title(loc="left") == "position" for line in ax.lines
    }
    assert bars == {to_hex(decoding.KINDS[kind]) for kind in kinds}
    traced = {to_hex(line.get_color()) for line in figure.axes[0].lines} - {to_hex(GREY)}  # borders of trials
    assert traced == {to_hex(shade) for shade in decoding.CLASSES[:2]}
    assert not {decoding._shade(c) for c in range(6)} & set(decoding.KINDS.values())
    assert {"decoded from an embedding", "from a control's embedding", "baseline"} <= set(legend(figure))


def test_the_line_of_chance_lies_on_the_best_constant(study):
    """A control is scored against shifted labels, of which another constant is the best."""
    table, _ = drawn_of(study, "decoding")
    chance = np.where(table["kind"] == "control", 0.5 * table["chance"], table["chance"])
    figure = decoding.draw(Table({**table.columns, "chance": chance, "floor": np.full(len(table), np.nan)}, {}))
    for ax in (ax for ax in figure.axes if ax.get_title(loc="left") == "position"):
        (line,) = [line for line in ax.lines if line.get_linestyle() == "--"]
        assert line.get_xdata()[0] == pytest.approx(40)


LABELS = ("position", "direction", "speed", "head angle to the goal, as it was smoothed", "y")


@pytest.mark.parametrize("number", [1, 2, 3, 5])
def test_every_decoded_label_has_a_panel_and_no_text_lies_on_another(study, number):
    table, _ = drawn_of(study, "decoding")
    errors, parts = pick(table, panel="error", label="position"), [pick(table, panel="trace")]
    for label in LABELS[:number]:
        parts.append(Table({**errors.columns, "label": np.full(len(errors), label, object)}, {}))
    many = Table({name: np.concatenate([part[name] for part in parts]) for name in table.columns}, {})
    many.columns["note"][many["panel"] == "trace"] += "; first 1500 of 1611 samples"
    figure = decoding.draw(many, "Four rats")
    figure.draw_without_rendering()
    traces = [ax for ax in figure.axes if ax.get_xlabel().startswith("time in")]
    assert [ax.get_position().width > 0.25 for ax in traces] == [True, True]
    titles = [ax.get_title(loc="left").replace("\n", " ") for ax in figure.axes if ax not in traces]
    assert titles == 2 * list(LABELS[:number])
    assert min(ax.get_position().width for ax in figure.axes) > 0.1
    named = [ax for ax in figure.axes if "naive Bayes" in {text.get_text() for text in ax.get_yticklabels()}]
    assert len(named) == 2 * -(-number // decoding.ACROSS)
    assert list(overlapping(figure)) == []


def overlapping(figure):
    """Pairs of texts that lie on each other, and texts that leave the figure, which has to be drawn."""
    ticks = {text for ax in figure.axes for axis in (ax.xaxis, ax.yaxis) for text in axis.get_ticklabels(which="both")}
    shown = [t for t in figure.findobj(Text) if t.get_text() and t.get_visible() and t not in ticks]
    boxes = [(text.get_text(), text.get_window_extent()) for text in shown]
    yield from (text for text, box in boxes if not figure.bbox.contains(box.x0, box.y0))
    yield from (text for text, box in boxes if not figure.bbox.contains(box.x1, box.y1))
    yield from ((a, b) for (a, one), (b, other) in combinations(boxes, 2) if one.overlaps(other))
    yield from crowded(figure)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.500"), (-0.0505, "−0.0505"), (9.996, "10.0"), (48.04, "48.0"), (1234.5, "1234"), (0, "0.00")],
)
def test_measured_numbers_keep_their_zeros_and_have_a_minus(value, text):
    assert rounded(value) == text
    assert rounded(np.nan) == ""


# ---- verdict ---------------------------------------------------------------------------------------------------------
def test_every_score_has_its_cell_in_the_colour_of_its_verdict(study):
    table, figure = drawn_of(study, "verdict")
    left, right = figure.axes
    cells = len(table)
    assert len(left.patches) == len(left.texts) - 1 == cells > 0  # but for the panel's letter
    painted = [tuple(patch.get_facecolor()) for patch in left.patches]
    for known, colour in PAINT.items():
        assert painted.count(colour) == sum(kind(text) == known for text in table["verdict"])
    lines = {(r["condition"], r["unit_of_fit"], r["title"]) for r in table.rows()}
    assert len(right.patches) == len(lines) * len(SOUND)
    assert not set(table["condition"]) & {"shifted"}
    bordered = [patch for patch in left.patches if patch.get_edgecolor() == verdict.WORSE]
    assert len(bordered) == sum(table["worse_than"] != "") > 0
    assert "worse than a null's median, a baseline or a constant" in "\n".join(texts(figure))


def test_no_text_leaves_its_cell_and_parts_too_near_are_marked(study):
    table, _ = drawn_of(study, "verdict")
    table.columns["null_median"][:] = -0.82812
    table.columns["real"][:] = -0.050512
    table.columns["too_near"][table["recording"] == "rat1"] = "label position (1.88 s)"
    few = table["score"] == "bits"
    table.columns["null"][few], table.columns["null_n"][few] = "refit: shifted", 3
    left, right = verdict.draw(table).axes
    assert sum(t.get_text().endswith("\n3 fits, p needs 19") for t in left.texts) == sum(few) > 0
    for ax in (left, right):
        for patch, text in zip(ax.patches, [t for t in ax.texts if not isinstance(t, Annotation)], strict=True):
            assert text.get_window_extent().width <= patch.get_window_extent().width
    x = [text.get_text() for text in right.get_xticklabels()].index("cut at\ngaps %") + 0.5
    cells = [t for t in right.texts if t.get_text().endswith(", near")]
    lines = {(r["condition"], r["unit_of_fit"]) for r in table.rows() if r["recording"] == "rat1"}
    assert len(cells) == len(lines) > 0
    assert {t.get_position()[0] for t in cells} == {x}
    warned = [patch for patch in right.patches if patch.get_facecolor() == verdict.WARNING]
    assert {t.get_position()[1] for t in cells} == {p.get_y() + 0.44 for p in warned if p.get_x() < x < p.get_x() + 1}


# ---- embeddings ------------------------------------------------------------------------------------------------------
def test_points_are_the_aligned_ones_of_each_part_without_padded_samples(study):
    table, _ = drawn_of(study, "embeddings")
    path = next(p for p in study.inputs["aligned"] if p.stem == "behavior")
    aligned = pick(read_table(path), recording="rat2")
    for panel in ("train", "test"):
        points = pick(table, what="point", recording="rat2", panel=panel)
        kept = aligned.where((aligned["part"] == panel) & ~aligned["padded"])
        said = pick(table, what="panel", recording="rat2", panel=panel)
        assert said["n"][0] == len(kept) > 0
        assert said["n_padded"][0] == int(((aligned["part"] == panel) & aligned["padded"]).sum()) > 0
        assert set(points["sample"]) <= set(kept["sample"])
        mine = aligned.where(np.isin(aligned["sample"], points["sample"]))
        np.testing.assert_allclose(points["x"], mine["a0"], atol=1e-5)
        np.testing.assert_allclose(points["z"], mine["a2"], atol=1e-5)


@pytest.mark.parametrize(("dimension", "axes"), [(1, "xy"), (2, "xy"), (3, "xyz"), (5, "xyz")])
def test_every_dimension_is_drawn(tmp_path, dimension, axes):
    conditions = [condition("behavior", "B", {"rat1": ["rat1"]}, dimension=dimension)]
    table, figure = drawn_of(build(tmp_path, {"rat1": make_recording(1)}, conditions, comparisons=[]), "embeddings")
    points = pick(table, what="point")
    assert [a for a in "xyz" if np.isfinite(points[a]).any()] == list(axes)
    assert any("dimensions 1 to 3 of 5" in t for t in texts(figure)) == (dimension == 5)


def test_without_a_control_there_is_no_empty_column(tmp_path, study):
    alone = build(
        tmp_path, {"rat1": make_recording(1)}, [condition("behavior", "B", {"rat1": ["rat1"]})], comparisons=[]
    )
    figure = drawn_of(alone, "embeddings")[1]
    assert sum(ax.name == "3d" for ax in figure.axes) == 2
    assert "no control condition in this study" in texts(figure)
    figure = drawn_of(study, "embeddings")[1]
    assert sum(ax.name == "3d" for ax in figure.axes) == 3 * len(study.recordings)
    assert "no control condition in this study" not in texts(figure)


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("controls", [[], ["circular_shift"]])
def test_titles_of_embeddings_lie_apart(tmp_path, dimension, controls):
    each = {"rat1": ["rat1"]}
    kinds = {"behavior": {}} | {control: {"control": control} for control in controls}
    conditions = [condition(name, "", each, dimension=dimension, **more) for name, more in kinds.items()]
    figure = drawn_of(build(tmp_path, {"rat1": make_recording(1)}, conditions, comparisons=[]), "embeddings")[1]
    figure.draw_without_rendering()
    over = [figure._suptitle, *(text for text in figure.texts if "no control" in text.get_text())]
    heads = [text.get_window_extent() for ax in figure.axes for text in ax.texts if "(in-sample)" in text.get_text()]
    lowest = min(text.get_window_extent().y0 for text in over)
    assert len(heads) == 1
    assert lowest - heads[0].y1 > 0.03 * figure.dpi
    assert len(over) == 1 or over[0].get_window_extent().y0 > over[1].get_window_extent().y1


# ---- goodness of fit and losses --------------------------------------------------------------------------------------
def test_only_comparable_fits_share_a_panel(tmp_path):
    each = {"rat1": ["rat1"]}
    conditions = [
        condition("plain", "Plain", each),
        condition("hybrid", "Hybrid", each, hybrid=True),
        condition("sharp", "Sharp", each, temperature=0.5),
        condition("flat", "Flat", each, similarity="euclidean"),
        condition("time", "Time", each, (), time_offset=0.25),
        condition("late", "Late", each, (), time_offset=1.0),
        condition("heavy", "Heavy", each, weights=[1.0, 9.0]),
        condition("turned", "Turned", each, ("direction", "position")),
        condition("short", "Short", each, window=5),
        condition("own", "Own", each, own_trial=True),
    ]
    table, _ = drawn_of(build(tmp_path, {"rat1": make_recording(1)}, conditions, comparisons=[]), "goodness_of_fit")
    panels = {frozenset(pick(table, panel=panel)["series"]) for panel in distinct(table["panel"])}
    assert any(panel.startswith("positives: time\n") for panel in distinct(table["panel"]))
    alone = ("Sharp", "Flat", "Late", "Heavy", "Short", "Own")
    assert panels == {
        frozenset(p) for p in (["Plain", "Hybrid", "Turned"], ["Hybrid", "Time"], *([name] for name in alone))
    }
    (late,) = set(pick(table, series="Late")["panel"])
    assert late.endswith("cosine, τ = 1, 3-D, offset 1.0 s")


def test_bits_of_the_own_trial_are_called_so_without_others_beside_them(tmp_path):
    conditions = [condition("hybrid", "Hybrid", {"rat1": ["rat1"]}, hybrid=True, own_trial=True)]
    table, _ = drawn_of(build(tmp_path, {"rat1": make_recording(1)}, conditions, comparisons=[]), "goodness_of_fit")
    told = {panel.startswith("positives: time\n"): OWN_TRIAL in panel for panel in distinct(table["panel"])}
    assert told == {True: False, False: True}  # positives in time are of the own trial by design


def test_losses_hold_every_row_of_the_histories(study):
    table, _ = drawn_of(study, "losses")
    rows = sum(int((read_table(p)["kind"] == "step").sum()) for p in study.inputs["histories"])
    assert len(table) == rows


def test_losses_of_one_chance_level_share_their_heights(study):
    table, _ = drawn_of(study, "losses")
    more = table["series"] == "CEBRA-Time"
    raised = {name: table[name] + 1.0 * more for name in ("loss", "chance")}
    figure = drawing("losses")[1](Table({**table.columns, **raised}, {}), "")
    panels = [ax for ax in figure.axes if ax.axison]
    chances = [ax.lines[-1].get_ydata()[0] for ax in panels]
    assert 1 < len({chances.index(chance) for chance in chances}) < len(panels)
    for chance in chances:
        assert len({ax.get_ylim() for ax, own in zip(panels, chances, strict=True) if own == chance}) == 1
    assert all(ax.get_ylim()[0] <= ax.dataLim.y0 and ax.dataLim.y1 <= ax.get_ylim()[1] for ax in panels)


def test_a_chance_of_steps_other_than_that_of_scores_is_told_with_it(study):
    """Steps of 1,024 negatives, scores of 512: the height of a line says nothing beside that of the circles."""
    table, _ = drawn_of(study, "losses")
    raised = {name: table[name] + np.log(2) * (table["part"] == "train") for name in ("loss", "chance")}
    figure = drawing("losses")[1](Table({**table.columns, **raised}, {}), "")
    told = {ax.get_title(loc="left").split("\n", 1)[1] for ax in figure.axes if ax.axison}
    assert told == {f"{name} objective\nchance of train 6.93, valid 6.24 nats" for name in ("label", "time")}


def test_chance_is_told_above_a_panel_and_nothing_is_written_on_its_dots(study):
    _, figure = drawn_of(study, "losses")
    panels = [ax for ax in figure.axes if ax.axison]
    assert all(ax.get_title(loc="left").endswith("objective, chance 6.24 nats") for ax in panels)
    letters = [[text.get_text() for text in ax.texts] for ax in panels]
    assert letters == [[chr(97 + i)] for i in range(len(panels))]


# ---- consistency -----------------------------------------------------------------------------------------------------
def test_matrix_is_blank_on_its_diagonal_and_p_stands_beside(study):
    table, figure = drawn_of(study, "consistency")
    cells = pick(table, what="cell", comparison="rats")
    assert (cells["row"] != cells["column"]).all()
    assert any("p = 0.01" in t for t in texts(figure))
    assert any("no null for this comparison" in t for t in texts(figure))
    assert figure.get_supxlabel() == "Between runs · CEBRA-Behavior: the same data in both runs"


def test_pairs_of_runs_are_dots_on_the_line_of_their_recording(study):
    table, figure = drawn_of(study, "consistency")
    cells = pick(table, what="cell", between="runs", definition="held_out")
    names = distinct(cells["row"])
    (ax,) = [ax for ax in figure.axes if "pairs of runs" in ax.get_xlabel()][:1]
    assert [label.get_text() for label in ax.get_yticklabels()] == names
    dots = [line for line in ax.lines if line.get_marker() == "."]
    for y, (name, line) in enumerate(zip(names, dots, strict=True)):
        assert line.get_xdata().tolist() == pick(cells, row=name)["score"].tolist()
        assert np.abs(line.get_ydata() - y).max() < 0.4


# ---- legends ---------------------------------------------------------------------------------------------------------
def legend(figure):
    return [text.get_text() for text in figure.findobj(Legend)[0].texts]


REPEATED = {
    "decoding": ("seeds: optimiser's spread (not n)", "folds: split's spread (not n)"),
    "goodness_of_fit": ("range over seeds and folds (not n)", "the same parts of a control: the null"),
    "losses": ("control, all recordings", "pooled over recordings"),
}


@pytest.mark.parametrize("name", REPEATED)
def test_a_legend_lists_what_is_drawn_and_nothing_else(tmp_path, study, name):
    conditions = [condition("behavior", "B", {"rat1": ["rat1"]}, seeds=[1])]
    alone = build(tmp_path, {"rat1": make_recording(1)}, conditions, comparisons=[])
    few, many = legend(drawn_of(alone, name)[1]), legend(drawn_of(study, name)[1])
    assert few
    assert not set(REPEATED[name]) & set(few)
    assert set(REPEATED[name]) & set(many)


# ---- data ------------------------------------------------------------------------------------------------------------
def rate_map_loop(recording, label, mask, edges):
    """The plain truth: every sample of the mask put into its bin by hand."""
    maps = np.full((recording.neural.shape[1], len(edges) - 1), np.nan)
    for b in range(len(edges) - 1):
        last = b == len(edges) - 2
        inside = [
            t
            for t in np.flatnonzero(mask)
            if edges[b] <= label[t] < edges[b + 1] or (last and label[t] >= edges[b + 1])
        ]
        for n in range(recording.neural.shape[1]):
            if inside:
                maps[n, b] = recording.rate * np.mean([recording.neural[t, n] for t in inside])
    return maps


def test_rate_map_equals_the_plain_loop():
    recording = make_recording(7, 300, 3)
    mask = recording.trial % 2 == 0
    values = recording.labels["position"].values
    edges = recorded.bin_edges(values)
    np.testing.assert_allclose(
        recorded.rate_map(recording, "position", mask, edges), rate_map_loop(recording, values, mask, edges), rtol=1e-6
    )


def test_a_value_on_an_edge_lies_in_the_bin_above_and_the_last_in_the_last():
    recording = make_recording(7, 205, 3)
    whole = Label((np.arange(205) % 41).astype(float))
    recording = dataclasses.replace(recording, labels={"step": whole})
    edges, mask = recorded.bin_edges(whole.values), np.ones(205, bool)
    assert edges.tolist() == list(range(41))
    fast = recorded.rate_map(recording, "step", mask, edges)
    np.testing.assert_allclose(fast, rate_map_loop(recording, whole.values, mask, edges), rtol=1e-6)


def test_noise_has_no_diagonal():
    """Fields of noise, sorted on other trials than drawn, peak anywhere."""
    stream = np.random.default_rng(1)
    real = make_recording(8, 3000, 80)
    noise = Recording(stream.poisson(0.05, real.neural.shape), 40.0, real.labels, real.time, real.epoch, real.trial)
    study = Study({"n": "N"}, ())

    def diagonal(recording):
        table = stack(recorded.COLUMNS, recorded._fields(recording, study))
        said, rows = pick(table, what="notes on field"), pick(table, what="field", part="direction 0")
        image = np.zeros((80, recorded.BINS))
        image[rows["row"] - 1, np.round((rows["x"] - said["low"]) / said["wide"]).astype(int)] = rows["value"]
        active = np.flatnonzero(image.any(axis=1))
        return np.corrcoef(active, image[active].argmax(axis=1))[0, 1]

    assert diagonal(real) > 0.4
    assert abs(diagonal(noise)) < 0.25


def test_cells_of_many_neurons_and_samples_hold_their_largest_activity():
    """In plain loops; what has no row is 0."""
    stream = np.random.default_rng(0)
    neural = stream.normal(size=(7, 11)) * (stream.random((7, 11)) < 0.4)
    order = np.array([3, 1, 0, 2, 6, 5, 4])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorded, "CELLS", (3, 5))
        cells, said = recorded._activity(neural[order], order, 10.0)
    found = {
        (row, round(x * 10)): value for row, x, value in zip(cells["row"], cells["x"], cells["value"], strict=True)
    }
    for row in (1, 4, 7):
        for time in (0, 3, 6, 9):
            expected = max(neural[n, t] for n in order[row - 1 : row + 2] for t in range(time, min(time + 3, 11)))
            assert found.get((row, time), 0.0) == expected
    assert said["deep"] == 3
    assert said["wide"] == pytest.approx(0.3)
    assert said["note"].startswith("raster: largest of 3 neurons × 3 samples, black from ")


def test_many_neurons_make_no_larger_file_than_the_picture_shows():
    recording = make_recording(1, 3000, 10)
    many = np.tile(recording.neural + np.float32(0.25), (1, 70))
    recording = dataclasses.replace(recording, neural=many)
    table = recorded.rows(Study({"m": "M"}, ()), {"m": recording}, {"m": make_split(recording)})
    lines, columns = recorded.CELLS
    assert len(pick(table, what="activity")) <= lines * columns
    assert len(pick(table, what="field")) <= lines * recorded.BINS * 2
    assert len(pick(table, what="lap")) <= recorded.TRACE
    figure = drawing("data")[1](table, "")
    figure.draw_without_rendering()
    raster = figure.axes[0]
    assert [tick.get_text() for tick in raster.get_yticklabels()] == ["1", "700"]
    assert raster.get_ylim() == figure.axes[2].get_ylim() == (700.5, 0.5)  # both count downwards
    assert raster.images[0].get_array().shape[0] == 140
    assert {"M: N = 700 neurons" in t for t in texts(figure) if t.startswith("M: ")} == {True}


def test_a_spike_is_drawn_at_its_neuron_and_time(study):
    table, figure = drawn_of(study, "data")
    spikes = pick(table, what="spike", recording="rat1")
    recording = study.recordings["rat1"]
    assert spikes["row"].min() == 1
    assert (recording.neural[np.round(spikes["x"] * recording.rate).astype(int), spikes["neuron"]] > 0).all()
    assert "split" in texts(figure)
    assert legend(figure) == ["train", "valid", "test", "gap (in no part)"]


@pytest.mark.parametrize(
    ("trial", "said"),
    [
        (600, "first 800 samples, last of 2 trials cut"),  # samples of a trial
        (1000, "first 800 samples of the first trial"),
        (400, "first 2 trials"),
        (100, "first 4 trials"),
        (3000, "first 800 samples"),
    ],
)
def test_a_raster_tells_the_trials_that_it_shows(trial, said):
    recording = make_recording(1, 3000, 4)
    recording = dataclasses.replace(recording, trial=(np.arange(3000) // trial).astype(np.int32))
    table = stack(recorded.COLUMNS, recorded._raster(recording, Study({"m": "M"}, ())))
    assert pick(table, what="notes on raster")["note"].tolist() == [said]


def test_the_greys_of_fields_have_a_key_where_there_are_fields(study, tmp_path):
    key = "fields: share of the neuron's peak"
    figure = drawn_of(study, "data")[1]
    (bar,) = [ax for ax in figure.axes if ax.get_xlabel() == key]
    assert bar.get_xlim() == (0, 1)
    assert {ax.get_ylabel() for ax in figure.axes} == {"neuron (sorted)", "position (m)", ""}
    fish = build(tmp_path, {"fish": make_recording(3, 900, 8, ())}, comparisons=[], color={})
    figure = drawn_of(fish, "data")[1]
    assert key not in texts(figure)
    assert figure.axes[0].get_ylabel() == "neuron"


def test_numbers_of_a_recording():
    recording = make_recording(9, 600, 4)
    split = make_split(recording)
    found = about(recording, split)
    assert found["samples"] == 600
    assert found["gaps"] == 7  # a rest after each of 8 laps but the last
    assert found["longest_gap_s"] == pytest.approx(3.0)
    assert found["zero_share"] == pytest.approx(np.mean(recording.neural == 0))
    assert sum(found[f"n_{p}"] for p in ("train", "valid", "test", "gap")) == 600


def test_fluorescence_has_no_empty_bins_and_no_rate():
    recording = make_recording(9, 600, 4)
    split = make_split(recording)
    assert "% empty bins" in sentence(about(recording, split))
    traces = dataclasses.replace(recording, neural=np.random.default_rng(0).normal(0.1, 1, (600, 4)))
    told = sentence(about(traces, split))
    assert "mean activity 0." in told
    assert "bins" not in told


def test_a_lap_on_a_circle_is_not_joined_to_the_next(study):
    """A stroke across the panel where the label begins anew would be read as movement."""
    x = np.arange(12.0)
    columns = {"x": x, "y": (25 * x) % 100, "trial": np.zeros(12, int), "part": np.array(["train"] * 12, dtype=object)}
    assert [len(run) for run in data._runs(Table(columns))] == [4, 4, 4]


# ---- a recording left out --------------------------------------------------------------------------------------------
def test_recordings_left_out_stand_side_by_side_and_their_curves_are_of_the_shares(study):
    table, figure = drawn_of(study, "transfer")
    assert distinct(table["title"]) == ["Rat 1", "Rat 2"]
    panels = [ax for ax in figure.axes if ax.axison]
    assert [ax.get_title(loc="left").split("\n")[-1] for ax in panels] == 2 * ["Rat 1 left out", "Rat 2 left out"]
    assert [ax.get_ylabel() for ax in panels] == ["position: median error (cm)", "", "direction: balanced accuracy", ""]
    mine = pick(table, title="Rat 2", label="position", method="within", what="mean")
    (line,) = [line for line in panels[1].lines if list(line.get_ydata()) == list(mine["score"])]
    assert list(line.get_xdata()) == [20, 100]
    assert GREY not in {line.get_color() for ax in panels for line in ax.lines}  # no control is among them


def test_a_share_without_a_rotation_is_told(study):
    table, _ = drawn_of(study, "transfer")
    unknown = (table["method"] == "transfer") & (table["share"] == table["share"].min())
    table.columns["score"][unknown] = np.nan
    figure = drawing("transfer")[1](table, "")
    assert all(
        "others' decoder at 20 %: too few common bins" in ax.get_title(loc="left") for ax in figure.axes if ax.axison
    )


# ---- whatever the names and labels -----------------------------------------------------------------------------------
@pytest.mark.parametrize("name", FIGURES)
def test_recordings_with_other_labels_or_none(tmp_path, name):
    kinds = {"rat": ("position", "direction"), "mouse": ("direction",), "fish": ("position",), "silent": ()}
    recordings = {n: make_recording(n, 900, 8, labels) for n, labels in kinds.items()}
    calcium = recordings["fish"].neural + np.float32(0.25)
    recordings["fish"] = dataclasses.replace(recordings["fish"], neural=calcium)
    table, figure = drawn_of(build(tmp_path, recordings), name)
    figure.draw_without_rendering()
    if name == "decoding":
        assert any("no label to decode" in t for t in texts(figure))
    if name == "data":
        assert any("no place fields" in t for t in texts(figure))
        assert len(pick(table, what="activity"))


@pytest.mark.parametrize("name", FIGURES)
def test_one_recording_and_time_alone(tmp_path, name):
    conditions = [condition("time", "CEBRA-Time", {"fish": ["fish"]}, (), seeds=[1])]
    recordings = {"fish": make_recording(3, 900, 8, ())}
    _, figure = drawn_of(build(tmp_path, recordings, conditions, comparisons=[], color={}), name)
    figure.draw_without_rendering()


@pytest.mark.parametrize("name", FIGURES)
def test_names_are_literal(tmp_path, name):
    title, odd = r"$\frac{1}{$ rat_{2}", r"cost $\alpha_{1}$"
    conditions = [condition("behavior", odd, {"rat1": ["rat1"]}, without={"without_rat1": []}, less=LESS)]
    recordings = {"rat1": make_recording(3, 900, 8)}
    made = build(tmp_path, recordings, conditions, title="$x$")
    comparisons = [{**entry, "title": "$y$"} for entry in made.spec["comparisons"]]
    made.spec |= {"recordings": [{"name": "rat1", "title": title}], "comparisons": comparisons}
    _, figure = drawn_of(made, name)
    figure.draw_without_rendering()
    shown = [t for t in figure.findobj(match=lambda a: hasattr(a, "get_text")) if hasattr(t, "_preprocess_math")]
    read = [t._preprocess_math(t.get_text()) for t in shown]
    assert not [text for text, is_math in read if is_math]
    expected = {"losses": odd, "goodness_of_fit": odd, "consistency": "$y$"}.get(name, title)
    assert any(expected in text for text, _ in read)


def test_markup_in_names_is_text_in_the_svg(tmp_path):
    """A report shows the svg: a title must not become an element of it."""
    odd = "<script>x()</script> <b>\"rat\"</b> & 'more'"
    conditions = [condition("behavior", odd, {"rat1": ["rat1"]})]
    made = build(tmp_path, {"rat1": make_recording(3, 900, 8)}, conditions, title=odd, comparisons=[])
    drawn = as_svg(drawn_of(made, "losses")[1], {"spec": {"title": odd}}).decode()
    tree = ElementTree.fromstring(drawn)
    assert not {"script", "b"} & {element.tag.rpartition("}")[2] for element in tree.iter()}
    assert any(odd in "".join(element.itertext()) for element in tree.iter() if element.tag.endswith("text"))


@pytest.mark.parametrize("caption", sorted((ROOT / "workflow" / "report").glob("*.rst")), ids=lambda path: path.stem)
def test_captions_hold_no_free_text_of_the_config(caption):
    """A report turns captions into HTML: titles may hold anything, the study's name letters and digits alone."""
    put_in = re.findall(r"{{(.*?)}}", caption.read_text(encoding="utf-8"))
    assert {expression.strip() for expression in put_in} <= {'snakemake.config["study"]'}
    with pytest.raises(UserError, match="study"):
        resolve({**BASE, "study": "<b>x</b>"})


@pytest.mark.parametrize(("kind", "names"), [("figure", FIGURES), ("table", TABLES)])
def test_every_figure_and_table_has_a_caption_of_its_own(kind, names):
    template = Template((ROOT / "workflow" / "report" / f"{kind}s.rst").read_text(encoding="utf-8"))
    captions = {
        name: template.render(snakemake=SimpleNamespace(wildcards=SimpleNamespace(**{kind: name}))).strip()
        for name in ("none", *names)
    }
    common = captions.pop("none")
    assert all(
        text.startswith("**") and text.endswith(common) and len(text) > len(common) for text in captions.values()
    )
    assert len(set(captions.values())) == len(names)


@pytest.mark.parametrize("figure", ["goodness_of_fit", "losses"])
def test_one_panel_fills_the_page(tmp_path, figure):
    conditions = [condition("behavior", "B", {"rat1": ["rat1"]})]
    _, drawn = drawn_of(build(tmp_path, {"rat1": make_recording(1)}, conditions, comparisons=[]), figure)
    drawn.canvas.draw()
    (ax,) = [ax for ax in drawn.axes if ax.axison]
    assert ax.get_position().width > 0.6


def test_a_recording_without_trials_is_not_told_of_trials(tmp_path):
    conditions = [condition("behavior", "B", {"rat1": ["rat1"]})]
    made = build(tmp_path, {"rat1": make_recording(1)}, conditions, comparisons=[])
    table = read_table(made.inputs["traces"].pop())
    flat = Table({**table.columns, "trial": np.zeros(len(table), np.int32)}, {})
    made.write("traces", "decode", {"sessions": ["rat1"]}, flat, "behavior-rat1")
    trace = pick(drawn_of(made, "decoding")[0], panel="trace")
    assert trace["note"][0].startswith("test samples in order; ")


# ---- amounts of data -------------------------------------------------------------------------------------------------
def test_curves_run_over_the_amounts_of_data_and_end_with_what_was_found(study):
    table, figure = drawn_of(study, "enough_data")
    panels = [ax for ax in figure.axes if ax.axison]
    assert [ax.get_xlabel() for ax in panels] == 3 * ["training part (minutes)"] + 3 * ["neurons"]
    mine = pick(table, of="neurons", title="Rat 2", label="position", what="mean")
    assert list(mine["amount"]) == [10, 20, 40]
    (line,) = [line for line in panels[4].lines if list(line.get_ydata()) == list(mine["value"])]
    assert list(line.get_xdata()) == [10, 20, 40]
    marks = {"still rises": "^", "flat": "s", "falls": "v", "no evidence at this amount of data": "X"}
    marks |= {"not known": "D"}
    for name in ("Rat 1", "Rat 2"):
        mine = pick(table, of="neurons", title=name, label="position", what="mean")
        ends = [
            line.get_marker() for line in panels[4].lines if list(line.get_xdata()) == [40] == [line.get_xdata()[0]]
        ]
        assert marks[mine["verdict"][0]] in ends


def test_scores_of_fits_that_diverged_are_drawn_as_not_known(study):
    table, _ = drawn_of(study, "enough_data")
    bits = table["score"] == "bits"
    nowhere = {name: np.where(bits, np.nan, table[name]) for name in ("value", "low", "high")}
    lost = Table({**table.columns, **nowhere, "verdict": np.where(bits, "not known", table["verdict"])}, table.meta)
    figure = drawing("enough_data")[1](lost)
    assert len([ax for ax in figure.axes if ax.axison]) == 6
    assert "all the data: not known" in legend(figure)


def test_files_of_portions_are_told_by_their_places_alone(study, tmp_path):
    job = study.job("figures", ROLES, ("png",), figure="enough_data")
    aside = shutil.copy(job.inputs["portion_scores"][0], tmp_path / "scores.parquet")
    job.inputs["portion_scores"] = [aside, *job.inputs["portion_scores"][1:]]
    with pytest.raises(UserError, match=r"files in the folders of a study.*found .*scores\.parquet"):
        drawing("enough_data")[0](job, Study.of(job.spec))
