"""`check` builds what the fits will build: what would fail there is told before anything is trained."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import yaml

from cebra_pipe import cli
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline import check, rehearsal
from cebra_pipe.pipeline.config.reading import resolve
from cebra_pipe.pipeline.planning.plan import Plan, check_files
from cebra_pipe.pipeline.stages import fit

from ..conftest import ROOT
from ..toys import altered, track

BASE = {
    "study": "s",
    "recordings": {
        name: {
            "file": f"{name}.npz",
            "neural": "spikes",
            "rate": 20,
            "trials": "trial",
            "labels": {
                "position": {"key": "position", "unit": "m"},
                "direction": {"key": "direction", "kind": "discrete"},
                "other": "other",
            },
        }
        for name in ("a", "b")
    },
    "split": {"gap": 0.5},
    "defaults": {"model": "offset5-model", "batch_size": 16, "hidden_units": 8},
    "conditions": {"behavior": {"labels": ["position", "direction"]}},
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two small recordings, a and b, in the working folder."""
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate("ab"):
        save(name, track(seed, trials=24, length=25, neurons=6))
    return tmp_path


def save(name, recording, **changed):
    labels = {key: label.values for key, label in recording.labels.items()}
    other = np.random.default_rng(3).random(len(recording))
    arrays = {"spikes": recording.neural, "trial": recording.trial, "other": other, **labels, **changed}
    np.savez(f"{name}.npz", **arrays)


def study(**changed) -> dict:
    """BASE with `conditions__behavior__steps=3` for conditions.behavior.steps."""
    return altered(BASE, **changed)


def run(folder, **changed) -> None:
    path = folder / "c.yaml"
    path.write_text(yaml.safe_dump(study(**changed)))
    assert check.main(cli.parser().parse_args(["check", str(path)])) == 0


def test_a_study_in_order(folder, capsys):
    others = {f"recordings__{name}__labels__other": {"key": "other", "unit": "m"} for name in "ab"}
    run(folder, decode__points={"place": ["position", "other"]}, **others)
    told = capsys.readouterr().out
    assert "behavior (a): offset5-model, 5 samples a window (0.25 s), time offset 5 (0.25 s); windows train " in told
    line = r"a: 600 samples × 6 neurons at 20 Hz, 24 trials, 24 epochs; fold 0: train (\d+), valid (\d+), test (\d+); "
    found = re.search(line + r"(\d+) samples between parts dropped by split\.gap\n", told)
    assert sum(map(int, found.groups())) == 600
    assert "  position: 0.02 to 0.98 m; 37 distinct values, 12 samples each (median)" in told
    assert "  direction: 2 classes (samples): 0 (300), 1 (300)" in told
    assert "distance² = (1 Δposition/m)², within the class of direction" in told
    assert "jobs (2 load, 2 split, 2 fit, 2 transform, 2 decode, " in told
    assert "warning: a: parts come within 0.5" in told
    assert "point place [position, other]: its other alone gives the colours of figures/embeddings" in told
    assert not (folder / "results" / "s" / "fits").exists()


