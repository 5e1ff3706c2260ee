"""Trials of a table, one row each: the samples that they hold, labels of its columns, rows that cannot be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cebra_pipe.data import trial_table
from cebra_pipe.data.assemble import assemble, sources
from cebra_pipe.data.recording import Recording
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.config.recording import RecordingConfig
from cebra_pipe.pipeline.jobs.given import Given
from cebra_pipe.pipeline.planning.specs import filled
from cebra_pipe.pipeline.stages import load

from . import damage
from .conftest import write_npz

RATE, LENGTH = 20.0, 120  # 6 s
TIME = np.arange(LENGTH) / RATE
NEURAL = np.random.default_rng(3).poisson(0.4, (LENGTH, 3)).astype(np.uint8)
SPEED = np.random.default_rng(4).random(LENGTH)
TABLE = {
    "start_time": np.array([0.5, 2.0, 3.5, 4.0]),
    "stop_time": np.array([1.5, 3.5, 3.75, 5.53]),
    "stimulus": np.array(["left", "right", "left", "none"], dtype=object),
    "contrast": np.array([0.1, 0.4, 0.8, 0.2]),
}
TRIALS = {"file": "trials.csv", "start": "start_time", "stop": "stop_time"}
STIMULUS = {"trial_column": "stimulus", "kind": "discrete"}


@pytest.fixture
def rat(tmp_path):
    """`rat(trials, labels, **columns)` writes the table, with other columns, and a recording of 6 s, and assembles."""

    def make(trials: dict | None = None, labels: dict | None = None, config: dict | None = None, **columns):
        table = TABLE | columns
        heads, rows = ",".join(table), zip(*table.values(), strict=True)
        lines = [heads, *(",".join("" if cell != cell else str(cell) for cell in row) for row in rows)]
        (tmp_path / "trials.csv").write_text("\n".join(lines) + "\n")
        write_npz(tmp_path / "rat.npz", spikes=NEURAL, speed=SPEED, t=TIME + 10)
        return build(tmp_path, {"trials": TRIALS | (trials or {}), "labels": labels or {}} | (config or {}))

    return make


def build(folder: Path, config: dict) -> Recording:
    base = {"file": "rat.npz", "neural": "spikes", "rate": RATE}
    base["labels"] = {"speed": "speed"} | config.pop("labels", {})
    return assemble(RecordingConfig.model_validate(base | config), folder, "rat")


def message(function, *args, **kwargs) -> str:
    with pytest.raises(UserError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


def rows_by_loop(time: np.ndarray, table: dict = TABLE) -> list[int | None]:
    """The row of each sample's trial: start <= time < stop, where a hair less is no less."""
    found = []
    for t in time:
        inside = [
            i
            for i, (a, b) in enumerate(zip(table["start_time"], table["stop_time"], strict=True))
            if a - 1e-7 <= t < b - 1e-7
        ]
        assert len(inside) < 2
        found.append(inside[0] if inside else None)
    return found


def test_samples_take_the_trial_that_they_lie_in_and_others_are_dropped(rat):
    made, row = rat(), rows_by_loop(TIME)
    kept = [i for i, r in enumerate(row) if r is not None]
    np.testing.assert_array_equal(made.neural, NEURAL[kept])
    np.testing.assert_array_equal(made.trial, [row[i] for i in kept])
    np.testing.assert_array_equal(made.epoch, made.trial)  # the second ends where the third begins
    assert made.notes["dropped"] == {"outside of trials": LENGTH - len(kept)}
    told = trial_table.line(made.notes["trial_table"])
    assert told == f"4 trials of a table, 0.25 to 1.53 s long (median 1.25); {len(kept)} samples inside, " + (
        f"{LENGTH - len(kept)} outside of all (dropped)"
    )


def test_stretches_outside_of_trials_may_be_kept_as_trials_of_their_own(rat):
    made, row = rat({"outside": "keep"}), rows_by_loop(TIME)
    borders = [i for i in range(1, LENGTH) if row[i] != row[i - 1]]
    assert len(made) == LENGTH
    np.testing.assert_array_equal(np.flatnonzero(np.diff(made.trial)) + 1, borders)
    assert made.notes["dropped"] == {}
    assert "(each stretch of them a trial of its own)" in trial_table.line(made.notes["trial_table"])


