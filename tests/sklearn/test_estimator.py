"""The estimator: modes, seeds, continued and adapted training, files, and what it refuses."""

from __future__ import annotations

import fractions
import io
import pickle
import zipfile
from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import cebra_pipe
from cebra_pipe import CEBRA
from cebra_pipe.errors import UserError
from cebra_pipe.sklearn.building import resolve_device

pytestmark = pytest.mark.filterwarnings("ignore:several sessions without labels")
RNG = np.random.default_rng(0)
ANGLE = np.linspace(0, 40, 400)
POSITION = np.stack([np.sin(ANGLE), np.cos(ANGLE)], 1)
SIGNAL = np.maximum(POSITION @ RNG.normal(size=(2, 12)), 0) + 0.1 * RNG.normal(size=(400, 12))
WAY = (POSITION[:, 0] > 0).astype(int)
TWO = ([SIGNAL, SIGNAL[:300, :9]], [POSITION, POSITION[:300]], [WAY, WAY[:300]])
OPTIONS = {
    "model_architecture": "offset5-model",
    "batch_size": 32,
    "max_iterations": 4,
    "max_adapt_iterations": 3,
    "output_dimension": 4,
    "random_state": 1,
    "device": "cpu",
}


def estimator(**changed) -> CEBRA:
    return CEBRA(**{**OPTIONS, **changed})


MODES = {
    "time": ((SIGNAL,), {}, "single-session"),
    "continuous": ((SIGNAL, POSITION), {}, "single-session"),
    "two label sets": ((SIGNAL, POSITION[:, 0], POSITION[:, 1:]), {}, "single-session"),
    "delta": ((SIGNAL, POSITION), {"conditional": "delta_normal", "delta": 0.1}, "single-session"),
    "discrete": ((SIGNAL, WAY), {}, "single-session"),
    "mixed": ((SIGNAL, POSITION, WAY), {}, "single-session"),
    "hybrid": ((SIGNAL, POSITION), {"hybrid": True}, "single-session-hybrid"),
    "full": ((SIGNAL, POSITION), {"batch_size": None}, "single-session-full"),
    "learned temperature": ((SIGNAL, POSITION), {"temperature_mode": "auto"}, "single-session"),
    "euclidean": (
        (SIGNAL, POSITION),
        {"distance": "euclidean", "model_architecture": "offset10-model-mse"},
        "single-session",
    ),
    "causal": ((SIGNAL, POSITION), {"causal": True}, "single-session"),
    "two, time": (TWO[:1], {}, "multi-session"),
    "two, continuous": (TWO[:2], {}, "multi-session"),
    "two, discrete": ((TWO[0], TWO[2]), {}, "multi-session"),
    "two, mixed": (TWO, {}, "multi-session"),
    "two, hybrid": (TWO[:2], {"hybrid": True}, "multi-session-hybrid"),
}


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_fits_repeats_saves_and_loads(mode, tmp_path):
    given, options, name = MODES[mode]
    first, again = (estimator(**options).fit(*given) for _ in range(2))
    assert first.solver_name_ == name
    several = isinstance(given[0], list)
    session = {"session_id": 1} if several else {}
    signal = given[0][1] if several else given[0]
    embedding = first.transform(signal, **session)
    assert embedding.shape == (len(signal), 4)
    assert embedding.dtype == np.float32
    assert (embedding == again.transform(signal, **session)).all()
    assert len(first.solver_.log["total"]) == 4
    first.save(tmp_path / "model.pt")
    loaded = CEBRA.load(tmp_path / "model.pt")
    assert (loaded.transform(signal, **session) == embedding).all()
    assert loaded.get_params() == first.get_params()
    assert loaded.solver_.history == pytest.approx(first.solver_.history)


def test_random_state_none_is_new_each_time_and_noted():
    one, two = (estimator(random_state=None).fit(SIGNAL, POSITION) for _ in range(2))
    assert one.random_state_ != two.random_state_
    state = torch.get_rng_state()
    estimator(model_architecture="offset36-model-more-dropout", max_iterations=1).fit(SIGNAL)
    assert torch.equal(torch.get_rng_state(), state)
    assert not (one.transform(SIGNAL) == two.transform(SIGNAL)).all()
    again = estimator(random_state=one.random_state_).fit(SIGNAL, POSITION)
    assert (again.transform(SIGNAL) == one.transform(SIGNAL)).all()


