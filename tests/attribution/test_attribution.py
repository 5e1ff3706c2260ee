"""Attribution: linear models whose Jacobian is known, plain loops, and the reference with the same weights."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import nn

import cebra_pipe.models
from cebra_pipe import attribution
from cebra_pipe.attribution.inverse import inverse, moore_penrose
from cebra_pipe.data.datatypes import Offset
from cebra_pipe.errors import UserError
from cebra_pipe.models.interchange import from_cebra

NAMES = ["jacobian-based", "neuron-gradient", "feature-ablation", "integrated-gradients", "neuron-gradient-shap"]
SERIES = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)


class Linear(nn.Module):
    """(window, neuron, time) -> (window, output) by known weights (output, neuron, time)."""

    def __init__(self, outputs=3, neurons=6, length=4):
        super().__init__()
        values = np.random.default_rng(1).normal(size=(outputs, neurons, length))
        self.weights = nn.Parameter(torch.from_numpy(values.astype(np.float32)))
        self.num_input, self.num_output = neurons, outputs

    def get_offset(self):
        return Offset(2, self.weights.shape[2] - 2)

    def forward(self, x):
        return torch.einsum("wnt,ont->wo", x, self.weights)


class Pair(Linear):
    """Two embeddings."""

    def forward(self, x):
        out = super().forward(x)
        return out[:, :1], out[:, 1:]


def trained(name="offset5-model", neurons=6):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return cebra_pipe.models.init(name, neurons, 8, 3)


def maps(name, model, series=SERIES, options=None, **of_method):
    return attribution.init(name, model=model, input_data=series, **(options or {})).compute_attribution_map(
        **of_method
    )


def windows_of(model, series=SERIES):
    return torch.from_numpy(series).unfold(0, len(model.get_offset()), 1)


# ---- what a map is ---------------------------------------------------------------------------------------------------
def test_names_are_those_of_the_reference():
    assert attribution.get_options() == [name + batched for name in NAMES for batched in ("", "-batched")]
    assert attribution.get_options("*shap*") == ["neuron-gradient-shap", "neuron-gradient-shap-batched"]


@pytest.mark.parametrize("name", attribution.get_options())
def test_a_linear_model_has_its_weights(name):
    model = Linear()
    found = maps(name, model)
    weights, windows = model.weights.detach().numpy(), windows_of(model).numpy()
    gradient = np.broadcast_to(weights, (len(windows), *weights.shape))
    whole = gradient if name.removesuffix("-batched") in NAMES[:2] else gradient * windows[:, None]
    key = {"jacobian-based": "jf"}.get(name.removesuffix("-batched"), name.removesuffix("-batched"))
    if "shap" not in name:
        np.testing.assert_allclose(found[key], whole.mean(-1), atol=2e-5)
        np.testing.assert_allclose(found[f"{key}-convabs"], abs(whole).mean(-1), atol=2e-5)
    assert all(values.shape == (37, 3, 6) for values in found.values())
    inverted = {f"{key}{kind}-inv-{method}" for kind in ("", "-convabs") for method in ("lsq", "svd")}
    assert set(found) - {key, f"{key}-convabs"} == (inverted if name.removesuffix("-batched") in NAMES[:2] else set())


@pytest.mark.parametrize("name", NAMES)
def test_batches_change_nothing(name):
    model = trained()
    whole, parts = maps(name, model), maps(name, model, batch_size=7)
    for key, values in whole.items():
        np.testing.assert_allclose(parts[key], values, atol=1e-5 * abs(values).max(), err_msg=key)


def test_samples_are_centres_of_windows():
    model = Linear()
    method = attribution.init("jacobian-based", model=model, input_data=SERIES)
    assert method.samples.tolist() == list(range(2, 39))
    some = attribution.init("integrated-gradients", model=model, input_data=SERIES, num_samples=5)
    again = attribution.init("integrated-gradients", model=model, input_data=torch.from_numpy(SERIES), num_samples=5)
    other = attribution.init("integrated-gradients", model=model, input_data=SERIES, num_samples=5, seed=1)
    assert len(set(some.samples)) == 5
    assert some.samples.tolist() == again.samples.tolist() != other.samples.tolist()
    whole = maps("integrated-gradients", model)["integrated-gradients"]
    np.testing.assert_allclose(
        some.compute_attribution_map()["integrated-gradients"], whole[some.samples - 2], atol=1e-6
    )


@pytest.mark.parametrize("name", NAMES)
def test_outputs_are_the_first_ones(name):
    model = trained()
    key = {"jacobian-based": "jf"}.get(name, name)
    whole, first = maps(name, model)[key], maps(name, model, options={"output_dimension": 2})[key]
    np.testing.assert_allclose(first, whole[:, :2], atol=1e-6)


def test_several_embeddings_are_joined():
    np.testing.assert_allclose(maps("jacobian-based", Pair())["jf"], maps("jacobian-based", Linear())["jf"])


def test_dropout_is_off_and_the_mode_is_kept():
    model = cebra_pipe.models.init("offset36-model-more-dropout", 6, 8, 3).train()
    series = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)
    np.testing.assert_array_equal(
        maps("jacobian-based", model, series)["jf"], maps("jacobian-based", model, series)["jf"]
    )
    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())


# ---- plain loops -----------------------------------------------------------------------------------------------------
def test_ablation_replaces_one_value_at_a_time():
    model, base = trained(), 0.5
    windows = windows_of(model)
    with torch.no_grad():
        whole, lost = model(windows), np.zeros((len(windows), 3, 6, 5))
        for n in range(6):
            for t in range(5):
                changed = windows.clone()
                changed[:, n, t] = base
                lost[:, :, n, t] = whole - model(changed)
    for at_once in (1, 4, 99):
        found = maps("feature-ablation", model, baselines=base, perturbations_per_eval=at_once)
        np.testing.assert_allclose(found["feature-ablation"], lost.mean(-1), atol=1e-6)
        np.testing.assert_allclose(found["feature-ablation-convabs"], abs(lost).mean(-1), atol=1e-6)


def test_values_with_one_number_are_ablated_together():
    model = Linear()
    mask = np.arange(6)[:, None] // 2 * np.ones((1, 4), int)  # pairs of neurons, their whole window
    found = maps("feature-ablation", model, feature_mask=mask)["feature-ablation"]
    alone = model.weights.detach().numpy() * windows_of(model).numpy()[:, None]
    of_pair = alone.sum(-1).reshape(37, 3, 3, 2).sum(-1)
    np.testing.assert_allclose(found, np.repeat(of_pair, 2, axis=-1), atol=1e-5)


@pytest.mark.parametrize("method", ["gausslegendre", "riemann_middle", "riemann_trapezoid"])
def test_integrated_gradients_sum_to_the_difference_of_outputs(method):
    model = trained()
    windows = windows_of(model)
    found = maps("integrated-gradients", model, method=method, n_steps=200, baselines=0.3)["integrated-gradients"]
    with torch.no_grad():
        expected = model(windows) - model(torch.full_like(windows, 0.3))
    np.testing.assert_allclose(found.sum(-1) * 5, expected, atol=5e-4)


@pytest.mark.parametrize(("method", "expected"), [("left", 0.45), ("middle", 0.5), ("right", 0.55), ("trapezoid", 0.5)])
def test_rules_of_integration(method, expected):
    """x² over 0..1: the gradient 2 a x² at ten places."""

    class Square(Linear):
        def forward(self, x):
            return x.square().sum((1, 2))[:, None]

    found = maps("integrated-gradients", Square(), method=f"riemann_{method}", n_steps=10)["integrated-gradients"]
    squares = windows_of(Linear()).square().mean(-1).numpy()
    np.testing.assert_allclose(found[:, 0], 2 * expected * squares, atol=1e-5)


def test_shap_of_many_draws_is_the_integral():
    model = trained()
    key = "neuron-gradient-shap"
    many = maps(key, model, n_samples=600)[key]
    exact = maps("integrated-gradients", model)["integrated-gradients"]
    assert np.corrcoef(many.ravel(), exact.ravel())[0, 1] > 0.99
    np.testing.assert_array_equal(maps(key, model)[key], maps(key, model)[key])
    assert (maps(key, model, options={"seed": 1})[key] != maps(key, model)[key]).any()
    assert (maps(key, model, stdevs=0.5)[key] != maps(key, model)[key]).any()


def test_baselines_of_shap():
    model = Linear()
    key, windows = "neuron-gradient-shap", windows_of(model).numpy()
    weights = model.weights.detach().numpy()
    given = np.ones((1, 6, 4), np.float32)
    np.testing.assert_allclose(
        maps(key, model, baselines=given)[key], (weights * (windows - 1)[:, None]).mean(-1), atol=1e-5
    )
    method = attribution.init(key, model=model, input_data=SERIES)
    pool = method._pool("shuffle").numpy()
    assert (pool != windows).mean() > 0.9
    np.testing.assert_allclose(np.sort(pool, axis=0), np.sort(windows, axis=0))


# ---- inverses --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["lsq", "svd"])
@pytest.mark.parametrize("shape", [(3, 6), (6, 3), (1, 5)])
def test_inverses_are_those_of_moore_and_penrose(shape, method):
    values = np.random.default_rng(0).normal(size=(20, *shape))
    found = inverse(values, method)
    np.testing.assert_allclose(found, np.linalg.pinv(values).swapaxes(1, 2), atol=1e-9)
    assert moore_penrose(values, found).all()
    assert not moore_penrose(values, found + 0.1).any(axis=0).all()


@pytest.mark.parametrize("method", ["lsq", "svd"])
def test_models_of_unit_length_have_small_inverses(method):
    """Their Jacobian lacks a direction: what single precision leaves of it is not turned over."""
    found = maps("jacobian-based", trained())
    exact = np.linalg.svd(found["jf"].astype(np.float64), compute_uv=False)
    assert (exact[:, 2] < 1e-5 * exact[:, 0]).all()
    assert abs(found[f"jf-inv-{method}"]).max() < 10 / exact[:, 1].min()
    method_of = attribution.init("jacobian-based", model=trained(), input_data=SERIES)
    assert method_of.check_moores_penrose_conditions(found["jf"], found[f"jf-inv-{method}"]).all()


# ---- the map in one call ---------------------------------------------------------------------------------------------
REDUCED = {
    ("mean", "none"): lambda w: w.mean(-1),
    ("sum", "none"): lambda w: w.sum(-1),
    ("max", "none"): lambda w: w.max(-1),
    ("mean", "abs"): lambda w: abs(w).mean(-1),
    ("max", "abs"): lambda w: abs(w).max(-1),
}


@pytest.mark.parametrize(("aggregate", "transform"), REDUCED)
def test_aggregate_and_transform_are_honoured(aggregate, transform):
    model = Linear()
    found, back = attribution.get_attribution_map(model, SERIES, aggregate=aggregate, transform=transform)
    expected = REDUCED[aggregate, transform](model.weights.detach().numpy().astype(float))
    np.testing.assert_allclose(found, np.broadcast_to(expected, (37, 3, 6)))
    np.testing.assert_allclose(back, np.linalg.pinv(found), atol=1e-9)
    assert found.dtype == np.float64


def test_precision_tensors_and_windows():
    model = trained()
    windows = windows_of(model)
    double, _ = attribution.get_attribution_map(model, windows)
    single, back = attribution.get_attribution_map(model, SERIES, double_precision=False, convert_to_numpy=False)
    assert (single.dtype, type(back)) == (torch.float32, torch.Tensor)
    np.testing.assert_allclose(double, single, atol=1e-5)
    assert next(model.parameters()).dtype == torch.float32
    joined, _ = attribution.get_attribution_map(Pair(), SERIES, hybrid_solver=True)
    np.testing.assert_array_equal(joined, attribution.get_attribution_map(Linear(), SERIES)[0])


# ---- scores ----------------------------------------------------------------------------------------------------------
def test_the_score_is_the_area_under_the_curve():
    rng = np.random.default_rng(0)
    method = attribution.init("jacobian-based", model=Linear(), input_data=SERIES)
    values, truth = rng.random((3, 6)), rng.random((3, 6)) > 0.5
    on, off = values[truth], values[~truth]
    pairs = np.mean([float(a > b) for a in on for b in off])
    assert method.compute_attribution_score(values, truth) == pytest.approx(pairs)
    assert pairs == pytest.approx(roc_auc_score(truth.ravel(), values.ravel()))
    metrics = method.compute_metrics(values, truth)
    assert metrics["gap_mean"] == pytest.approx(on.mean() - off.mean())
    assert metrics["gap_minmax"] == pytest.approx(on.min() - off.max())
    assert metrics["max_nonconnected"] == off.max()


# ---- the reference ---------------------------------------------------------------------------------------------------
class Anything(ModuleType):
    """A package that the reference imports for methods that are not called here."""

    __path__ = ()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


@pytest.fixture(scope="module")
def theirs(reference):
    with pytest.MonkeyPatch.context() as patch:
        for name in ("cvxpy", "captum", "captum.attr"):
            patch.setitem(sys.modules, name, Anything(name))
        yield importlib.import_module("cebra.attribution")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["offset1-model", "offset5-model", "offset10-model", "offset10-model-mse"])
def test_the_jacobian_is_that_of_the_reference(theirs, reference, name):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        other = reference.models.init(name, 6, 8, 3).eval()
    model = cebra_pipe.models.init(name, 6, 8, 3)
    model.load_state_dict(from_cebra(other.state_dict(), model))
    data = torch.from_numpy(SERIES).requires_grad_()
    expected = theirs.init(name="jacobian-based", model=other, input_data=data, output_dimension=3)
    expected = expected.compute_attribution_map()
    for ours in (maps("jacobian-based", model), maps("jacobian-based", other)):
        np.testing.assert_allclose(ours["jf"], expected["jf"], atol=1e-6)
        if name == "offset1-model":  # the reference forgets the magnitude where the window is one sample
            np.testing.assert_allclose(expected["jf-convabs"], expected["jf"])
            np.testing.assert_allclose(ours["jf-convabs"], abs(expected["jf"]), atol=1e-6)
        else:
            np.testing.assert_allclose(ours["jf-convabs"], expected["jf-convabs"], atol=1e-6)
        if name.endswith("mse"):  # the others lack a direction: the reference turns over what rounding leaves of it
            size = abs(ours["jf-inv-svd"]).max()
            np.testing.assert_allclose(ours["jf-inv-svd"], expected["jf-inv-svd"], atol=1e-3 * size)
            np.testing.assert_allclose(ours["jf-inv-lsq"], expected["jf-inv-lsq"], atol=1e-3 * size)
        else:
            assert abs(expected["jf-inv-lsq"]).max() > 1e4 * abs(ours["jf-inv-lsq"]).max()


@pytest.mark.filterwarnings("ignore")
def test_scores_are_those_of_the_reference(theirs, reference):
    rng = np.random.default_rng(0)
    values, truth = rng.random((3, 6)), rng.random((3, 6)) > 0.5
    model = reference.models.init("offset1-model", 6, 8, 3)
    other = theirs.init(name="jacobian-based", model=model, input_data=torch.from_numpy(SERIES), output_dimension=3)
    ours = attribution.init("jacobian-based", model=model, input_data=SERIES)
    assert ours.compute_attribution_score(values, truth) == pytest.approx(
        other.compute_attribution_score(values, truth)
    )
    assert ours.compute_metrics(values, truth) == pytest.approx(other.compute_metrics(values, truth))


# ---- mistakes --------------------------------------------------------------------------------------------------------
def init(**options):
    return attribution.init(**{"name": "jacobian-based", "model": Linear(), "input_data": SERIES} | options)


MISTAKES = {
    "name": (lambda: init(name="jacobian"), "jacobian-based"),
    "sessions": (lambda: init(model=nn.ModuleList([Linear()])), r"the model of one session, found 1 models. Attribute"),
    "model": (lambda: init(model=3), "a torch module with get_offset, found int"),
    "width": (lambda: init(input_data=SERIES[:, :4]), r"\(sample, 6\), found shape \(40, 4\)"),
    "short": (lambda: init(input_data=SERIES[:3]), "4 samples or more, the window, found 3"),
    "nan": (lambda: init(input_data=SERIES * np.nan), "240 NaN"),
    "samples": (lambda: init(num_samples=38), "num_samples: expected 1 to 37"),
    "outputs": (lambda: init(output_dimension=4).compute_attribution_map(), "output_dimension: expected 1 to 3"),
    "batch": (lambda: init().compute_attribution_map(batch_size=0), "batch_size: expected a whole number from 1"),
    "rule": (lambda: maps("integrated-gradients", Linear(), method="simpson"), "a rule of integration"),
    "steps": (lambda: maps("integrated-gradients", Linear(), n_steps=0), "n_steps: expected"),
    "baseline": (lambda: maps("feature-ablation", Linear(), baselines=np.ones(3)), r"a number or an array \(6, 4\)"),
    "mask": (lambda: maps("feature-ablation", Linear(), feature_mask=np.ones((6, 4))), "whole numbers of shape"),
    "at once": (lambda: maps("feature-ablation", Linear(), perturbations_per_eval=0), "perturbations_per_eval"),
    "shap": (lambda: maps("neuron-gradient-shap", Linear(), baselines="junk"), "zeros, shuffle or an array"),
    "pool": (lambda: maps("neuron-gradient-shap", Linear(), baselines=np.ones((6, 4))), r"\(baseline, 6, 4\)"),
    "draws": (lambda: maps("neuron-gradient-shap", Linear(), n_samples=0), "n_samples and stdevs"),
    "truth": (lambda: init().compute_attribution_score(np.ones((3, 6)), np.ones((3, 6))), "one kind alone"),
    "shapes": (
        lambda: init().compute_attribution_score(np.ones((9, 3, 6)), np.eye(3, 6)),
        "Reduce the map over samples",
    ),
    "values": (lambda: init().compute_metrics(np.ones((3, 6)), np.full((3, 6), 0.5)), "true or false"),
    "inverse": (lambda: inverse(np.ones((1, 2, 3)), "cvx"), "lsq or svd"),
    "aggregate": (lambda: attribution.get_attribution_map(Linear(), SERIES, aggregate="median"), "mean or sum or max"),
    "transform": (lambda: attribution.get_attribution_map(Linear(), SERIES, transform="sq"), "none or abs"),
    "windows": (lambda: attribution.get_attribution_map(Linear(), np.ones((9, 6, 3))), r"windows \(sample, 6, 4\)"),
    "single": (lambda: attribution.get_attribution_map(Linear(), SERIES, hybrid_solver=True), "Leave it out"),
    "several": (lambda: attribution.get_attribution_map(Pair(), SERIES), "Pass hybrid_solver=True"),
}


@pytest.mark.parametrize("name", MISTAKES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_mistakes_are_told(name):
    call, message = MISTAKES[name]
    with pytest.raises(UserError, match=message):
        call()