def test_columns_of_the_table_are_labels_of_all_samples_of_a_trial(rat):
    row = [r for r in rows_by_loop(TIME) if r is not None]
    labels = {"stimulus": STIMULUS, "contrast": {"trial_column": 3, "unit": "%", "scale": 100}}
    made = rat(labels=labels)
    assert [made.labels["stimulus"].named(v) for v in made.labels["stimulus"].values] == [
        TABLE["stimulus"][r] for r in row
    ]
    np.testing.assert_allclose(made.labels["contrast"].values, [100 * TABLE["contrast"][r] for r in row])
    assert made.labels["contrast"].unit == "%"


def test_rows_need_not_be_in_order(rat, tmp_path):
    whole = rat(labels={"stimulus": STIMULUS})
    turned = rat(labels={"stimulus": STIMULUS}, **{name: values[[2, 0, 3, 1]] for name, values in TABLE.items()})
    np.testing.assert_array_equal(turned.trial, whole.trial)
    np.testing.assert_array_equal(turned.labels["stimulus"].values, whole.labels["stimulus"].values)


@pytest.mark.parametrize(("unit", "factor"), [("ms", 1e3), ("us", 1e6), ("min", 1 / 60), ("samples", RATE)])
def test_start_and_stop_in_other_units(unit, factor, rat):
    made = rat({"unit": unit}, **{end: TABLE[end] * factor for end in ("start_time", "stop_time")})
    np.testing.assert_array_equal(made.trial, rat().trial)
    assert made.notes["trial_table"] == rat().notes["trial_table"]


def test_a_sum_of_floats_is_as_late_as_the_sample_that_it_means(rat):
    """0.1 + 0.2 is above 0.3, where a sample lies."""
    made = rat(start_time=[0.1 + 0.2, 2.0, 3.5, 4.0], stop_time=[1.5, 1.9 + 1.6, 3.75, 5.5])
    assert made.time[0] == TIME[6]
    assert (np.diff(made.time[made.trial == 1]) < 0.06).all()
    assert made.time[made.trial == 1][-1] == TIME[69]


def test_a_stage_reads_the_same_from_its_spec(rat, tmp_path, capsys):
    whole = rat({"outside": "drop", "unit": "s"}, {"stimulus": STIMULUS})
    config = {"file": "rat.npz", "neural": "spikes", "rate": RATE, "trials": TRIALS}
    config |= {"labels": {"speed": "speed", "stimulus": STIMULUS}}
    made = assemble(Given(filled(RecordingConfig.model_validate(config))), tmp_path, "rat")
    for one, other in zip(made.columns().columns.values(), whole.columns().columns.values(), strict=True):
        np.testing.assert_array_equal(one, other)
    load.report(made)
    assert "4 trials of a table, 0.25 to 1.53 s long" in capsys.readouterr().err


def test_seconds_are_those_of_the_time_stamps_and_samples_are_rows(rat):
    clock = {"time": "t", "rate": None}
    later = {end: TABLE[end] + 10 for end in ("start_time", "stop_time")}
    np.testing.assert_array_equal(rat(config=clock, **later).trial, rat().trial)
    counted = {end: np.round(TABLE[end] * RATE) for end in ("start_time", "stop_time")}
    np.testing.assert_array_equal(rat({"unit": "samples"}, config=clock, **counted).neural[:5], NEURAL[10:15])


def test_a_clock_that_is_counted_begins_where_it_is_said_to(rat):
    later = {end: TABLE[end] + 10 for end in ("start_time", "stop_time")}
    made = rat(config={"start": 10.0}, **later)
    np.testing.assert_array_equal(made.trial, rat().trial)
    np.testing.assert_array_equal(made.time, rat().time + 10)
    with pytest.raises(ValueError, match="no `start` beside `time`"):
        rat(config={"start": 10.0, "time": "t"})


def write_nwb(path: Path, words) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        file["acquisition/calcium/data"], file["acquisition/calcium/timestamps"] = NEURAL, TIME
        for name, values in TABLE.items():
            file[f"intervals/trials/{name}"] = words(values) if name == "stimulus" else values
        file["intervals/trials/id"] = np.arange(4)
        file["intervals/trials/licks"], file["intervals/trials/licks_index"] = np.arange(9.0), np.arange(4)


NWB = {
    "file": "rat.nwb",
    "neural": "acquisition/calcium/data",
    "time": "acquisition/calcium/timestamps",
    "trials": {"key": "intervals/trials", "start": "start_time", "stop": "stop_time"},
    "labels": {"stimulus": STIMULUS},
}