def test_a_fresh_fit_is_fresh():
    made = estimator().fit(SIGNAL, POSITION)
    made.partial_fit(SIGNAL, POSITION)
    assert len(made.solver_.history) == 8
    made.fit(SIGNAL, POSITION)
    assert len(made.solver_.history) == 4
    assert (made.transform(SIGNAL) == estimator().fit(SIGNAL, POSITION).transform(SIGNAL)).all()


def test_partial_fit_reads_the_new_data():
    one, two = (estimator().partial_fit(SIGNAL, POSITION) for _ in range(2))
    one.partial_fit(SIGNAL, POSITION)
    two.partial_fit(SIGNAL[::-1].copy(), POSITION)
    assert not np.allclose(one.transform(SIGNAL), two.transform(SIGNAL))
    with pytest.raises(ValueError, match=r"5 features, but CEBRA is expecting 12 .*\n.*fit\(X, \*labels, adapt=True\)"):
        one.partial_fit(SIGNAL[:, :5], POSITION)
    with pytest.raises(ValueError, match=r"5 features, but .*\n.*adapt=True"):
        one.transform(SIGNAL[:, :5])
    with pytest.raises(ValueError, match="labels as in the fit: 2 continuous columns, found a discrete label"):
        one.partial_fit(SIGNAL, WAY)


@pytest.mark.parametrize(("mode", "session"), [("continuous", None), ("hybrid", None), ("two, continuous", 1)])
def test_adapt_trains_a_new_first_layer_alone(mode, session):
    given, options, _ = MODES[mode]
    made = estimator(**options).fit(*given)
    base = made.solver_.models[session or 0]
    before = {name: value.clone() for name, value in base.state_dict().items()}
    made.fit(SIGNAL[:200, :6], POSITION[:200], adapt=True, session_id=session)
    after = made.model_.state_dict()
    first = list(before)[:2]
    assert made.transform(SIGNAL[:, :6]).shape == (400, 4)
    assert (made.n_features_, made.num_sessions_, len(made.solver_.history)) == (6, None, 3)
    assert all(torch.equal(after[name], before[name]) for name in before if name not in first)
    assert after[first[0]].shape != before[first[0]].shape


def test_a_model_that_thins_its_input_is_adapted():
    """Its second layer reads the neurons too."""
    made = estimator(model_architecture="offset20-model-4x-subsample").fit(SIGNAL, POSITION)
    before = made.model_.state_dict()
    made.fit(SIGNAL[:200, :6], POSITION[:200], adapt=True)
    after = made.model_.state_dict()
    assert made.transform(SIGNAL[:, :6]).shape == (100, 4)
    assert [torch.equal(before[name], after[name]) for name in list(before)] == [False] * 4 + [True] * 4


def test_trials_are_never_crossed():
    """Trials of noise: a time positive in another trial would be a sample of other values."""
    trial = np.arange(400) // 40
    made = estimator(time_offsets=3).fit(SIGNAL, trial=trial)
    sampling = made._loader(*_parts(made, trial))
    (drawn,) = sampling.samplings(made.offset_)
    timeline = drawn.conditional.timeline
    triplet = drawn.draw(50, 32, np.random.default_rng(0))
    assert (trial[timeline.sample[triplet.reference]] == trial[timeline.sample[triplet.positive]]).all()
    inside = timeline.sample[np.concatenate(timeline.centres)] % 40
    assert (inside.min(), inside.max()) == (2, 37)  # windows of 2 samples before and 3 from the sample on


def _parts(made, trial):
    from cebra_pipe.sklearn.labels import sessions
    from cebra_pipe.sklearn.modes import plan

    found = sessions(SIGNAL, (), trial)
    return plan(found, None, False, 32), found, 1, "cpu", 0


