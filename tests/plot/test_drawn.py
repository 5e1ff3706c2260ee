"""The table of what is drawn, its numbers as text, and the summaries of scores."""

from __future__ import annotations

import numpy as np
import pytest

from cebra_pipe.data.table import from_rows
from cebra_pipe.plot.drawn import NONE, csv_text, distinct, number, stack
from cebra_pipe.plot.style import letters, literal, probability
from cebra_pipe.plot.summary import scores

from .artifacts import SCORES

COLUMNS = {"name": str, "count": int, "value": float}
ROW = {
    **{"recording": "rat", "method": "embedding", "label": "position", "metric": "median_abs_error", "unit": "m"},
    **{"valid_score": 0.1, "chance": 0.4, "floor": np.nan, "score_with_padded": 0.1, "null_median": 0.4},
    **{"k": 9, "n_train": 70, "n_valid": 15, "n_test": 15, "n_padded": 2},
    **{
        "null_effective": 30.0,
        "p": 0.5,
        "note": "",
        "low": 0.0,
        "high": 0.2,
        "n_trials": 3,
        "draws": [],
        "samples": "x",
    },
}


def summary(*rows):
    made = [{**ROW, "fold": 0, "seed": 1, **row} for row in rows]
    made = [{**row, "null_n": len(row["null"])} for row in made]
    (found,) = scores(from_rows(made, SCORES))
    return found


def test_blocks_fill_scalars_and_leave_the_rest_empty():
    table = stack(COLUMNS, [{"name": "a", "value": np.array([1.0, 2.0])}, {"name": "b", "count": 3}])
    assert table["name"].tolist() == ["a", "a", "b"]
    assert table["count"].tolist() == [NONE, NONE, 3]
    assert csv_text(table) == "name,count,value\na,,1\na,,2\nb,3,\n"
    assert distinct(table["count"]) == [3]


def test_a_column_that_the_figure_does_not_name_is_refused():
    with pytest.raises(KeyError, match="other"):
        stack(COLUMNS, [{"other": 1}])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.nan, ""),
        (3.0, "3"),
        (0.123456, "0.1235"),
        (-0.00015, "-0.00015"),
        (12345.678, "12350"),
        (1e-9, "1e-09"),
    ],
)
def test_numbers_have_four_digits(value, text):
    assert number(value) == text


def test_letters_go_on_after_z():
    assert [letters(i) for i in (0, 25, 26, 51, 52)] == ["a", "z", "aa", "az", "ba"]


def test_literal_text_is_no_formula():
    from matplotlib.text import Text

    for name in ("$x$", r"a\$b$", "cost $", "$$"):
        shown, is_math = Text(0, 0, literal(name))._preprocess_math(literal(name))
        assert (shown, is_math) == (name, False)


@pytest.mark.parametrize(
    ("p", "n", "text"), [(0.05, 0, ""), (0.5, 18, "n < 19"), (0.05, 19, "0.050"), (0.001, 999, "0.001")]
)
def test_p_needs_nineteen_draws(p, n, text):
    assert probability(p, n) == text


# ---- summaries -------------------------------------------------------------------------------------------------------
def test_null_draws_are_averaged_as_the_score_is_and_low_error_is_good():
    """Draw by draw: means of (fold, seed) pairs, against the mean score; ties count."""
    null = [[0.1 + 0.01 * i for i in range(20)], [0.3 - 0.01 * i for i in range(20)]]
    found = summary({"score": 0.15, "null": null[0]}, {"score": 0.25, "null": null[1], "seed": 2})
    means = [(a + b) / 2 for a, b in zip(*null, strict=True)]
    assert found.p == pytest.approx((1 + sum(m <= 0.2 + 1e-12 for m in means)) / 21)
    assert found.mean == pytest.approx(20.0)
    assert found.by_seed == pytest.approx({1: 15.0, 2: 25.0})
    assert found.unit == "cm"


def test_high_accuracy_is_good():
    draws = [0.5] * 19
    row = {"metric": "balanced_accuracy", "unit": "", "score": 0.9, "null": draws}
    assert summary(row).p == pytest.approx(1 / 20)
    assert summary({**row, "score": 0.4}).p == 1.0


def test_no_p_below_nineteen_draws_and_the_smallest_n_counts():
    found = summary({"score": 0.1, "null": [0.4] * 99}, {"score": 0.1, "null": [0.4] * 18, "fold": 1})
    assert found.null_n == 18
    assert np.isnan(found.p)


@pytest.mark.parametrize(
    ("name", "field"), [("score", "mean"), ("score_with_padded", "with_padded"), ("null_median", "null_median")]
)
def test_what_stands_beside_a_score_is_of_the_same_folds(name, field):
    """Not of those alone that have it: a baseline says nothing of padded samples, and a fold may have none of them.

    Nor is a recording that was left out scored in the folds alone where it could be turned.
    """
    rows = [{"score": 0.1, "null": [], name: 0.2}, {"score": 0.3, "null": [], name: 0.4, "fold": 1}]
    assert getattr(summary(*rows), field) == pytest.approx(30.0)
    assert np.isnan(getattr(summary(rows[0], {**rows[1], name: np.nan}), field))


def test_a_seed_without_a_score_in_one_fold_has_none():
    rows = [{"score": 0.1, "null": [], "fold": f, "seed": s} for f in (0, 1) for s in (1, 2)]
    found = summary(*rows[:3], {**rows[3], "score": np.nan})
    assert found.by_seed == pytest.approx({1: 10.0, 2: np.nan}, nan_ok=True)
    assert found.by_fold == pytest.approx({0: 10.0, 1: np.nan}, nan_ok=True)


def test_baselines_have_no_seed_and_folds_add_up():
    rows = [{"score": 0.1, "null": [], "seed": -1, "fold": f, "n_test": 10 + f} for f in (0, 1)]
    found = summary(*rows)
    assert found.by_seed == {}
    assert found.n_test == 21