# what is changed, what the message must name
FAILS = {
    "time_offset longer than an epoch": (
        {"conditions__behavior__time_offset": 1.5},
        ["conditions.behavior (a)", "training.time_offset", "shorter time_offset", "part train"],
    ),
    "time_offset longer than the stretches of valid": (
        {"split": {"scheme": "blocks", "gap": 0.5}, "conditions__behavior__time_offset": 1.1},
        ["conditions.behavior (b)", "training.time_offset"],
    ),
    "time offset of a time condition": (
        {"conditions": {"time": {"time_offset": 30}}},
        ["conditions.time (a)", "training.time_offset"],
    ),
    "time_offset shorter than a sample": (
        {"conditions__behavior__time_offset": 0.02},
        ["conditions.behavior (a)", "training.time_offset", "0.05 s at 20 Hz", "Set time_offset: 0.05"],
    ),
    "window longer than an epoch": (
        {"defaults__model": "offset36-model"},
        ["conditions.behavior (a)", "recording a", "36 samples, the window"],
    ),
    "window longer than the gap": (
        {
            "split": {"gap": 0, "scheme": "blocks"},
            "conditions": {"time": {"windows": "across"}},
            "recordings": {"a": {"file": "a.npz", "neural": "spikes", "rate": 20}},
        },
        ["split of a", "split.gap to 0.25 s"],
    ),
    "one unit and another": (
        {"recordings__b__labels__position": {"key": "position", "unit": "cm"}, "conditions__behavior__units": "joint"},
        ["conditions.behavior.labels.position", "continuous m in a; continuous cm in b", "scale: 0.01"],
    ),
    "a temperature below its minimum": (
        {"defaults__temperature": 0.05, "conditions__behavior__learn_temperature": True},
        ["conditions.behavior.temperature", "at least 0.1"],
    ),
    "a label that is constant on train": (
        {"recordings__a__labels__other": "late", "conditions__behavior__labels": ["position", "other"]},
        ["labels.other of a", "at least two values in the training part"],
    ),
    "all neurons below the minimum rate": (
        {"recordings__a__select": {"minimum_rate": 1000}},
        ["conditions.behavior (a)", "select.minimum_rate", "Lower it"],
    ),
    "a control that cannot be made": (
        {
            "recordings__a__trials": None,
            "conditions__behavior__control": "trial_shuffle",
            "split": {"scheme": "blocks", "gap": 0.1},
        },
        ["conditions.behavior (a)", "trial_shuffle with two trials"],
    ),
    "a portion of neurons that is all of them": (
        {"conditions__behavior__enough_data": {"of": ["neurons"], "shares": [0.5, 0.95]}},
        ["conditions.behavior.enough_data.shares", "a's 6 neurons, and never all", "0.5: 3, 0.95: 6", "Remove shares"],
    ),
    "two portions of as many neurons": (
        {"conditions__behavior__enough_data": {"of": ["neurons"], "shares": [0.5, 0.55]}},
        ["different numbers of b's 6 neurons", "0.5: 3, 0.55: 3"],
    ),
    "a recording twice": ({"conditions__behavior__recordings": ["a", "a"]}, ["behavior.recordings", "'a' twice"]),
    "a member twice": ({"conditions__behavior__units": {"u": ["a", "a"]}}, ["behavior.units.u", "'a' twice"]),
}


@pytest.mark.parametrize("case", FAILS)
def test_what_a_fit_would_refuse_is_refused(case, folder):
    changed, said = FAILS[case]
    recording = track(0, trials=24, length=25, neurons=6)
    save("a", recording, late=np.where(np.arange(len(recording)) == 599, 1.0, 0.0))
    with pytest.raises(UserError) as caught:
        run(folder, **changed)
    for text in said:
        assert text in str(caught.value)


def test_one_label_decides_where_it_makes_all_of_the_distance(folder, capsys):
    """A flag of 0 and 1 beside metres: every nearest sample has the same flag, as if it were a class."""
    run(folder, recordings__a__labels__direction="direction", recordings__b__labels__direction="direction")
    told = capsys.readouterr().out
    assert "100 % of the squared distance to the nearest sample lies in position alone" in told
    assert "miss direction 0 %" in told
    assert "a.direction has two values, 0 and 1: kind: discrete makes it a class" in told


def test_labels_of_unequal_spread_may_both_decide(folder, capsys):
    """In a dense sample the nearest one is near in both labels, whatever their ranges."""
    rng = np.random.default_rng(0)
    slow = {"position": np.cumsum(rng.normal(size=600)) / 2, "other": np.cumsum(rng.normal(size=600)) / 20}
    for seed, name in enumerate("ab"):
        save(name, track(seed, trials=24, length=25, neurons=6), **slow)
    run(folder, conditions__behavior__labels=["position", "other"])
    told = capsys.readouterr().out
    assert "of its spread" in told
    assert "weigh the labels" not in told


def test_queries_beyond_the_range_are_counted(folder, capsys):
    run(folder, conditions__behavior={"labels": ["position"], "positives": "delta_normal", "delta": 10})
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("behavior (a)")]
    assert int(lines[0].split("; ")[-1].split(" %")[0]) > 90
    run(folder, conditions__behavior={"labels": ["position"], "positives": "delta_normal", "delta": 0.001})
    assert "queries outside" not in capsys.readouterr().out


def test_a_circular_label_has_no_end(folder, capsys):
    heading = {"key": "heading", "period": 360}
    for seed, name in enumerate("ab"):
        save(name, track(seed, trials=24, length=25, neurons=6), heading=np.tile(np.linspace(0, 350, 25), 24))
    changed = {"recordings__a__labels": {"heading": heading}, "recordings__b__labels": {"heading": heading}}
    run(folder, **changed, conditions__behavior__labels=["heading"], split={"gap": 0.5})
    told = capsys.readouterr().out
    assert "queries outside" not in told
    assert "repeats after 360" in told


def test_a_period_in_another_unit(folder, capsys):
    run(folder, recordings__a__labels__other={"key": "other", "period": 8})
    assert "a.other spans" in capsys.readouterr().out


