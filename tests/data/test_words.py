"""Texts of a table as classes of a discrete label, and what is said where texts are none."""

from __future__ import annotations

import re
import unicodedata
from types import SimpleNamespace

import numpy as np
import pytest

from cebra_pipe.data.assemble import assemble
from cebra_pipe.data.formats.entries import by_row
from cebra_pipe.data.formats.tables import read_excel
from cebra_pipe.data.recording import Label, Recording
from cebra_pipe.data.table import Table, write_table
from cebra_pipe.data.timeline import check_labels
from cebra_pipe.data.words import coded
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.advice import label_lines
from cebra_pipe.pipeline.config.recording import RecordingConfig
from cebra_pipe.pipeline.stages import transfer
from cebra_pipe.sklearn.bins import common_bins

LENGTH = 60
NEURAL = np.random.default_rng(5).poisson(0.5, (LENGTH, 2))
WAYS = np.where((np.arange(LENGTH) // 15) % 2, "left", "right").astype(object)
LISTED = {"column": "way", "kind": "discrete"}
DECOMPOSED = unicodedata.normalize("NFD", "größe")
SAVE = {"csv": "to_csv", "parquet": "to_parquet", "xlsx": "to_excel"}


def made(folder, suffix: str = "csv", label: dict | None = None, config: dict | None = None, **columns) -> Recording:
    import pandas as pd

    table = {"n0": NEURAL[:, 0], "n1": NEURAL[:, 1], "way": WAYS} | columns
    getattr(pd.DataFrame(table), SAVE[suffix])(folder / f"a.{suffix}", index=False)
    way = {"column": "way", "kind": "discrete"} if label is None else label
    given = {"file": f"a.{suffix}", "rate": 10.0, "neural": {"columns": ["n0", "n1"]}, "labels": {"way": way}}
    return assemble(RecordingConfig.model_validate(given | (config or {})), folder, "rat")


def refused(*args, **kwargs) -> str:
    with pytest.raises(UserError) as caught:
        made(*args, **kwargs)
    return str(caught.value)


@pytest.mark.parametrize("suffix", SAVE)
def test_texts_are_classes_in_the_order_of_their_names(tmp_path, suffix):
    label = made(tmp_path, suffix).labels["way"]
    assert label.classes == ("left", "right")
    assert label.kind == "discrete"
    assert label.values.dtype == np.int64
    np.testing.assert_array_equal(label.values, np.where(WAYS == "left", 0, 1))


def test_an_array_of_texts_is_a_label_too(tmp_path):
    np.savez(tmp_path / "a.npz", spikes=NEURAL, way=WAYS.astype("U"))
    given = {"file": "a.npz", "rate": 10.0, "neural": "spikes", "labels": {"way": {"key": "way", "kind": "discrete"}}}
    label = assemble(RecordingConfig.model_validate(given), tmp_path, "rat").labels["way"]
    assert label.classes == ("left", "right")
    np.testing.assert_array_equal(label.values, np.where(WAYS == "left", 0, 1))


def test_names_stay_beside_the_codes(tmp_path):
    table = made(tmp_path).columns()
    write_table(tmp_path / "r.parquet", Table(table.columns, {**table.meta, "stage": "load"}))
    read = Recording.read(tmp_path / "r.parquet").labels["way"]
    assert read.classes == ("left", "right")
    assert read.named(1) == "right"
    assert read.named(2) == "2"


def test_check_shows_names(tmp_path):
    assert "way: 2 classes (samples): left (30), right (30)" in list(label_lines(made(tmp_path)))


def test_trials_follow_from_names(tmp_path):
    assert made(tmp_path, config={"trials": {"from": "way"}}).trial[-1] == 3


def test_texts_of_a_continuous_label_are_refused_with_their_place(tmp_path):
    told = refused(tmp_path, label={"column": "way"})
    assert "labels.way" in told
    assert "column 'way'" in told
    assert "'right' (line 2)" in told
    assert "`kind: discrete`" in told


def test_the_line_of_a_text_counts_comments_and_empty_lines(tmp_path):
    (tmp_path / "b.csv").write_text("# made by hand\nx\n1\n\n2\nfar\n3\n")
    given = {"neural": {"columns": ["n0", "n1"]}, "labels": {"x": {"file": "b.csv", "column": "x"}}}
    assert "'far' (line 6)" in refused(tmp_path, config=given)


def test_texts_among_neurons_are_refused_with_their_line(tmp_path):
    told = refused(tmp_path, config={"neural": {"columns": ["n0..way"]}})
    assert "rat.neural" in told
    assert "'right' (line 2) in column 'way'" in told


@pytest.mark.parametrize("empty", ["", "NA", None])
def test_a_sample_without_a_name_has_no_class(tmp_path, empty):
    holed = WAYS.copy()
    holed[7] = empty
    told = refused(tmp_path, way=holed)
    assert "found 1 cell without one, empty or NA, the first in line 9." in told
    assert "Write a name into empty cells" in told
    assert made(tmp_path, way=holed, config={"select": {"start": 1.0}}).labels["way"].classes == ("left", "right")


def test_missing_names_of_a_label_on_a_clock_of_its_own_are_counted_in_samples(tmp_path):
    holed = np.where(np.arange(LENGTH) % 30 == 4, "", WAYS)
    lines = [f"{i / 10 - 0.3:.2f},{way}" for i, way in enumerate(holed)]
    (tmp_path / "b.csv").write_text("t,side\n" + "\n".join(lines) + "\n")
    own = {"file": "b.csv", "column": "side", "kind": "discrete", "time": {"column": "t"}}
    told = refused(tmp_path, config={"labels": {"side": own}})
    assert "2 samples without one, as their cells are empty or NA, the first is sample 1" in told
    assert "row" not in told


def test_a_mistyped_number_is_no_class(tmp_path):
    numbers = np.arange(LENGTH).astype(str).astype(object)
    numbers[9] = "1O"
    told = refused(tmp_path, way=numbers)
    assert "numbers or names, not both" in told
    assert "'1O' (line 11)" in told


def codes_of(texts: list, classes: list | None = None) -> tuple[list, tuple[str, ...]]:
    codes, names = coded(np.array(texts, dtype=object), classes, "label", by_row)
    return codes.tolist(), names


def test_a_text_that_classes_name_is_a_class():
    assert codes_of(["na", "right"], ["na", "right"]) == ([0, 1], ("na", "right"))
    codes, _ = codes_of(["NA", "right", "na"], ["right", "na"])
    np.testing.assert_array_equal(codes, [np.nan, 0, 1])  # as it is written, and no other
    np.testing.assert_array_equal(codes_of(["a", float("nan"), None, "nan"], ["nan", "a"])[0], [1, np.nan, np.nan, 0])


@pytest.mark.parametrize("suffix", SAVE)
def test_a_class_of_a_file_may_be_called_null(tmp_path, suffix):
    way = np.where(WAYS == "left", "null", "right")
    label = made(tmp_path, suffix, way=way, label=LISTED | {"classes": ["null", "right"]}).labels["way"]
    np.testing.assert_array_equal(label.values, WAYS != "left")


def test_a_column_of_a_sheet_is_numeric_beside_cells_without_a_number(tmp_path):
    import pandas as pd

    pd.DataFrame({"x": [1.5, "NA", 2, "null", 3]}).to_excel(tmp_path / "a.xlsx", index=False)
    found = read_excel(tmp_path / "a.xlsx")["Sheet1"].read(None)
    np.testing.assert_array_equal(found[:, 0], [1.5, np.nan, 2, np.nan, 3])


@pytest.mark.parametrize(
    "names", [("inf", "sup"), ("infinity", "zero_1"), ("1d5", "1e5"), ("1_000", "far"), ("-inf", "x")]
)
def test_names_that_python_reads_as_numbers_are_names(names):
    assert codes_of([names[1], names[0]]) == ([sorted(names).index(n) for n in names[::-1]], tuple(sorted(names)))


@pytest.mark.parametrize("number", ["3", "-1.5", ".5", "2.", "1.00e+00"])
def test_numbers_among_names_are_refused_however_they_are_written(number):
    with pytest.raises(UserError, match=rf"numbers or names, not both.*'{re.escape(number)}' \(row 1\)"):
        codes_of(["far", number])


def test_names_that_differ_in_capitals_alone_are_refused_unless_they_are_listed():
    with pytest.raises(UserError) as caught:
        codes_of(["left", "right", "LEFT", "Left", "STRASSE", "straße"])
    told = str(caught.value)
    assert "'LEFT' (row 2) and 'Left' (row 3) and 'left' (row 0); 'STRASSE' (row 4) and 'straße' (row 5)" in told
    assert "list all names under `classes`" in told
    assert codes_of(["a", "A"], ["a", "A"]) == ([0, 1], ("a", "A"))


@pytest.mark.parametrize("classes", [None, ["größe"], [DECOMPOSED]])
def test_letters_that_are_composed_otherwise_are_the_same(classes):
    assert codes_of(["größe", DECOMPOSED], classes) == ([0, 0], ("größe",))


def test_listed_classes_give_the_order(tmp_path):
    listed = {"column": "way", "kind": "discrete", "classes": ["still", "right", "left"]}
    label = made(tmp_path, label=listed).labels["way"]
    assert label.classes == ("still", "right", "left")
    assert label.named(label.values[0]) == "right"
    told = refused(tmp_path, label=listed | {"classes": ["rigth", "left"]})
    assert "'right' (line 2)" in told
    assert "Did you mean 'rigth'?" in told


def test_listed_classes_name_numbers(tmp_path):
    numbers, listed = (WAYS == "left") * 1, {"column": "way", "kind": "discrete", "classes": ["right", "left"]}
    assert made(tmp_path, way=numbers, label=listed).labels["way"].named(1) == "left"
    told = refused(tmp_path, way=numbers + 1, label=listed)
    assert "values from 0 to 1" in told
    assert "2 in row 15" in told


def test_classes_without_effect_or_twice_are_refused(tmp_path):
    assert "`kind: discrete` with `classes`" in refused(
        tmp_path, way=np.arange(LENGTH) % 7 * 0.3, label={"column": "way", "classes": ["a", "b"]}
    )
    with pytest.raises(ValueError, match="each class once"):
        made(tmp_path, label={"column": "way", "kind": "discrete", "classes": ["a", "a"]})


def test_one_code_has_one_name_in_all_recordings():
    codes = np.array([0, 1, 0, 1])
    named = {"a": ("left", "right"), "b": ("right", "still"), "c": ()}
    labels = {name: {"way": Label(codes, "discrete", classes=classes)} for name, classes in named.items()}
    recordings = [SimpleNamespace(labels=mine) for mine in labels.values()]
    for names in (["a", "b"], ["a", "c"]):
        for together in (
            lambda names=names: check_labels(names, [r for r, n in zip(recordings, "abc") if n in names], {"way": 1.0}),
            lambda names=names: common_bins({n: labels[n] for n in names}, ["way"], 10),
        ):
            with pytest.raises(UserError, match=r"code 0 is 'left' in a, '(right|0)' in .*`classes`"):
                together()
    longer = {"way": Label(codes, "discrete", classes=("left", "right", "still"))}
    check_labels(["a", "d"], [recordings[0], SimpleNamespace(labels=longer)], {"way": 1.0})


def test_numbers_with_decimal_commas_beside_texts(tmp_path):
    lines = [f"{i / 4:.2f};{way}".replace(".", ",") for i, way in enumerate(WAYS)]
    (tmp_path / "b.csv").write_text("x;side\n" + "\n".join(lines) + "\n")
    labels = {"x": {"file": "b.csv", "column": "x"}, "side": {"file": "b.csv", "column": "side", "kind": "discrete"}}
    found = made(tmp_path, config={"labels": labels}).labels
    assert found["x"].values[3] == 0.75
    assert found["side"].classes == ("left", "right")


def test_a_recording_that_is_left_out_has_the_classes_of_the_others(monkeypatch):
    codes, named = np.array([0, 1, 0, 1]), {"a": ("left", "right"), "b": ("right", "still")}
    made = {n: SimpleNamespace(labels={"way": Label(codes, "discrete", classes=c)}) for n, c in named.items()}
    monkeypatch.setattr(transfer, "Recording", SimpleNamespace(read=made.get))
    monkeypatch.setattr(transfer, "read_split", str)
    monkeypatch.setattr(transfer, "check_length", lambda *given: None)
    spec, files = {"sessions": ["a", "b"], "decode": {"labels": ["way"]}}, {"recordings": "ab", "splits": "ab"}
    with pytest.raises(UserError, match="code 0 is 'left' in a, 'right' in b"):
        transfer._given(SimpleNamespace(spec=spec, inputs=files))
