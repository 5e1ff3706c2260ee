"""What an estimator refuses or warns of: options without effect, data unlike those of the fit, probable mistakes."""

from __future__ import annotations

import inspect
import re
import warnings

import numpy as np
import pytest
import torch

from cebra_pipe import CEBRA, models
from cebra_pipe.models.model import Offset5Model
from cebra_pipe.sklearn.goodness import infonce_loss
from cebra_pipe.sklearn.labels import sessions
from cebra_pipe.sklearn.parameters import DEFAULTS, RULES, SETTLED
from cebra_pipe.sklearn.unlikely import doubts

RNG = np.random.default_rng(0)
POSITION = RNG.normal(size=(120, 2))
SIGNAL = RNG.normal(size=(120, 8))
WAY = (POSITION[:, 0] > 0).astype(int)
TWO = ([SIGNAL, SIGNAL[:90, :6]], [POSITION, POSITION[:90]])
OPTIONS = {
    "model_architecture": "offset5-model",
    "batch_size": 16,
    "max_iterations": 2,
    "max_adapt_iterations": 2,
    "num_hidden_units": 8,
    "output_dimension": 3,
    "random_state": 1,
    "device": "cpu",
}


def estimator(**changed) -> CEBRA:
    return CEBRA(**{**OPTIONS, **changed})


@pytest.fixture(scope="module")
def single() -> CEBRA:
    return estimator().fit(SIGNAL, POSITION)


@pytest.fixture(scope="module")
def several() -> CEBRA:
    return estimator().fit(*TWO)


# ---- parameters ------------------------------------------------------------------------------------------------------
WRONG = {
    "model_architecture": 5,
    "max_iterations": 10.0,
    "max_adapt_iterations": 2.5,
    "output_dimension": "3",
    "num_hidden_units": 8.0,
    "batch_size": "32",
    "num_negatives": 2.0,
    "random_state": "seed",
    "temperature": None,
    "learning_rate": "fast",
    "min_temperature": -1,
    "optimizer_kwargs": 5,
    "masking_kwargs": 5,
    "label_weights": ["a"],
    "label_periods": ["a"],
}


@pytest.mark.parametrize("name", RULES)
def test_a_parameter_of_another_kind_is_named(name):
    made = estimator(**{name: WRONG.get(name, "other")})
    with pytest.raises(ValueError, match=rf"^{name}: expected {RULES[name][0][:5]}"):
        made.fit(SIGNAL, POSITION)


def test_an_unknown_parameter_is_told_of_the_class_that_was_called():
    with pytest.raises(TypeError, match=r"^CEBRA: .*found 'max_iteration'\. Did you mean 'max_iterations'\?"):
        CEBRA(max_iteration=3)
    assert [*inspect.signature(CEBRA).parameters][:2] == ["model_architecture", "device"]


def test_wrong_parameters_come_at_once_with_what_to_write():
    with pytest.raises(
        ValueError, match=r"(?s)temperature: expected a number above 0, found 0\.\n.*found 2\.0\. Write"
    ):
        estimator(temperature=0, max_iterations=2.0).fit(SIGNAL)


NO_EFFECT = {
    "min_temperature": ((SIGNAL, POSITION), {"min_temperature": 0.5}, "Set temperature_mode='auto'"),
    "rate given twice": ((SIGNAL, POSITION), {"optimizer_kwargs": (("lr", 0.1),)}, "Set learning_rate in its place"),
    "no such argument": ((SIGNAL, POSITION), {"optimizer_kwargs": (("weight", 0.1),)}, "names among betas"),
    "normal and offset": (
        (SIGNAL, POSITION),
        {"conditional": "delta_normal", "delta": 0.1, "time_offsets": 5},
        "leave time_offsets out",
    ),
    "units": ((SIGNAL, POSITION), {"model_architecture": "offset1-model-mse"}, "num_hidden_units: expected its"),
    "supervised": ((SIGNAL, POSITION), {"model_architecture": "supervised10-model"}, "Take offset10-model"),
}