def read_nwb(folder: Path, **changed) -> Recording:
    return assemble(RecordingConfig.model_validate(NWB | changed), folder, "rat")


@pytest.mark.parametrize("words", [lambda v: v, lambda v: v.astype("S")], ids=["variable length", "fixed length"])
def test_trials_of_an_nwb_file(words, tmp_path, rat):
    write_nwb(tmp_path / "rat.nwb", words)
    made, whole = read_nwb(tmp_path), rat(labels={"stimulus": STIMULUS})
    assert sources(RecordingConfig.model_validate(NWB)) == ["rat.nwb"]
    np.testing.assert_array_equal(made.trial, whole.trial)
    assert made.labels["stimulus"].classes == ("left", "none", "right")
    np.testing.assert_array_equal(made.labels["stimulus"].values, whole.labels["stimulus"].values)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"trials": NWB["trials"] | {"key": "trials"}}, ["key 'trials'", "Write `key: intervals/trials`"]),
        ({"trials": NWB["trials"] | {"key": "interval/trial"}}, ["no such key"]),
        (
            {"trials": NWB["trials"] | {"start": "start"}},
            ["'intervals/trials'", "a column of this table", "start_time"],
        ),
        ({"labels": {"licks": {"trial_column": "licks"}}}, ["as many rows in each", "labels.licks 9", "trials.stop 4"]),
        (
            {"trials": NWB["trials"] | {"start": "stimulus"}},
            ["intervals/trials/stimulus", "an array of numbers", "text"],
        ),
        ({"labels": {"stimulus": {"trial_column": "stimulus"}}}, ["numbers in a continuous label", "kind: discrete"]),
    ],
)
def test_columns_of_a_group_that_are_not_there_or_do_not_fit(changed, told, tmp_path):
    write_nwb(tmp_path / "rat.nwb", lambda v: v)
    found = message(read_nwb, tmp_path, **changed)
    assert [text for text in told if text not in found] == []


def write_mat(path, table):
    from scipy.io import savemat

    savemat(path, {"trials": {name: values for name, values in table.items() if name != "stimulus"}})


def frame(table):
    import pandas as pd

    return pd.DataFrame(table)


WRITERS = {
    "arrays.npz": (None, lambda path, table: np.savez(path, spikes=NEURAL, **table)),
    "struct.mat": ("trials", write_mat),
    "a.parquet": (None, lambda path, table: frame(table).to_parquet(path)),
    "a.xlsx": (None, lambda path, table: frame(table).to_excel(path, index=False)),
    "a.h5": ("f", lambda path, table: frame(table).to_hdf(path, key="f")),
}


@pytest.mark.parametrize("name", WRITERS)
def test_tables_of_other_formats(name, tmp_path, rat):
    key, write = WRITERS[name]
    whole = rat(labels={"contrast": {"trial_column": "contrast"}})
    write(tmp_path / name, {n: v for n, v in TABLE.items() if n != "stimulus"})
    trials = {k: v for k, v in (TRIALS | {"file": name, "key": key}).items() if v is not None}
    made = build(tmp_path, {"trials": trials, "labels": {"contrast": {"trial_column": "contrast"}}})
    np.testing.assert_array_equal(made.trial, whole.trial)
    np.testing.assert_array_equal(made.labels["contrast"].values, whole.labels["contrast"].values)