def test_sessions_of_one_model_share_range_and_convention(folder, capsys):
    other = track(1, trials=24, length=25, neurons=6)
    save("b", other, position=100 - 100 * other.labels["position"].values)
    run(folder, conditions__behavior__units="joint")
    told = capsys.readouterr().out
    assert "ranges of position differ (a 0.02 to 0.98; b 2 to 98)" in told
    assert "position in class 0 of direction: a falls; b rises" in told
    save("b", other, direction=other.labels["direction"].values + 1)
    run(folder, conditions__behavior__units="joint")
    assert "classes of direction differ: a has 0, 1; b has 1, 2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("achiles.npz", "Did you mean 'achilles.npz'? Known: a.npz, achilles.npz, b.npz, bare. Mend `file`"),
        ("gone/a.npz", "There is no folder gone. Mend `file`"),
        ("bare/a.npz", "The folder bare is empty. Mend `file`"),
        ("x" * 300, "Known: a.npz"),
    ],
)
def test_a_misspelt_file_is_told_with_what_lies_beside_it(file, said, folder):
    (folder / "achilles.npz").touch()
    (folder / ".hidden.npz").touch()
    (folder / "bare").mkdir()
    with pytest.raises(UserError) as told:
        check_files(Plan(resolve(study(recordings__a__file=file))), "c.yaml")
    assert said in str(told.value)


def test_all_that_can_be_known_is_told_at_once(folder):
    """A missing file, a missing key, an option of another condition and the results folder, in one round."""
    changed = {"recordings__a__file": "none.npz", "results": "b.npz", "conditions__other": {"time_offset": 30}}
    changed["conditions__behavior__recordings"] = ["a", "b"]
    with pytest.raises(UserError) as told:
        run(folder, recordings__c={"file": "b.npz", "neural": "spikes", "rate": 20, "trials": "tril"}, **changed)
    for text in (
        "recordings.a: expected the file none.npz, found no such file",
        "results: expected a folder that can be written",
        "'tril'",
        "conditions.other (b)",
        "Set a shorter time_offset",
    ):
        assert text in str(told.value)
    assert str(told.value).count("none.npz") == 1


def test_the_fits_of_an_adaptation_are_counted(folder, capsys):
    joint = {"labels": ["position", "direction"], "units": "joint", "leave_one_out": {"shares": [0.5, 1.0]}}
    run(folder, conditions__behavior=joint)
    told = capsys.readouterr().out
    assert "3 fit, 3 transform, 2 adapt, 2 transfer" in told
    assert "Each adapt is 4 fits (adapted and from scratch, for each share)" in told


TWINS = {
    "one matrix": ({}, "the comparison of the recordings of conditions.behavior"),
    "one of the config": ({"comparisons": {"mine": {"condition": "behavior"}}}, "comparisons.mine"),
    "one model": ({"conditions__behavior__units": "joint", "comparisons": {}}, "conditions.behavior.units.joint"),
    "apart": ({"comparisons": {}}, None),
}


@pytest.mark.parametrize("case", TWINS)
def test_one_recording_under_two_names(case, folder, capsys):
    changed, place = TWINS[case]
    changed = {"recordings__b__file": "copy.npz", "conditions__behavior__labels": ["position"], **changed}
    (folder / "copy.npz").write_bytes((folder / "a.npz").read_bytes())
    if place is None:
        run(folder, **changed)
        told = capsys.readouterr().out
        assert "warning: the same neural data in a (a.npz) and b (copy.npz): they are no two recordings" in told
        assert "two recordings, but aligned as two in behavior" in told
        return
    with pytest.raises(UserError) as caught:
        run(folder, **changed)
    told = "recordings.a, recordings.b: expected each recording once, found the same neural data in a (a.npz) and "
    told += f"b (copy.npz), which meet in {place}."
    assert str(caught.value).startswith(told)
    assert str(caught.value).count("the same neural data") == 1


def test_spikes_that_are_not_counted_are_told():
    notes = {"spikes": 9, "spikes_outside_bins": 2, "silent_units": 1}
    told = list(rehearsal.reading_lines(replace(track(0, trials=2, length=9, neurons=2), notes=notes)))
    assert told == ["2 of 9 spikes in no bin", "1 unit of `ends` without a spike, left out"]