@pytest.mark.parametrize("case", NO_EFFECT)
def test_what_has_no_effect_is_refused(case):
    given, options, match = NO_EFFECT[case]
    with pytest.raises(ValueError, match=match):
        estimator(**options).fit(*given)


def test_what_has_an_effect_is_not():
    estimator(temperature_mode="auto", min_temperature=0.5).fit(SIGNAL, POSITION)
    estimator(conditional="delta_normal", delta=0.1, time_offsets=5, hybrid=True).fit(SIGNAL, POSITION)
    estimator(min_temperature=None, optimizer_kwargs={"weight_decay": 0.1}).fit(SIGNAL, POSITION)


def test_an_offset_beside_classes_alone_is_told():
    """The documents set it there, so that it is no error."""
    with pytest.warns(UserWarning, match="time_offsets=5 has no effect") as caught:
        estimator(time_offsets=5).fit(SIGNAL, WAY)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("y", [(), (POSITION,)])
def test_an_offset_that_the_data_have_not_is_told_by_the_name_of_its_parameter(y):
    with pytest.raises(
        ValueError, match=r"time_offsets, in samples: .* found at most 120 samples\. Set shorter time_offsets\."
    ) as told:
        estimator(time_offsets=500, conditional="time" if not y else "time_delta").fit(SIGNAL, *y)
    assert "training" not in str(told.value)


@pytest.mark.parametrize("name", SETTLED)
def test_partial_fit_goes_on_with_what_was_fitted(name):
    other = {"model_architecture": "offset10-model", "distance": "euclidean", "temperature_mode": "auto"}
    other |= {"causal": True, "hybrid": True, "optimizer_kwargs": (("weight_decay", 0.1),), "min_temperature": None}
    made = estimator().fit(SIGNAL, POSITION)
    made.set_params(**{name: other.get(name, 5)})
    with pytest.raises(ValueError, match=rf"{name}: expected .* in partial_fit, as in the fit"):
        made.partial_fit(SIGNAL, POSITION)


def test_partial_fit_takes_up_the_rate_and_the_bar(capsys):
    still, moved = (estimator().fit(SIGNAL, POSITION) for _ in range(2))
    before = still.transform(SIGNAL)
    still.set_params(learning_rate=1e-12).partial_fit(SIGNAL, POSITION)
    moved.set_params(verbose=True).partial_fit(SIGNAL, POSITION)
    np.testing.assert_allclose(still.transform(SIGNAL), before, atol=1e-6)
    assert not np.allclose(moved.transform(SIGNAL), before, atol=1e-6)
    assert "total" in capsys.readouterr().err
    lagged = estimator().fit(SIGNAL, POSITION).set_params(time_offsets=30).partial_fit(SIGNAL, POSITION)
    assert lagged.solver_.history[:2] == moved.solver_.history[:2]
    assert lagged.solver_.history[2:] != moved.solver_.history[2:]  # what loaders read counts too


def test_a_file_holds_what_was_fitted(tmp_path, single):
    made = estimator().fit(SIGNAL, POSITION)
    made.set_params(output_dimension=7).save(tmp_path / "model.pt")
    assert CEBRA.load(tmp_path / "model.pt").transform(SIGNAL).shape == (120, 3)


# ---- data ------------------------------------------------------------------------------------------------------------
def test_measurements_taken_for_classes_are_told():
    places = np.arange(120) // 4
    with pytest.warns(UserWarning, match=r"30 of them for 120 samples\. .*y\.astype\(float\)") as caught:
        estimator().fit(SIGNAL, places)
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="1 of a single sample"):
        estimator().fit(SIGNAL, (np.arange(120) == 7).astype(int))