NAN = float("nan")
BAD = {  # columns that are changed -> what the one message names
    "no number": (
        {"stop_time": [1.5, NAN, 3.75, NAN]},
        ["a start and a stop in each row", "2 of 4 rows", "line 3: 2 to nan", "unrecorded: drop"],
    ),
    "stop before start": ({"stop_time": [1.5, 1.9, 3.75, 5.5]}, ["stop after start", "line 3: 2 to 1.9", "Mend"]),
    "all turned": ({"stop_time": [0.4, 1.9, 3.2, 3.9]}, ["stop after start", "4 of 4 rows", "Exchange `start`"]),
    "overlap": (
        {"stop_time": [1.5, 3.6, 3.75, 5.5], "start_time": [0.5, 1.4, 3.5, 4.0]},
        ["2 of 4 rows", "line 3: 1.4 to 3.6, after line 2: 0.5 to 1.5; line 4: 3.5 to 3.75, after line 3: 1.4 to 3.6)"],
    ),
    "one in another": (
        {"start_time": [0.5, 0.7, 2.0, 4.0], "stop_time": [3.0, 0.9, 2.5, 5.5]},
        [
            "2 of 4 rows",
            "line 3: 0.7 to 0.9, after line 2: 0.5 to 3; line 4: 2 to 2.5, after line 2: 0.5 to 3",
            "cut or",
        ],
    ),
    "outside of the recording": (
        {"start_time": [0.5, 2.0, 7.0, 9.0], "stop_time": [1.5, 3.5, 8.0, 9.5]},
        ["a sample in each trial", "from 0 to 5.95 s", "line 4: 7 to 8", "2 of 4 rows"],
    ),
    "between two samples": ({"stop_time": [1.5, 2.0 + 1e-7, 3.75, 5.5]}, ["a sample in each trial", "1 of 4 rows"]),
    "milliseconds": (
        {end: TABLE[end] * 1e3 for end in ("start_time", "stop_time")},
        ["Set `unit: ms`", "4 of 4 rows", "and 1 more"],
    ),
    "minutes": (
        {"start_time": np.array([0, 2.0, 3.5, 4.0]) / 60, "stop_time": np.array([1.5, 3.5, 3.75, 5.95]) / 60},
        ["a sample in each trial", "Set `unit: min`"],
    ),
    "samples": (
        {end: np.round(TABLE[end] * RATE) for end in ("start_time", "stop_time")},
        ["a sample in each trial", "Set `unit: samples`"],
    ),
    "texts": ({"start_time": ["a", "b", "c", "d"]}, ["numbers in every column", "'a' (line 2)"]),
    "two at once": (
        {"start_time": [0.5, NAN, 3.5, 9.0], "stop_time": [0.4, 3.5, 3.75, 9.5]},
        ["a start and a stop", "stop after start", "a sample in each trial"],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_rows_that_cannot_be_are_told_in_one_message(case, rat):
    columns, told = BAD[case]
    found = message(rat, **columns)
    assert "recordings.rat.trials" in found
    assert [text for text in told if text not in found] == []


def test_rows_that_were_not_recorded_may_be_left_out(rat):
    columns = {"start_time": [0.5, 2.0, NAN, 9.0], "stop_time": [1.5, NAN, 3.75, 9.5]}
    made = rat({"unrecorded": "drop"}, **columns)
    np.testing.assert_array_equal(made.neural, NEURAL[10:30])
    assert "3 rows left out for want of a start, a stop or a sample" in trial_table.line(made.notes["trial_table"])
    assert "stop after start" in message(rat, {"unrecorded": "drop"}, **columns | {"stop_time": [0.1, 1, 2, 9.5]})
    assert "none in 4 rows" in message(rat, {"unrecorded": "drop"}, start_time=[NAN] * 4)


def test_a_table_of_another_time_is_told_with_both_stretches(rat):
    """Rows in ms, or of a clock that began elsewhere, hold no sample: which is told by where both lie."""
    told = message(rat, {"unrecorded": "drop", "unit": "ms"})
    assert "none in 4 rows, which go from 0.0005 to 0.00553 where the recording's clock goes from 0 to 5.95 s" in told
    assert "Do both count seconds from one moment?" in told


def test_trials_without_a_value_of_a_label_are_left_out_where_asked_for(rat):
    made = rat(
        labels={"contrast": {"trial_column": "contrast"}},
        config={"select": {"missing": "drop"}},
        contrast=[0.1, NAN, 0.8, 0.2],
    )
    assert made.notes["dropped"]["without a value of contrast"] == 30
    assert set(made.labels["contrast"].values) == {0.1, 0.8, 0.2}


def test_trials_that_the_recording_cuts_are_counted(rat):
    made = rat(start_time=[-0.2, 2.0, 3.5, 4.0], stop_time=[1.5, 3.5, 3.75, 6.3])
    assert "2 trials cut short, where the recording begins or ends" in trial_table.line(made.notes["trial_table"])
    assert made.notes["trial_table"]["outside"] == 10 + 5
    assert rat(start_time=[0, 2.0, 3.5, 4.0], stop_time=[1.5, 3.5, 3.75, 6.0]).notes["trial_table"]["cut"] == 0


def test_a_trial_without_a_value_is_told_by_its_line(rat):
    told = message(rat, labels={"stimulus": STIMULUS, "contrast": {"trial_column": "contrast"}}, **{
        "stimulus": ["left", "", "left", "none"], "contrast": [0.1, 0.4, NAN, 0.2]
    })  # fmt: skip
    assert "labels.stimulus" in told
    assert "1 of 4 trials without one, empty or NA (line 3)" in told
    assert "labels.contrast" in told
    assert "(line 4)" in told
    # What no sample that is used needs may be missing.
    made = rat(config={"select": {"start": 3.6}}, labels={"stimulus": STIMULUS}, stimulus=["a", "", "left", "none"])
    assert made.labels["stimulus"].classes == ("a", "left", "none")


WRONG = {  # trials, labels, rest of the config -> what is told
    "start alone": ({"stop": None}, {}, {}, ["`start` alone", "Give both"]),
    "and a number for each sample": ({"column": 0}, {}, {}, ["column beside start and stop"]),
    "and derived": ({"from": "gaps"}, {}, {}, ["from beside start and stop"]),
    "no table": (
        {"start": None, "stop": None, "unit": "ms", "outside": "keep"},
        {},
        {},
        ["unit, outside", "options that have an effect here"],
    ),
    "label of no table": (
        {"start": None, "stop": None},
        {"stimulus": STIMULUS},
        {},
        ["labels.stimulus.trial_column", "trials given as a table"],
    ),
    "label with a place": ({}, {"stimulus": STIMULUS | {"key": "x", "column": 0}}, {}, ["both (key, column)"]),
    "label beside kept stretches": ({"outside": "keep"}, {"stimulus": STIMULUS}, {}, ["samples in trials alone"]),
    "unknown column": ({"start": "begin"}, {}, {}, ["'begin'", "start_time"]),
    "unknown label": ({}, {"stimulus": {"trial_column": "stimulsu"}}, {}, ["Did you mean 'stimulus'"]),
}


@pytest.mark.parametrize("case", WRONG)
def test_options_of_tables_that_cannot_be(case, rat):
    trials, labels, config, told = WRONG[case]
    given = {name: value for name, value in (TRIALS | trials).items() if value is not None}
    found = message(rat, None, labels, config | {"trials": given})
    assert [text for text in told if text not in found] == []


def test_a_table_in_the_place_of_numbers_says_how_it_is_read(rat):
    found = message(rat, config={"trials": {"file": "trials.csv", "columns": ["start_time", "stop_time"]}})
    assert "or `start` and `stop` of a table with one row a trial" in found


def test_a_label_of_one_value_a_trial_is_shown_its_option(rat, tmp_path):
    """By its file in place of its column: with samples that are counted, and with bins."""
    np.save(tmp_path / "side.npy", np.arange(4))
    told = "one value for each row of the table of `trials`: name its column by `trial_column`"
    assert told in message(rat, None, {"side": {"file": "side.npy"}})
    spikes = {"neural": None, "spikes": {"times": {"key": "t"}, "start": 10, "stop": 15.95}}
    assert told in message(rat, None, {"side": {"file": "side.npy"}, "speed": {"key": "speed", "time": "t"}}, spikes)
    np.save(tmp_path / "side.npy", np.arange(5))
    assert told not in message(rat, None, {"side": {"file": "side.npy"}})


def test_damaged_tables_are_read_or_told(tmp_path):
    """Whatever a table holds, trials lie apart inside the recording, or one message says what is wrong."""
    write_npz(tmp_path / "rat.npz", spikes=NEURAL, speed=SPEED)
    write_nwb(tmp_path / "rat.nwb", lambda v: v)
    heads, rows = ",".join(TABLE), zip(*TABLE.values(), strict=True)
    (tmp_path / "trials.csv").write_text("\n".join([heads, *(",".join(map(str, row)) for row in rows)]))
    labels, ends = {"stimulus": STIMULUS}, set()
    for name, trials, number in (("trials.csv", TRIALS, 60), ("rat.nwb", NWB["trials"] | {"file": "rat.nwb"}, 90)):
        whole = (tmp_path / name).read_bytes()
        for data in damage.damaged(whole, number, 5):
            (tmp_path / name).write_bytes(data)
            try:
                made = build(tmp_path, {"trials": trials, "labels": dict(labels)})
            except UserError as error:
                ends.add((name, "told" if name in str(error) and len(str(error)) < 3000 else str(error)))
                continue
            assert (np.diff(made.trial) >= 0).all()
            assert len(made) == made.notes["trial_table"]["inside"]
            ends.add((name, "read"))
    assert ends == {(name, end) for name in ("trials.csv", "rat.nwb") for end in ("read", "told")}