@pytest.mark.parametrize("pad", [True, False])
def test_causal_windows_read_nothing_later(pad):
    """What comes after a sample does not change its embedding."""
    made = estimator(causal=True, pad_before_transform=pad).fit(SIGNAL, POSITION)
    changed = SIGNAL.copy()
    changed[201:] = 9.0
    one, two = made.transform(SIGNAL), made.transform(changed)
    seen = 201 if pad else 197
    assert tuple(made.offset_) == (4, 1)
    assert len(one) == (400 if pad else 396)
    assert (one[:seen] == two[:seen]).all()
    assert not (one[seen] == two[seen]).all()
    around = estimator().fit(SIGNAL, POSITION)
    assert not (around.transform(SIGNAL)[199] == around.transform(changed)[199]).all()


def test_a_list_of_trials_is_a_trial_number():
    trial = np.repeat([0, 1], [150, 250])
    listed = estimator().fit([[SIGNAL[:150], SIGNAL[150:]]], [[POSITION[:150], POSITION[150:]]])
    numbered = estimator().fit(SIGNAL, POSITION, trial=trial)
    assert listed.num_sessions_ is None
    assert (listed.transform(SIGNAL, trial=trial) == numbered.transform(SIGNAL, trial=trial)).all()
    inside = numbered.transform(SIGNAL, trial=trial)
    with pytest.warns(UserWarning, match="no trial, where the fit had trials"):
        numbered.transform(SIGNAL)
    assert (inside[:150] == numbered.transform(SIGNAL[:150], trial=trial[:150])).all()


def test_validation_data_keeps_the_best_model():
    made = estimator(max_iterations=30, learning_rate=0.3).fit(
        SIGNAL[:300], POSITION[:300], validation_data=(SIGNAL[300:], POSITION[300:]), validation_frequency=2, patience=4
    )
    steps, losses = zip(*made.solver_.log["valid"], strict=True)
    assert steps[:3] == (0, 2, 4)
    assert made.solver_.best_step == steps[int(np.argmin(losses))]


def test_callback_sees_the_training():
    seen = []
    estimator().fit(
        SIGNAL, callback=lambda step, solver: seen.append((step, len(solver.history))), callback_frequency=2
    )
    assert seen == [(0, 1), (2, 3)]


def test_fallbacks_are_told():
    with pytest.warns(UserWarning, match="time contrastive"):
        fallback = estimator(conditional="time_delta").fit(SIGNAL, WAY)
    assert (fallback.transform(SIGNAL) == estimator().fit(SIGNAL).transform(SIGNAL)).all()


@pytest.mark.parametrize(
    ("given", "options", "match"),
    [
        ((SIGNAL, POSITION[:10]), {}, "400 samples as in X, found 10"),
        ((np.full((50, 3), np.nan),), {}, r"150 values, the first in sample 0, neuron 0"),
        ((SIGNAL[:, 0],), {}, r"shape \(400,\)\. Reshape your data"),
        ((SIGNAL, np.full(400, np.inf)), {}, "contains NaN or infinity"),
        ((SIGNAL, WAY, WAY), {}, "at most one discrete"),
        ((SIGNAL, np.stack([WAY, WAY], 1)), {}, r"one column of integers.*np\.unique\(y, axis=0"),
        ((SIGNAL, np.array(["a"] * 400)), {}, "float or integer labels"),
        ((SIGNAL[:4],), {"batch_size": 4}, "5 samples in a row"),
        (([SIGNAL],), {}, "at least two sessions"),
        ((TWO[0], [POSITION]), {}, "one array a session"),
        ((TWO[0], [POSITION, WAY[:300]]), {}, "same kinds"),
        ((SIGNAL,), {"hybrid": True}, "continuous labels beside hybrid"),
        ((SIGNAL, POSITION), {"hybrid": True, "output_dimension": 2}, "^output_dimension: expected 3 or more"),
        ((SIGNAL, POSITION, WAY), {"hybrid": True}, "continuous labels alone"),
        ((SIGNAL, POSITION), {"conditional": "nothing"}, "time_delta"),
        ((SIGNAL, POSITION), {"conditional": "delta_normal"}, "delta: expected a standard deviation"),
        ((SIGNAL, POSITION), {"delta": 0.1}, "delta: expected None"),
        ((SIGNAL, POSITION), {"prior": "uniform"}, "prior: expected None without a discrete label"),
        ((SIGNAL,), {"label_weights": [1.0]}, "label_weights"),
        ((SIGNAL, POSITION), {"label_weights": [1.0]}, "expected 2 numbers"),
        ((SIGNAL, POSITION), {"label_weights": [0, 0]}, "^label_weights: expected .*not all of them 0, or None, found"),
        ((SIGNAL, POSITION), {"label_periods": [None, 6.28]}, "^label_periods: expected numbers from 0, .*None, 6.28"),
        ((SIGNAL, POSITION), {"label_periods": [np.inf, 0]}, "^label_periods: expected numbers from 0, .*inf, 0"),
        ((SIGNAL, POSITION), {"num_negatives": 3, "batch_size": None}, "num_negatives"),
        ((SIGNAL, WAY), {"batch_size": None}, "Set batch_size=512"),
        (TWO[:2], {"batch_size": None}, "several sessions"),
        ((SIGNAL,), {"time_offsets": 0}, "time_offsets"),
        ((SIGNAL,), {"time_offsets": 1.5}, "time_offsets"),
        ((SIGNAL,), {"time_offsets": 500}, "time_offset"),
        ((SIGNAL,), {"max_iterations": 0}, "max_iterations"),
        ((SIGNAL,), {"distance": "other"}, "distance"),
        ((SIGNAL,), {"temperature": 0.0}, "temperature"),
        ((SIGNAL,), {"model_architecture": "ofset5-model"}, "offset5-model"),
        ((SIGNAL,), {"device": "cuda:9"}, "device"),
        ((SIGNAL,), {"model_architecture": "offset1-model", "causal": True}, "causal"),
    ],
)
def test_what_does_not_fit_is_told_before_training(given, options, match):
    made = estimator(**options)
    with pytest.raises(ValueError, match=match):
        made.fit(*given)
    with pytest.raises(ValueError, match="not fitted"):
        made.transform(SIGNAL)