def test_labels_of_another_shape_or_kind_are_told_what_to_write():
    for y, match in (
        (POSITION[:, :1].T, r"expected 120 samples as in X, found 1\. .*as MATLAB keeps vectors: pass y\.ravel\(\)"),
        (POSITION[:, 0] > 0, r"found bool \(120,\)\. Pass y\.astype\(int\)"),
        (
            np.array(["left", "right"] * 60),
            r"found <U5 \(120,\)\. Number texts by np\.unique\(y, return_inverse=True\)\[1\]",
        ),
        (np.array(["left", "right"] * 60, object), r"found object \(120,\)\. Number texts by np\.unique"),
        (np.array([None, "right"] * 60, object), r"found object \(120,\)\.$"),
        (POSITION[:90, 0], r"found 90\. .* clock of their own .* first: np\.interp\(times_of_X, times_of_y, y\)\."),
        (POSITION[:90], r"found 90\. .* first: each column by np\.interp"),
        (np.arange(90) % 2, r"found 90\. .* y\[np\.searchsorted\(times_of_y, times_of_X\)"),
    ):
        with pytest.raises(ValueError, match=match):
            estimator().fit(SIGNAL, y)


def test_a_flag_among_measurements_is_told():
    flagged = np.column_stack([POSITION[:, 0], WAY])
    with pytest.warns(UserWarning, match=r"column 1 has two values, 0 and 1, .*classes\.astype\(int\)") as caught:
        estimator().fit(SIGNAL, flagged)
    assert caught[0].filename == __file__
    estimator(label_weights=[1.0, 0.1]).fit(SIGNAL, flagged)
    estimator().fit(SIGNAL, np.column_stack([flagged, 1 - WAY]))  # a column a class, as the recorded rats have them
    estimator().fit(SIGNAL, POSITION[:, 0], WAY)


def test_several_flags_are_told_once_with_the_way_to_one_class():
    flags = (SIGNAL[:, :3] > 0).astype(float)
    told = r"columns 1, 2, 3 have two values each .*np\.unique\(flags, axis=0, return_inverse=True\)\[1\]; if"
    with pytest.warns(UserWarning, match=told) as caught:
        estimator().fit(SIGNAL, np.column_stack([POSITION[:, 0], flags]))
    assert [each.filename for each in caught] == [__file__]
    estimator().fit(SIGNAL, POSITION[:, 0], np.unique(flags, axis=0, return_inverse=True)[1])


def test_a_turned_signal_is_told():
    with pytest.raises(ValueError, match=r"X has 120 columns: if they are the samples, pass X\.T"):
        estimator().fit(SIGNAL.T, POSITION)
    with pytest.warns(UserWarning, match=r"if it is \(neuron, sample\), pass X\.T"):
        estimator(batch_size=8).fit(SIGNAL.T)


UNLIKE = {
    "neurons and labels": (SIGNAL[:, :5], POSITION[:, 0]),
    "sessions": ([SIGNAL, SIGNAL], [POSITION, POSITION]),
    "length of labels": (SIGNAL, POSITION[:7]),
    "shorter than the window": (SIGNAL[:3], POSITION[:3]),
}
TOLD = {
    "neurons and labels": r"(?s)validation_data: X: expected 8 neurons, as in the fit, found 5\.\nvalidation_data: y: "
    "expected labels as in the fit: 2 continuous columns, found 1 continuous column",
    "sessions": r"validation_data: X: expected 1 session, as in the fit, found 2\. Pass a tuple",
    "length of labels": r"validation_data: y\[0\]: expected 120 samples",
    "shorter than the window": "validation_data: session 0: expected at least 5 samples",
}


@pytest.mark.parametrize("case", UNLIKE)
def test_validation_data_are_like_those_of_the_fit(case):
    with pytest.raises(ValueError, match=TOLD[case]):
        estimator().fit(SIGNAL, POSITION, validation_data=UNLIKE[case])


def test_validation_data_of_several_sessions_are_told_by_session():
    with pytest.raises(ValueError, match="validation_data: X of session 1: expected 6 neurons, as in the fit, found 8"):
        estimator().fit(*TWO, validation_data=([SIGNAL, SIGNAL], [POSITION, POSITION]))