def test_classes_of_two_recordings_have_one_order(folder):
    way = np.where(track(0, trials=24, length=25, neurons=6).labels["direction"].values, "out", "back")
    save("a", track(0, trials=24, length=25, neurons=6), direction=way)
    with pytest.raises(UserError, match=r"conditions\.behavior: labels\.direction: .*'back' in a, '0' in b.*`classes`"):
        run(folder)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, ["conditions.time: labels.position: ", "found m in a, cm in b"]),
        ({"recordings__b__labels__position__unit": "cm"}, []),
        (
            {"decode__points": {"place": ["position", "other"]}},
            ["decode.points.place: ", "recording 'a', found position in m, other in no unit"],
        ),
    ],
)
def test_units_of_files_are_looked_at(folder, monkeypatch, changed, told):
    """As an NWB file tells them, where the config says nothing."""
    units, made = {"a.npz": "m", "b.npz": "cm"}, rehearsal.assemble

    def measured(entry, data_folder, name):
        recording = made(entry, data_folder, name)
        position = replace(recording.labels["position"], unit=units[entry.file])
        return replace(recording, labels=recording.labels | {"position": position})

    monkeypatch.setattr(rehearsal, "assemble", measured)
    quiet = {f"recordings__{name}__labels__position__unit": "" for name in "ab"}
    given = {"conditions": {"time": {}}} | quiet | changed
    if not told:
        return run(folder, **given)
    with pytest.raises(UserError) as caught:
        run(folder, **given)
    assert all(text in str(caught.value) for text in told)


def test_coordinates_of_very_unlike_ranges_are_doubted(folder, capsys):
    """A point of x from 0 to 100 and y from 0 to 1 in a, where one may be in cm, to 5 in b."""
    for seed, (name, height) in enumerate({"a": 1, "b": 5}.items()):
        recording = track(seed, trials=24, length=25, neurons=6)
        x = recording.labels["position"].values
        x = (x - x.min()) / np.ptp(x)
        save(name, recording, position=100 * x, other=height * np.random.default_rng(1).permutation(x))
    unit = {f"recordings__{name}__labels__other": {"key": "other", "unit": "m"} for name in "ab"}
    run(folder, conditions={"time": {}}, decode__points={"place": ["position", "other"]}, **unit)
    ranges = "a: ranges are other 0 to 1 m and position 0 to 100 m: is one in another unit?"
    told = [line for line in capsys.readouterr().out.splitlines() if "another unit" in line]
    assert told == [f"warning: decode.points.place: {ranges}"]


def test_stretches_that_are_left_out_have_one_line_a_recording(folder, capsys):
    recording = track(0, trials=24, length=25, neurons=6)
    save("a", recording, trial=recording.trial * 2 + (np.arange(len(recording)) % 25 < 3))
    run(folder, split={"scheme": "folds", "folds": 3, "gap": 0.2})
    lines = [line for line in capsys.readouterr().out.splitlines() if ": stretches" in line]
    assert len(lines) == 1
    assert lines[0].startswith("  behavior: a: stretches shorter than the window of 5 samples left out: train ")
    assert ", test " in lines[0]


def test_units_of_one_recording_are_not_compared(folder, capsys):
    other = track(1, trials=24, length=25, neurons=6)
    save("b", other, position=100 - 100 * other.labels["position"].values)
    run(folder)
    told = capsys.readouterr().out
    assert "differ" not in told
    assert "convention" not in told


def test_what_the_log_of_a_fit_would_say(folder, capsys):
    run(folder, recordings__a__trials=None, split={"scheme": "blocks", "gap": 0.5}, defaults__windows="across")
    out = capsys.readouterr()
    assert "overlap at" in out.out or "own trial" in out.out
    assert out.err == ""


def test_a_recording_of_one_trial_has_no_other_to_take_positives_from(folder, capsys):
    run(folder, recordings__a__trials=None, split={"scheme": "blocks", "gap": 0.25})
    told = capsys.readouterr().out
    assert "a: 600 samples × 6 neurons at 20 Hz, 1 trial, 1 epoch; fold 0" in told
    assert re.search(r"where no other trial of the part has its class: \d\S* % of b\n", told)


def test_more_neurons_than_samples_are_doubted(folder, capsys):
    for seed, name in enumerate("ab"):
        neural = np.random.default_rng(seed).poisson(1, (600, 700))
        save(name, track(0, trials=24, length=25, neurons=6), spikes=neural)
    run(folder)
    assert "a: more neurons than samples; an array (neuron, time) needs transpose: true" in capsys.readouterr().out


def test_results_that_cannot_be_written(folder, capsys):
    """A file in the place of the folder: one line, no traceback."""
    (folder / "c.yaml").write_text(yaml.safe_dump(study(results="c.yaml")))
    assert cli.main(["check", str(folder / "c.yaml")]) == 2
    assert "results: expected a folder that can be written" in capsys.readouterr().err


