"""Each file finds its condition, unit, fold and seed by what it says of itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cebra_pipe.errors import UserError
from cebra_pipe.plot.files import histories, of_units, transfers
from cebra_pipe.plot.named import comparisons, recordings
from cebra_pipe.plot.shown import Study

from .artifacts import build, condition, make_recording


def test_units_in_another_order_than_the_spec_names_them(study):
    spec = {
        **study.spec,
        "conditions": [
            {**k, "units": dict(sorted(k["units"].items(), reverse=True))} for k in study.spec["conditions"]
        ],
    }
    found = of_units(Study.of(spec), study.inputs["scores"], "decode")
    assert [f"{s.condition.name}-{s.unit}" for s in found] == [p.stem for p in study.inputs["scores"]]


def test_histories_by_their_own_fold_and_seed(tmp_path):
    made = build(tmp_path, {f"rat{i}": make_recording(i, 900, 5) for i in (1, 2)}, folds=2)
    found = histories(Study.of(made.spec), made.inputs["histories"])
    assert [f"{s.condition.name}-{s.unit}-{s.fold}-{s.seed}" for s in found] == [
        p.stem for p in made.inputs["histories"]
    ]


def test_conditions_that_are_not_decoded_have_no_file(study):
    """A condition over recordings that share no label has no decoding: the files of the others stay theirs."""
    missing = [p for p in study.inputs["scores"] if not p.stem.startswith("hybrid")]
    spec = {
        **study.spec,
        "conditions": [
            {**k, "units": {"x": ["other"]}} if k["name"] == "hybrid" else k for k in study.spec["conditions"]
        ],
    }
    found = of_units(Study.of(spec), missing, "decode")
    assert [s.path for s in found] == missing
    assert "hybrid" not in {s.condition.name for s in found}


def test_a_condition_without_decoding_does_not_take_the_file_of_the_next(study):
    """Its recordings share no label together, though one of them is decoded alone in another condition."""
    both, one = {"rat1": ["rat1"], "rat2": ["rat2"]}, {"rat2": ["rat2"]}
    spec = {"recordings": {}, "conditions": [condition("a", "A", both), condition("b", "B", one)]}
    path = next(p for p in study.inputs["scores"] if p.stem == "behavior-rat2")
    (found,) = of_units(Study.of(spec), [path], "decode")
    assert found.condition.name == "b"


def placed(study, folder, role, pattern):
    """The files of a role in the places that a study has for them, last first."""
    found = []
    for path in study.inputs[role]:
        condition, unit, *rest = path.stem.split("-")
        at = folder / pattern.format(condition=condition, unit=unit, rest="-".join(rest))
        at.parent.mkdir(parents=True, exist_ok=True)
        found.append(Path(shutil.copy(path, at)))
    return found[::-1]


def told(sources):
    return [f"{s.condition.name}-{s.unit}" for s in sources]


@pytest.mark.parametrize(
    "pattern", ["decoding/{condition}/{unit}.parquet", "decoding/{condition}/{unit}.traces.parquet"]
)
def test_files_of_a_study_are_found_by_their_place_in_any_order(study, tmp_path, pattern):
    """Conditions of the same recordings are told apart by nothing else."""
    paths = placed(study, tmp_path, "scores", pattern)
    found = of_units(Study.of(study.spec), paths, "decode")
    assert told(found) == [p.stem for p in study.inputs["scores"]]
    assert [(s.path.parent.name, s.path.name.split(".")[0]) for s in found] == [
        (s.condition.name, s.unit) for s in found
    ]
    (alone,) = of_units(Study.of(study.spec), [p for p in paths if p.match("time/rat2*")], "decode")
    assert (alone.condition.name, alone.unit) == ("time", "rat2")


def test_a_file_in_the_place_of_another_is_refused(study, tmp_path):
    paths = placed(study, tmp_path, "scores", "decoding/{condition}/{unit}.parquet")
    by = {f"{p.parent.name}-{p.stem}": p for p in paths}
    shutil.copy(by["behavior-rat1"], by["behavior-rat2"])
    with pytest.raises(UserError, match="behavior/rat2"):
        of_units(Study.of(study.spec), paths, "decode")


def test_histories_of_a_study_are_found_by_their_place(study, tmp_path):
    paths = placed(study, tmp_path, "histories", "fits/{condition}/{unit}/fold0/{rest}/history.parquet")
    found = histories(Study.of(study.spec), paths)
    assert [f"{s.condition.name}-{s.unit}-{s.fold}-{s.seed}" for s in found] == [
        p.stem for p in study.inputs["histories"]
    ]
    with pytest.raises(UserError, match="found 2 of shifted/rat2"):
        histories(Study.of(study.spec), [p for p in paths if not p.match("shifted/rat2/fold0/0-3/*")])


def test_recordings_left_out_are_found_by_their_place(study, tmp_path):
    """Two conditions leave the same recordings out: nothing but the place tells their files apart."""
    (multi,) = [k for k in study.spec["conditions"] if k["name"] == "multi"]
    spec = {**study.spec, "conditions": [multi, {**multi, "name": "again"}]}
    given = placed(study, tmp_path, "transfer", "transfer/{condition}/{unit}.parquet")
    again = shutil.copytree(given[0].parent, tmp_path / "transfer" / "again")
    given += [again / path.name for path in given]
    found = transfers(Study.of(spec), given[::-1])
    assert [(s.path.parent.name, s.path.stem) for s in found] == [(s.condition.name, s.unit) for s in found]
    assert told(found) == [f"{c}-without_{r}" for c in ("multi", "again") for r in study.recordings]
    with pytest.raises(UserError, match=r"found again/without_rat\d twice"):
        transfers(Study.of(spec), [*given[1:], given[-1]])
    shutil.copy(*given[:2])
    with pytest.raises(UserError, match="multi/without_rat"):
        transfers(Study.of(spec), given)


def test_comparisons_are_found_by_name(study):
    """By their order only where the files are called otherwise."""
    files, about = study.inputs["consistency"], Study.of(study.spec)
    right = [(entry["name"], path) for entry, path in comparisons(about, files)]
    assert [path.stem for _, path in right] == [name for name, _ in right]
    assert [(entry["name"], path) for entry, path in comparisons(about, files[::-1])] == right


def test_recordings_are_found_by_name_in_any_order(study):
    found = recordings(Study.of(study.spec), study.inputs["recordings"][::-1])
    assert [len(r) for r in found.values()] == [len(r) for r in study.recordings.values()]


def test_a_file_of_no_condition_is_refused(study, tmp_path):
    stranger = build(tmp_path, {"cat": make_recording(5, 900, 5)}, comparisons=[]).inputs["scores"][0]
    with pytest.raises(UserError, match="cat"):
        of_units(Study.of(study.spec), [*study.inputs["scores"], stranger], "decode")


def test_a_file_of_another_stage_is_refused(study):
    with pytest.raises(UserError, match="decode"):
        of_units(Study.of(study.spec), study.inputs["embeddings"], "decode")


def test_a_history_too_few_is_refused(study):
    with pytest.raises(UserError, match="multiple of"):
        histories(Study.of(study.spec), study.inputs["histories"][:-1])


def test_two_controls_of_a_kind_are_told_apart():
    spec = {"conditions": [condition(f"c{i}", f"Shift {i}", {}, control="circular_shift") for i in (1, 2)]}
    texts = [k.text for k in Study.of(spec).conditions]
    assert texts == ["circular shift (control): Shift 1", "circular shift (control): Shift 2"]


def test_spec_may_name_conditions_in_a_mapping():
    study = Study.of({"conditions": {"a": {"title": "A", "units": {"r": ["r"]}}}, "recordings": {"r": "R"}})
    assert study.conditions[0].text == "A"
    assert study.main("r")[1] == "r"