RUN = {
    "callback": {"callback": 5, "callback_frequency": 1},
    "callback_frequency": {"callback": print, "callback_frequency": 1.5},
    "validation_frequency": {"validation_data": (SIGNAL, POSITION), "validation_frequency": 0},
    "patience": {"validation_data": (SIGNAL, POSITION), "patience": "some"},
    "validation_data": {"validation_data": ()},
}


@pytest.mark.parametrize("name", RUN)
def test_options_of_one_fit_are_told_by_their_name(name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        estimator().fit(SIGNAL, POSITION, **RUN[name])


@pytest.mark.parametrize("labels", [(), (POSITION,)])
def test_a_turned_signal_beside_a_fit_is_told(labels):
    made = estimator().fit(SIGNAL, *labels)
    with pytest.raises(ValueError, match=r"pass X\.T, \(sample, neuron\)"):
        made.partial_fit(SIGNAL.T, *labels)
    with pytest.raises(ValueError, match=r"validation_data: .* pass X\.T"):
        estimator().fit(SIGNAL, *labels, validation_data=(SIGNAL.T, *labels))


# ---- adapt -----------------------------------------------------------------------------------------------------------
def test_adapting_a_model_of_several_sessions_names_one(several):
    with pytest.raises(
        ValueError, match=r"session_id: expected 0 to 1, a session of the fit, found None\. Sessions share"
    ):
        several.fit(SIGNAL[:, :5], POSITION, adapt=True)
    with pytest.raises(ValueError, match=r"session_id: .* found 2"):
        several.fit(SIGNAL[:, :5], POSITION, adapt=True, session_id=2)


ADAPTED = {
    "unfitted": (estimator, (SIGNAL, POSITION), {}, "adapt: expected a fitted model"),
    "other labels": (None, (SIGNAL[:, :5], POSITION[:, 0]), {}, "labels as in the fit: 2 continuous columns; or none"),
    "a single session's number": (None, (SIGNAL[:, :5], POSITION), {"session_id": 0}, "None for a model of a single"),
    "two": (None, TWO, {}, "one new session"),
}


@pytest.mark.parametrize("case", ADAPTED)
def test_what_cannot_be_adapted_is_told(single, case):
    make, given, options, match = ADAPTED[case]
    with pytest.raises(ValueError, match=match):
        (make() if make else single).fit(*given, adapt=True, **options)


def test_adapting_keeps_the_layers_it_was_fitted_with():
    made = estimator().fit(SIGNAL, POSITION).set_params(num_hidden_units=16)
    with pytest.raises(ValueError, match="num_hidden_units: expected 8 in adapt, as in the fit, found 16"):
        made.fit(SIGNAL[:, :5], POSITION, adapt=True)


def test_adapting_without_labels_is_by_time_and_told():
    with pytest.warns(UserWarning, match="no labels, where the fit had 2 continuous columns") as caught:
        made = estimator().fit(SIGNAL, POSITION).fit(SIGNAL[:, :5], adapt=True)
    assert caught[0].filename == __file__
    assert made.label_types_ == (False, 0)


METRES, CENTIMETRES = POSITION[:, 0], 100 * POSITION[:, 0]
DIFFER = r"y, continuous column 0: ranges differ \(in the fit .*; now .*\)\. Give the unit and origin of the fit"


def test_labels_in_another_unit_than_the_fit_had_are_told(tmp_path):
    made = estimator().fit(SIGNAL, METRES)
    made.save(tmp_path / "model.pt")
    for model in (made, CEBRA.load(tmp_path / "model.pt")):
        with pytest.warns(UserWarning, match=DIFFER) as caught:
            model.fit(SIGNAL[:, :5], CENTIMETRES, adapt=True)
        assert {each.filename for each in caught} == {__file__}
    with pytest.warns(UserWarning, match=DIFFER) as caught:
        estimator().fit(SIGNAL, METRES).partial_fit(SIGNAL, CENTIMETRES)
    assert {each.filename for each in caught} == {__file__}


def test_data_that_come_in_parts_are_compared_with_all_before(tmp_path):
    """Of a ramp each part begins where the last one ended; the one that comes back meets the first again."""
    made = estimator().fit(SIGNAL[:40], np.linspace(0, 0.5, 40))
    for low, high in ((0.51, 1.05), (1.06, 1.6), (0, 0.5)):
        made.partial_fit(SIGNAL[:40], np.linspace(low, high, 40))
    assert made.label_ranges_ == [[(0, 1.6)]]
    made.save(tmp_path / "model.pt")
    with pytest.warns(UserWarning, match=r"in the fit 0 to 1\.6; now 10 to 11"):
        CEBRA.load(tmp_path / "model.pt").partial_fit(SIGNAL[:40], np.linspace(10, 11, 40))
    made.label_ranges_ = None  # of an older file: of all before, one part tells nothing
    assert made.partial_fit(SIGNAL[:40], np.linspace(5, 6, 40)).label_ranges_ is None


def test_elsewhere_on_the_circle_is_no_other_unit():
    first, then = np.linspace(0, 80, 120), np.linspace(200, 280, 120)
    made = estimator(label_periods=[360.0]).fit(SIGNAL, first).partial_fit(SIGNAL, then)
    made.fit(SIGNAL[:, :5], first - 250, adapt=True)
    with pytest.warns(UserWarning, match=DIFFER):
        estimator(label_periods=[0.0]).fit(SIGNAL, first).partial_fit(SIGNAL, then)


def test_an_adaptation_is_compared_with_the_session_whose_layers_it_takes():
    with pytest.warns(UserWarning, match="session 1"):
        made = estimator().fit([SIGNAL, SIGNAL], [METRES, CENTIMETRES])
    made.fit(SIGNAL[:, :5], CENTIMETRES, adapt=True, session_id=1)
    assert made.label_ranges_ == [[(CENTIMETRES.min(), CENTIMETRES.max())]]


def test_without_ranges_of_the_fit_no_unit_is_doubted():
    made = estimator().fit(SIGNAL, METRES)
    made.label_ranges_ = None  # of an older file
    made.fit(SIGNAL[:, :5], CENTIMETRES, adapt=True)


# ---- nothing to learn from -------------------------------------------------------------------------------------------
ONE_CLASS = np.zeros(120, int)


@pytest.mark.parametrize(
    ("y", "where"),
    [
        ((np.stack([POSITION[:, 0], np.full(120, 3.0)], 1),), "y, continuous column 1: .*found 3 in all 120 samples"),
        ((ONE_CLASS,), "y, classes: expected a label that varies"),
    ],
)
def test_a_label_of_one_value_is_refused(y, where):
    with pytest.raises(ValueError, match=where):
        estimator().fit(SIGNAL, *y)


def test_neurons_that_never_vary_are_refused():
    for given, match in (
        ((0 * SIGNAL,), "X: expected neurons that vary, found all 8 neurons 0 everywhere in 120 samples"),
        (([SIGNAL, 0 * SIGNAL + 3], [POSITION] * 2), "X of session 1: .* each at one value"),
    ):
        with pytest.raises(ValueError, match=match):
            estimator().fit(*given)
    made = estimator().fit(SIGNAL)
    with pytest.raises(ValueError, match="X: expected neurons that vary, found all 8 neurons 0 everywhere"):
        made.partial_fit(0 * SIGNAL)
    silent = SIGNAL.copy()
    silent[:, 3] = 0
    estimator().fit(silent)


def test_a_recording_of_one_class_is_adapted_to_and_stands_beside_others():
    made = estimator().fit([SIGNAL, SIGNAL], [WAY, ONE_CLASS])
    made.fit(SIGNAL, ONE_CLASS, adapt=True, session_id=0)


@pytest.mark.parametrize(
    ("y", "match"),
    [((), "sessions without labels"), (([WAY, WAY + 5],), "session 1 has no class in common")],
)
@pytest.mark.filterwarnings("ignore:y. session 0")
def test_sessions_that_nothing_aligns_are_told(y, match):
    with pytest.warns(UserWarning, match=match) as caught:
        estimator().fit([SIGNAL, SIGNAL], *y)
    assert {each.filename for each in caught} == {__file__}


def test_a_collapsed_embedding_is_told():
    with pytest.warns(UserWarning, match="collapsed: all embeddings are equal") as caught:
        estimator(learning_rate=1e6).fit(SIGNAL, POSITION)
    assert caught[0].filename == __file__


# ---- probably not meant ----------------------------------------------------------------------------------------------
TURN = np.linspace(0, 2 * np.pi, 120)
DOUBTED = {
    "a batch of more than there is": ((SIGNAL,), {"batch_size": 240}, "batch_size=240 of 120 samples: .* 2.0 times"),
    "it names the full batch where there is one": ((SIGNAL,), {"batch_size": 240}, r"at most 120 \(None: all of them"),
    "one negative": ((SIGNAL,), {"batch_size": 1}, "batch_size=1: .*single negative"),
    "one negative, by name": ((SIGNAL,), {"num_negatives": 1}, "num_negatives=1: .*single negative"),
    "a period below the range": (
        (SIGNAL, TURN),
        {"label_periods": [1.0]},
        "column 0 spans 6.283, its period is 1: val",
    ),
    "a period in degrees": ((SIGNAL, TURN), {"label_periods": [360]}, "its period is 360: it never comes round"),
    "lengths": (
        (SIGNAL,),
        {"model_architecture": "offset10-model-mse", "num_hidden_units": 32},
        "distance='euclidean'",
    ),
    "metres and centimetres": ((TWO[0], [POSITION, 100 * POSITION[:90]]), {}, "column 0: ranges differ .*one unit"),
    "ranges apart": ((TWO[0], [POSITION[:, 0], POSITION[:90, 0] + 50]), {}, "column 0: ranges differ"),
    "labels that time leaves out": (TWO, {"conditional": "time"}, "reads no labels, and nothing aligns the sessions"),
}


@pytest.mark.filterwarnings("ignore:y, continuous column 1")
@pytest.mark.parametrize("case", DOUBTED)
def test_what_is_probably_not_meant_is_told(case):
    given, options, match = DOUBTED[case]
    with pytest.warns(UserWarning, match=match) as caught:
        estimator(**options).fit(*given)
    assert {each.filename for each in caught} == {__file__}


LONG = np.random.default_rng(0).normal(size=(10_001, 2))


@pytest.mark.parametrize(("options", "told"), [({"batch_size": None}, 1), ({"batch_size": 4}, 0)])
def test_all_pairs_of_a_long_recording_are_told(options, told):
    (found,) = sessions(LONG, [])
    texts = [text for text in doubts([found], estimator(**options)) if "10,001 samples" in text]
    assert len(texts) == told
    assert all("1.0e+08 pairs: about" in text and "Set batch_size=512" in text for text in texts)
    (short,) = sessions(LONG[1:], [])
    assert not list(doubts([short], estimator(**options)))


HIDDEN = np.arange(len(SIGNAL)) == 7
MASKED = {
    "X": ((np.ma.array(SIGNAL, mask=np.outer(HIDDEN, np.ones(SIGNAL.shape[1]))),), "^X: .*found 8 masked values"),
    "y": ((SIGNAL, np.ma.array(POSITION[:, 0], mask=HIDDEN)), r"^y\[0\]: .*found 1 masked value. Fill them"),
    "a list of trials": (
        ([[SIGNAL[:60], np.ma.array(SIGNAL[:8], mask=True)], [SIGNAL]],),
        "^X of session 0: .* masked",
    ),
}


@pytest.mark.parametrize("name", MASKED)
def test_masked_values_are_no_data(name):
    given, told = MASKED[name]
    with pytest.raises(ValueError, match=told):
        estimator().fit(*given)


def test_a_tensor_with_a_gradient_is_an_array(single):
    X = torch.from_numpy(SIGNAL).requires_grad_()
    made = estimator().fit(X, torch.from_numpy(POSITION).requires_grad_())
    np.testing.assert_array_equal(made.transform(X), single.transform(SIGNAL))


UNLIKE_X = {
    "nothing": ([], "found no samples (an array of shape (0,))."),
    "no samples": (SIGNAL[:0], "found no samples (an array of shape (0, 8))."),
    "no neurons": (SIGNAL[:, :0], "found no neurons: 0 feature(s) (shape=(120, 0)) while a minimum of 1 is required."),
    "complex": (SIGNAL * 1j, "found complex numbers (Complex data not supported). Pass X.real, or abs(X)"),
    "None": (np.full((3, 3), None), "found NaN or infinity (9 values, the first in sample 0, neuron 0)."),
    "texts": (np.full((3, 3), "a"), "found no such array (could not convert string to float"),
}


@pytest.mark.parametrize("name", UNLIKE_X)
def test_what_is_no_signal_is_said_in_a_line(name):
    X, told = UNLIKE_X[name]
    with pytest.raises(ValueError, match="^" + re.escape(f"X: expected (sample, neuron) finite numbers, {told}")) as e:
        estimator().fit(X)
    assert len(str(e.value)) < 200


@pytest.mark.parametrize("options", [{"hybrid": True}, {"batch_size": None}])
def test_what_is_refused_is_not_said_to_be_trained(options):
    with pytest.raises(ValueError, match=r"^(hybrid|batch_size): "):
        estimator(**options).fit(TWO[0])


NOT_DOUBTED = {
    "as many as there are": ((SIGNAL,), {"batch_size": 120}),
    "one reference, many negatives": ((SIGNAL,), {"batch_size": 1, "num_negatives": 16}),
    "once round": ((SIGNAL, TURN), {"label_periods": [2 * np.pi]}),
    "no circle": ((SIGNAL, TURN), {"label_periods": [0]}),
    "lengths that count": (
        (SIGNAL,),
        {"model_architecture": "offset10-model-mse", "num_hidden_units": 32, "distance": "euclidean"},
    ),
    "half the track": ((TWO[0], [POSITION, POSITION[:90] / 2]), {}),
}


@pytest.mark.parametrize("case", NOT_DOUBTED)
def test_what_may_well_be_meant_is_not(case):
    given, options = NOT_DOUBTED[case]
    estimator(**options).fit(*given)


# ---- use -------------------------------------------------------------------------------------------------------------
def test_lists_that_are_not_those_of_the_fit_are_told(single, several):
    for model, given, options, match in (
        (single, [SIGNAL], {}, r"Pass X\[0\]"),
        (single, [SIGNAL, SIGNAL], {}, r"one array .*found a list of 2\. Trials of one session: \[X\]"),
        (several, TWO[0][:1], {}, "the 2 sessions of the fit, found a list of 1.*with session_id=s"),
        (several, TWO[0], {"session_id": 0}, "found a list of 2"),
        (single, [[SIGNAL, SIGNAL]], {"trial": [np.zeros(2)]}, "trial: expected nothing beside a list of trials"),
        (several, TWO[0], {"trial": np.zeros(9)}, r"trial: expected one array a session \(2\), found ndarray"),
    ):
        with pytest.raises(ValueError, match=match):
            model.transform(given, **options)
    with pytest.raises(ValueError, match=r"found a list of one\. Pass X\[0\]"):
        estimator().fit([SIGNAL], [POSITION])


@pytest.mark.parametrize("session", [None, 2, 1.0, "rat"])
def test_the_session_is_named(several, session):
    with pytest.raises(RuntimeError, match="session_id: expected 0 to 1, a session of the fit"):
        several.transform(SIGNAL, session_id=session)


def test_what_is_no_signal_of_the_session_is_told(single, several):
    for model, given, match in (
        (single, (SIGNAL.T,), r"^X: expected 8 neurons, as in the fit, found 120\. .*pass X\.T"),
        (single, (SIGNAL, POSITION), r"found an array of shape \(120, 2\)\. transform takes no labels"),
        (several, (SIGNAL, None, 1), r"^X of session_id=1: expected 6 .* found 8\. With 8 neurons: session_id=0\."),
        (several, (SIGNAL.T, None, 0), r"pass X\.T"),
    ):
        with pytest.raises(ValueError, match=match):
            model.transform(*given)


def test_one_sample_windows_cross_no_trial():
    trial = np.arange(120) // 40
    made = estimator(model_architecture="offset1-model").fit(SIGNAL, trial=trial)
    assert (made.transform(SIGNAL) == made.transform(SIGNAL, trial=trial)).all()


def test_trials_of_the_fit_are_remembered_in_the_file(tmp_path):
    estimator().fit(SIGNAL, trial=np.arange(120) // 40).save(tmp_path / "model.pt")
    loaded = CEBRA.load(tmp_path / "model.pt")
    with pytest.warns(UserWarning, match="no trial, where the fit had trials") as caught:
        loaded.transform(SIGNAL)
    assert caught[0].filename == __file__


def test_a_file_of_ones_own_model_names_the_module(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        registry = models.get_options.__self__
        patch.setattr(registry, "_read", dict(registry._options))
        models.register("of-mine")(type("Mine", (Offset5Model,), {"__module__": "lab.networks"}))
        estimator(model_architecture="of-mine").fit(SIGNAL).save(tmp_path / "model.pt")
    with pytest.raises(
        ValueError, match=r"found .of-mine.\. Import lab\.networks first: its Mine is a model of your own"
    ):
        CEBRA.load(tmp_path / "model.pt")


def test_scores_and_validation_without_the_trials_of_the_fit_are_told():
    trial = np.arange(120) // 40
    with pytest.warns(UserWarning, match="validation_data are one run") as caught:
        made = estimator().fit(SIGNAL, POSITION, trial=trial, validation_data=(SIGNAL, POSITION))
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="X is scored as one run") as caught:
        infonce_loss(made, SIGNAL, POSITION, num_batches=1)
    assert caught[0].filename == __file__
    infonce_loss(made, SIGNAL, POSITION, num_batches=1, trial=trial)
    listed = ([list(np.split(each, 3))] for each in (SIGNAL, POSITION))
    estimator().fit(SIGNAL, POSITION, trial=trial, validation_data=tuple(listed))


def test_untouched_defaults_are_never_told():
    """Of no mode and no label."""
    assert CEBRA().get_params().items() >= DEFAULTS.items()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for y in ((), (POSITION,), (WAY,), (POSITION, WAY)):
            CEBRA(batch_size=16, max_iterations=1, device="cpu").fit(SIGNAL, *y)


# ---- all samples in every step ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("samples", "options", "told"),
    [
        (20_000, {"output_dimension": 8}, "4.0e+08 pairs: about 0.8 s of one core for the loss, 2.2 h in"),
        (9_000, {"output_dimension": 8}, "8.1e+07 pairs: about 0.16 s of one core for the loss, 27 min in"),
        (20_000, {"output_dimension": 3}, "4.0e+08 pairs: about 0.018 s of one core for the loss, 3 min in"),
        (20_000, {"output_dimension": 3, "temperature": 0.1}, "about 0.8 s of one core for the loss, 2.2 h in"),
        (9_000, {"output_dimension": 3}, None),
        (9_000, {"output_dimension": 8, "max_iterations": 100}, None),
    ],
)
def test_long_steps_of_all_samples_are_told_with_their_time(samples, options, told):
    found = sessions(np.random.default_rng(0).normal(size=(samples, 2)), [], None)
    lines = [line for line in doubts(found, CEBRA(**options)) if line.startswith("batch_size=None")]
    assert len(lines) == (told is not None)
    assert all(f"{told} max_iterations=10,000 steps. Set batch_size=512" in line for line in lines)