def test_all_problems_come_at_once():
    with pytest.raises(ValueError, match=r"(?s)y\[0\].*y\[1\]"):
        estimator().fit(SIGNAL, POSITION[:10], WAY[:3])


def test_clone_and_parameters():
    made = estimator().fit(SIGNAL)
    copy = clone(made)
    assert copy.get_params() == made.get_params()
    with pytest.raises(ValueError, match="expected a fitted model"):
        copy.save("nowhere.pt")


def test_a_file_is_never_executed(tmp_path):
    path = tmp_path / "crafted.pt"
    torch.save({"format": _Evil()}, path)
    with pytest.raises(ValueError, match=r"crafted\.pt"):
        CEBRA.load(path)
    assert not (tmp_path / "ran").exists()
    with pytest.raises(ValueError, match="weights_only"):
        CEBRA.load(path, weights_only=False)
    with pytest.raises(FileNotFoundError):
        CEBRA.load(tmp_path / "none.pt")


def npz() -> bytes:
    np.savez(content := io.BytesIO(), x=SIGNAL)
    return content.getvalue()


def archive(name: str) -> bytes:
    with zipfile.ZipFile(content := io.BytesIO(), "w") as made:
        made.writestr(name, b"text")
    return content.getvalue()


STUDY = {"format": 1, "provenance": {}, "model": {}}
OTHERS = {
    "mine.yaml": (b"study: s\nrecordings: {a: {simulate: {}}}\n", "a file of another kind, or one that was cut short."),
    "a.csv": (b"x,y\n1,2\n", "a file of another kind, or one that was cut short."),
    "list.pt": (b"\x80\x02]q\x00.", "a file of another kind, or one that was cut short."),
    "empty.pt": (b"", "an empty one."),
    "tensor.pt": (torch.ones(3), "a saved Tensor."),
    "weights.pt": ({"weight": torch.ones(3)}, "a saved mapping with weight."),
    "half.pt": ({"format": "cebra_pipe estimator 1"}, "a saved mapping with format."),
    "later.pt": ({"format": "cebra_pipe estimator 2"}, "'cebra_pipe estimator 2'."),
    "arrays.npz": (npz(), "arrays that numpy.savez wrote. Read them with cebra_pipe.load_data."),
    "notes.zip": (archive("notes.txt"), "a zip archive of notes.txt."),
    "objects.pt": ({"x": fractions.Fraction(1)}, "one that holds fractions.Fraction. Files are read as plain values"),
    "damaged.pt": (archive("model/data.pkl"), "a damaged one."),
    "model.pt": (STUDY, "the model of a study's fit. Its embeddings are in the study's folder, embeddings/"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_that_is_no_estimator_is_told(tmp_path, name):
    content, found = OTHERS[name]
    path = tmp_path / name
    path.write_bytes(content) if isinstance(content, bytes) else torch.save(content, path)
    with pytest.raises(UserError) as error:
        CEBRA.load(path)
    assert f"{name}: expected " in str(error.value)
    assert f", found {found}" in str(error.value)


def test_a_saved_estimator_that_was_cut_short(tmp_path):
    estimator(max_iterations=1).fit(SIGNAL).save(tmp_path / "whole.pt")
    content = (tmp_path / "whole.pt").read_bytes()
    path = tmp_path / "cut.pt"
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(
        UserError, match=r"cut\.pt: expected a whole file that CEBRA.save wrote, found a file of another"
    ):
        CEBRA.load(path)
    with pytest.raises(UserError, match="expected a file, found a folder"):
        CEBRA.load(tmp_path)


DIRECTORY = b"PK\x01\x02"  # begins each entry of an archive's directory
DAMAGE = {  # place in such an entry: what lies there
    "a version of later archives": {6: 115},
    "a name that is no text": {9: 8, 46: 0xED},
    "another size": {20: 1},
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_saved_estimator_that_was_damaged(tmp_path, damage):
    estimator(max_iterations=1).fit(SIGNAL).save(tmp_path / "whole.pt")
    content = bytearray((tmp_path / "whole.pt").read_bytes())
    entry = content.index(DIRECTORY)
    for place, value in DAMAGE[damage].items():
        content[entry + place] = value
    (tmp_path / "damaged.pt").write_bytes(content)
    with pytest.raises(
        UserError, match=r"damaged\.pt: expected a whole file that CEBRA\.save wrote, found a damaged one"
    ):
        CEBRA.load(tmp_path / "damaged.pt")


class _Evil:
    def __reduce__(self):
        return print, ("executed",)


@pytest.mark.filterwarnings("ignore:y, continuous column 0 has two values")  # one check has such labels
@parametrize_with_checks([CEBRA(max_iterations=2, batch_size=4, output_dimension=3, random_state=0, device="cpu")])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def test_it_stands_in_a_pipeline():
    chain = make_pipeline(StandardScaler(), estimator()).fit(SIGNAL)
    assert chain.transform(SIGNAL).shape == (400, 4)
    assert (pickle.loads(pickle.dumps(chain)).transform(SIGNAL) == chain.transform(SIGNAL)).all()
    assert (deepcopy(chain).transform(SIGNAL) == chain.transform(SIGNAL)).all()
    frame = pd.DataFrame(SIGNAL, columns=[f"n{i}" for i in range(12)])
    named = estimator().fit(frame)
    assert list(named.feature_names_in_) == list(frame.columns)
    with pytest.raises(ValueError, match="feature names"):
        named.transform(frame.rename(columns={"n0": "other"}))


def test_names_of_neurons_are_saved(tmp_path):
    frame = pd.DataFrame(SIGNAL, columns=[f"n{i}" for i in range(12)])
    model = estimator(max_iterations=1).fit(frame)
    model.save(tmp_path / "model.pt")
    loaded = CEBRA.load(tmp_path / "model.pt")
    assert list(loaded.feature_names_in_) == list(frame.columns)
    assert (loaded.transform(frame) == model.transform(frame)).all()
    with pytest.raises(ValueError, match="same order"):
        loaded.transform(frame[frame.columns[::-1]])
    model.fit(*TWO).save(tmp_path / "several.pt")  # whose columns have no names
    assert not hasattr(model, "feature_names_in_")
    assert not hasattr(CEBRA.load(tmp_path / "several.pt"), "feature_names_in_")


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")  # one is an array
def test_other_names_of_neurons_are_told_with_what_to_do():
    frame = pd.DataFrame(SIGNAL, columns=[f"unit{i:02}" for i in range(12)])
    model = estimator(max_iterations=1).fit(frame)
    cases = [
        (frame[frame.columns[::-1]], "\nReorder the columns: X[list(model.feature_names_in_)]."),
        (frame.assign(time=0), "\nSelect the columns of the fit: X[list(model.feature_names_in_)]."),
        (
            frame.rename(columns={"unit03": "Unit03"}),
            "\nOf the 12 neurons of the fit X lacks unit03 (is it Unit03?). It has 1 column that the fit did not have: "
            "Unit03. Rename or add columns; only for a recording of other neurons fit(X, *labels, adapt=True) trains a "
            "new first layer of the model.",
        ),
        (
            frame.iloc[:, :6],
            "\nOf the 12 neurons of the fit X lacks unit06, unit07, unit08, unit09, unit10 and 1 more. Rename or "
            "add columns; only for a recording of other neurons fit(X, *labels, adapt=True) trains a new first layer "
            "of the model.",
        ),
        (SIGNAL[:, :6], "\nFor other neurons fit(X, *labels, adapt=True) trains a new first layer of the model."),
    ]
    for given, remedy in cases:
        with pytest.raises(ValueError) as told:
            model.transform(given)
        assert str(told.value).endswith(remedy)


def test_outputs_have_names_which_frames_have_as_columns():
    names, frame = [f"cebra{i}" for i in range(4)], pd.DataFrame(SIGNAL, index=np.arange(400) * 0.025)
    model = estimator().fit(frame)
    plain = model.transform(frame)
    assert model.set_params(output_dimension=7).get_feature_names_out().tolist() == names  # of what was fitted
    made = model.set_output(transform="pandas").transform(frame)
    assert (list(made.columns), list(made.index)) == (names, list(frame.index))
    assert (made.to_numpy() == plain).all()
    chain = make_pipeline(StandardScaler(), estimator()).set_output(transform="pandas")
    assert list(chain.fit_transform(frame).columns) == list(chain.get_feature_names_out()) == names
    with pytest.raises(NotFittedError):
        estimator().get_feature_names_out()


def test_frames_that_cannot_be_made_are_told():
    several = estimator().fit(*TWO).set_output(transform="pandas")
    with pytest.raises(UserError, match=r"set_output\(transform='pandas'\): expected one array.*session_id="):
        several.transform(TWO[0])
    assert several.transform(TWO[0][1], session_id=1).shape == (300, 4)
    short = estimator(pad_before_transform=False).fit(SIGNAL).set_output(transform="pandas")
    with pytest.raises(UserError, match="found pad_before_transform=False, which gives fewer"):
        short.transform(pd.DataFrame(SIGNAL))
    assert short.transform(SIGNAL).shape == (396, 4)


def test_what_may_be_left_out_or_listed():
    """y=None, lists as labels, and all sessions embedded at once."""
    by_time = estimator().fit(SIGNAL, y=None)
    assert (by_time.transform(SIGNAL) == estimator().fit(SIGNAL).transform(SIGNAL)).all()
    listed, given = (estimator().fit(SIGNAL, y) for y in (POSITION.tolist(), POSITION))
    assert (listed.transform(SIGNAL) == given.transform(SIGNAL)).all()
    several = estimator()
    for s, found in enumerate(several.fit_transform(*TWO[:2])):
        assert (found == several.transform(TWO[0][s], session_id=s)).all()


def test_transform_takes_the_lists_that_fit_took():
    """Sessions, trials in them, and one session of several."""
    signals, given = TWO[0], [[x[:150], x[150:]] for x in TWO[0]]
    made = estimator().fit(given, [[y[:150], y[150:]] for y in TWO[1]])
    run = [np.arange(len(x)) >= 150 for x in signals]
    alone = [made.transform(x, session_id=s, trial=run[s].astype(int)) for s, x in enumerate(signals)]
    for s, trials in enumerate(made.transform(given)):
        assert (np.concatenate(trials) == alone[s]).all()
    (second,) = made.transform(given[1:], session_id=1)
    assert (np.concatenate(second) == alone[1]).all()
    numbered = made.transform(signals, trial=[r.astype(int) for r in run])
    assert all((one == other).all() for one, other in zip(numbered, alone, strict=True))


@pytest.mark.parametrize("samples", [1, 4, 5])
def test_a_short_input_of_a_model_that_thins_keeps_its_axes(samples):
    made = estimator(model_architecture="offset20-model-4x-subsample").fit(SIGNAL, POSITION)
    assert made.transform(SIGNAL[:samples]).shape == (-(-samples // 4), 4)


def test_a_device_that_is_not_there_is_told_and_left(tmp_path):
    """A file from a machine with another GPU: the model is on a device that is here."""
    made = estimator().fit(SIGNAL)
    made.set_params(device="cuda:9").save(tmp_path / "model.pt")
    with pytest.warns(
        UserWarning, match=r"'cuda:9', which torch does not have here\. The model is on the cpu"
    ) as caught:
        loaded = CEBRA.load(tmp_path / "model.pt")
    assert caught[0].filename == __file__
    assert (loaded.device_, loaded.device) == ("cpu", "cuda_if_available")
    assert (loaded.transform(SIGNAL) == made.transform(SIGNAL)).all()
    assert CEBRA.load(tmp_path / "model.pt", device="cpu").device == "cpu"
    with pytest.raises(ValueError, match="'cuda:9', which torch does not have here"):
        CEBRA.load(tmp_path / "model.pt", device="cuda:9")


def test_an_apple_gpu_is_asked_for_by_name(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve_device("cuda_if_available") == "cpu"


def test_it_is_a_public_name():
    assert cebra_pipe.CEBRA is CEBRA
    assert "offset10-model" in CEBRA.supported_model_architectures()
    assert not [name for name in CEBRA.supported_model_architectures() if "subsample" in name]


def test_an_adapted_model_is_saved_and_trains_on(tmp_path):
    made = estimator().fit(SIGNAL, POSITION).fit(SIGNAL[:, :6], POSITION, adapt=True)
    made.save(tmp_path / "adapted.pt")
    loaded = CEBRA.load(tmp_path / "adapted.pt")
    assert (loaded.transform(SIGNAL[:, :6]) == made.transform(SIGNAL[:, :6])).all()
    before = {name: value.clone() for name, value in loaded.model_.state_dict().items()}
    loaded.partial_fit(SIGNAL[:, :6], POSITION)
    moved = [name for name, value in loaded.model_.state_dict().items() if not torch.equal(value, before[name])]
    assert moved == list(before)[:2]


def test_numbers_of_numpy_are_saved(tmp_path):
    made = estimator(time_offsets=np.int64(2), label_weights=np.array([1.0, 2.0])).fit(SIGNAL, POSITION)
    made.save(tmp_path / "model.pt")
    assert CEBRA.load(tmp_path / "model.pt").get_params()["label_weights"] == [1.0, 2.0]


@pytest.mark.parametrize("adapt", [True, False])
def test_a_refused_fit_leaves_the_model_as_it_was(adapt):
    made = estimator().fit(SIGNAL, POSITION)
    before, seed = made.transform(SIGNAL), made.random_state_
    made.set_params(delta=0.1, random_state=7)
    with pytest.raises(ValueError, match="delta"):
        made.fit(SIGNAL[:, :6], POSITION, adapt=adapt)
    assert (made.transform(SIGNAL) == before).all()
    assert made.random_state_ == seed


def test_trials_of_other_shapes():
    trial = np.repeat([0, 1], [150, 250])
    made = estimator().fit(SIGNAL, trial=trial)
    inside = made.transform(SIGNAL, trial=trial)
    assert not (inside == estimator().fit(SIGNAL, trial=trial).transform(SIGNAL, trial=0 * trial)).all()
    assert (made.transform(SIGNAL, trial=trial[:, None]) == inside).all()
    assert (estimator().fit_transform(SIGNAL, trial=trial) == inside).all()
    listed = [[SIGNAL[:150], SIGNAL[150:]]]
    for found in (estimator().fit_transform(listed), made.transform(listed)):
        assert [len(each) for each in found[0]] == [150, 250]
        assert (np.concatenate(found[0]) == inside).all()
    with pytest.raises(ValueError, match="400 samples as in X, found 100"):
        made.transform(SIGNAL, trial=trial[:100])
    with pytest.raises(ValueError, match="whole numbers"):
        made.fit(SIGNAL, trial=trial / 10)