def test_rates_that_follow_from_time_stamps_are_told_before_they_are_compared(folder, capsys):
    for seed, (name, rate) in enumerate({"a": 20.0, "b": 25.0}.items()):
        one = track(seed, trials=24, length=25, neurons=6, rate=rate)
        save(name, one, time=one.time)
    unstated = {"recordings__a__rate": None, "recordings__b__rate": None}
    times = {"recordings__a__time": "time", "recordings__b__time": "time"}
    with pytest.raises(UserError, match=r"recordings of one rate, to align.*a 20 Hz, b 25 Hz. State each.*`rate`"):
        run(folder, **unstated, **times)
    run(folder, recordings__a__rate=20, recordings__b__rate=25, **times)
    assert "in order. " in capsys.readouterr().out


def test_the_grid_of_labels_is_in_order(tmp_path, capsys):
    """Every set of labels has its own null, and all of them reach alpha as one family."""
    config = ROOT / "config" / "labels_grid.yaml"
    assert cli.main(["check", str(config), "--config", f"results={tmp_path}"]) == 0
    said = capsys.readouterr().out
    sets = ("position", "direction", "both")
    for name in sets:
        assert f"refit null of {name}: 19 draws of {name}_null, smallest p 0.05" in said
    recordings = len(yaml.safe_load(config.read_text())["recordings"])
    assert f"primary tests: {len(sets) * recordings} in one family, maximum over shared draws" in said
    assert "smallest corrected p 0.05, alpha 0.05" in said


def test_every_seed_of_a_portion_is_rehearsed(folder, monkeypatch):
    """Each draws trials and neurons of its own; of whole units the first stands for all."""
    seen, usual = set(), fit.task_of
    monkeypatch.setattr(
        fit, "task_of", lambda spec, *a: seen.add((bool(spec.get("portion")), spec["seed"])) or usual(spec, *a)
    )
    less = {"of": ["minutes"], "shares": [0.5]}
    run(folder, conditions__behavior__enough_data=less, conditions__behavior__seeds=3)
    assert seen == {(True, 1), (True, 2), (True, 3), (False, 1)}


@pytest.mark.parametrize("seeds", [1, 3])
def test_amounts_of_data_of_one_seed_are_doubted(seeds, folder, capsys):
    run(folder, conditions__behavior__enough_data={"shares": [0.5]}, conditions__behavior__seeds=seeds)
    told = "warning: behavior: enough_data of one seed cannot say whether scores still rise; give five or more"
    assert (told in capsys.readouterr().out) == (seeds == 1)


def test_a_wrong_rate_is_doubted_before_the_mistakes_that_follow_from_it(folder, capsys):
    """600 samples at 20 per second, written as 200: the track goes on for nine tenths of its time."""
    clock = np.arange(600) / 20
    save("a", track(0, trials=24, length=25, neurons=6), clock=clock)
    with pytest.raises(UserError, match="split"):
        run(
            folder,
            recordings__a__rate=200,
            recordings__a__trials={"from": "direction"},
            recordings__a__labels__position={"key": "position", "time": "clock"},
            recordings__a__labels__direction={"key": "direction", "kind": "discrete", "time": "clock"},
        )
    assert capsys.readouterr().out.startswith("warning: a: direction, position go on 26.95 s after the last neural")


def test_what_was_read_is_told_before_a_split_that_is_refused(folder, capsys):
    """Seconds taken for numbers of samples: nearly all lies outside of the trials, which the split cannot tell."""
    (folder / "trials.csv").write_text("on,off\n" + "".join(f"{i},{i + 1}\n" for i in range(30)))
    with pytest.raises(UserError, match="split"):
        run(folder, recordings__a__trials={"file": "trials.csv", "start": "on", "stop": "off", "unit": "samples"})
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("a: 30 trials of a table")
    assert "30 samples inside, 570 outside of all (dropped)" in first


def test_a_clock_that_nothing_states_is_doubted(folder, capsys):
    save("a", track(0, trials=24, length=25, neurons=6), clock=np.arange(600) / 20)
    label = {"key": "position", "unit": "m", "time": "clock"}
    for start, doubted in (({}, True), ({"recordings__a__start": 0}, False)):
        run(folder, recordings__a__labels__position=label, **start)
        told = capsys.readouterr().out
        assert "  clocks (s): samples 0 to 29.95; position 0 to 29.95\n" in told
        assert ("warning: a: samples are counted from 0 s" in told) == doubted
