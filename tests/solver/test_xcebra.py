"""Several objectives on one embedding, and penalties on its Jacobian."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cebra_pipe import attribution, data, solver
from cebra_pipe.data.multiobjective import ContrastiveMultiObjectiveLoader, SupervisedMultiObjectiveLoader
from cebra_pipe.models import criterions
from cebra_pipe.models.jacobian_regularizer import JacobianReg
from cebra_pipe.models.model import Offset0ModelMSE, Offset10Model
from cebra_pipe.solver import MultiObjectiveConfig, schedulers

TIME = 600


def dataset(seed: int = 0, neurons: int = 8) -> data.DatasetxCEBRA:
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 50, TIME)
    position = np.stack([np.sin(angle), np.cos(angle)], 1)
    neural = (position @ rng.normal(size=(2, neurons)) + 0.1 * rng.normal(size=(TIME, neurons))).astype(np.float32)
    return data.DatasetxCEBRA(neural, position=position, speed=1e4 + rng.random(TIME))


def configured(loader_type=ContrastiveMultiObjectiveLoader, steps=5, of=None, batch=32):
    loader = loader_type(of or dataset(), num_steps=steps, batch_size=batch, seed=1)
    config = MultiObjectiveConfig(loader)
    config.set_slice(0, 6)
    config.set_loss("FixedCosineInfoNCE", temperature=1.0)
    config.set_distribution("time", time_offset=4)
    config.push()
    config.set_slice(0, 3)
    config.set_loss("FixedCosineInfoNCE", temperature=0.5)
    config.set_distribution("time_delta", time_delta=3, label_name="position")
    config.push()
    config.finalize()
    return loader, config


def built(config, name="multiobjective-solver", model=None, **options):
    torch.manual_seed(0)
    model = model or Offset10Model(8, 16, 6)
    made = solver.init(
        name,
        model=model,
        criterion=config.criterion,
        optimizer=torch.optim.Adam(model.parameters(), lr=3e-3),
        feature_ranges=config.feature_ranges,
        renormalize=True,
        tqdm_on=False,
        **options,
    )
    config.loader.dataset.configure_for(made.model)
    return made


def test_draws_share_references_and_negatives():
    loader, _ = configured()
    index = loader.get_indices(200)
    time, position = index.positive
    assert torch.equal(time, index.reference + 4)
    assert index.reference.max() < TIME - 4
    assert index.negative.max() >= TIME - 4
    labels = torch.as_tensor(loader.dataset.labels["position"])
    near = (labels[position] - labels[index.reference]).norm(dim=1)
    step = (labels[3:] - labels[:-3]).norm(dim=1).max()
    assert near.max() < 1.2 * step
    again, _ = configured()
    assert torch.equal(again.get_indices(200).reference, index.reference)


def test_configuring_is_silent(capfd):
    configured()
    assert capfd.readouterr() == ("", "")


def test_labels_keep_their_digits():
    """Steps of a label that single precision cannot tell apart: the nearest sample is still the sample itself."""
    rng = np.random.default_rng(0)
    of = data.DatasetxCEBRA(np.zeros((TIME, 4), np.float32), place=1e9 + rng.permutation(TIME) / 100)
    loader = ContrastiveMultiObjectiveLoader(of, num_steps=1, batch_size=32, seed=1)
    loader.add_config({"distribution": "delta_normal", "kwargs": {"delta": 1e-6, "label_name": "place"}})
    index = loader.get_indices(200)
    assert torch.equal(index.positive[0], index.reference)


def test_training_lowers_every_loss_and_notes_it():
    loader, config = configured(steps=40)
    made = built(config, regularizer=JacobianReg(n=-1))
    before = made.validation(loader)
    schedule = schedulers.init(
        "linear-scheduler",
        n_splits=2,
        step_to_switch_on_reg=10,
        step_to_switch_off_reg=20,
        start_weight=0.0,
        end_weight=0.1,
    )
    made.fit(loader, scheduler_regularizer=schedule)
    assert made.validation(loader) < before - 0.2
    assert len(made.history) == len(made.log["total"]) == len(made.log["loss_train", 1]) == 40
    assert made.log["regularizer_weight", 0] == pytest.approx([0.01 * i for i in range(11)])
    assert made.log["sum_loss_train",] == pytest.approx(
        np.add(made.log["loss_train", 0], made.log["loss_train", 1]), abs=1e-5
    )
    assert len(list(made.parameters())) == len(list(made.model.parameters())) > 0


def test_a_step_minimises_the_weighted_sum():
    """By hand: losses of the ranges, times weights, plus the penalties, and one step down the gradient."""
    loader, config = configured()
    made, twin = built(config, regularizer=JacobianReg(n=-1)), built(config)
    for each in (made, twin):
        each.optimizer = torch.optim.SGD(each.model.parameters(), lr=0.1)
    batch = next(iter(loader))
    made.step(batch, weights_loss=[2.0, 0.5], weights_regularizer=[0.3, 0.7])
    reference = batch.reference.clone().requires_grad_()
    r, p, q = twin.model(reference), [twin.model(x) for x in batch.positive], twin.model(batch.negative)
    total = 0
    for i, (temperature, w, v) in enumerate(((1.0, 2.0, 0.3), (0.5, 0.5, 0.7))):
        near, far = (r[i] * p[i][i]).sum(1) / temperature, r[i] @ q[i].T / temperature
        jacobian = torch.stack(
            [torch.autograd.grad(r[i][:, d].sum(), reference, create_graph=True)[0] for d in range(r[i].shape[1])]
        )
        total = total + w * (far.logsumexp(1) - near).mean() + v * 0.5 * jacobian.square().sum() / len(reference)
    total.backward()
    twin.optimizer.step()
    for a, b in zip(made.model.parameters(), twin.model.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def test_the_whole_embedding_comes_out():
    loader, config = configured()
    made = built(config)
    made.fit(loader)
    z = made.transform(loader.dataset.neural)
    assert z.shape == (TIME, 6)
    torch.testing.assert_close(z[:, :3].norm(dim=1), torch.ones(TIME))
    assert isinstance(made.model(loader.dataset[torch.tensor([20])]), tuple)
    assert made.get_embedding(loader.dataset.neural.T[None]).shape == (TIME - 9, 6)


def test_labels_are_learned_with_supervision():
    of = dataset()
    loader = SupervisedMultiObjectiveLoader(of, num_steps=150, batch_size=64, seed=1)
    config = MultiObjectiveConfig(loader)
    config.set_slice(0, 2)
    config.set_loss("nn.MSELoss")
    config.set_distribution("label", label_name="position")
    config.push()
    config.finalize()
    torch.manual_seed(0)
    model = Offset0ModelMSE(8, 16, 2)
    made = solver.init(
        "supervised-solver-xcebra",
        model=model,
        criterion=config.criterion,
        optimizer=torch.optim.Adam(model.parameters(), lr=3e-3),
        feature_ranges=config.feature_ranges,
        renormalize=False,
        tqdm_on=False,
    )
    made.fit(loader)
    error = (made.transform(of.neural) - torch.as_tensor(of.labels["position"])).square().mean()
    assert float(error.detach()) < 0.1  # of a variance of 0.5


def test_resumed_as_if_never_stopped(tmp_path):
    class Stop(Exception):
        pass

    def hook(number, of):
        if number == 3:
            raise Stop

    def fit(folder, **options):
        loader, config = configured()
        made = built(config)
        made.fit(loader, save_frequency=1, logdir=folder, **options)
        return made

    whole = fit(tmp_path / "whole")
    with pytest.raises(Stop):
        fit(tmp_path / "stopped", save_hook=hook)
    assert fit(tmp_path / "stopped", resume=True).log == whole.log


def test_what_is_missing_or_given_twice():
    loader = ContrastiveMultiObjectiveLoader(dataset(), num_steps=1, batch_size=8)
    config = MultiObjectiveConfig(loader)
    with pytest.raises(RuntimeError, match="slice, loss, distribution missing"):
        config.push()
    config.set_slice(0, 6)
    with pytest.raises(RuntimeError, match="slice is given twice"):
        config.set_slice(0, 3)
    with pytest.raises(RuntimeError, match="not pushed"):
        config.finalize()
    config.set_loss("FixedCosineInfoNCE")
    config.set_distribution("time_delta", time_delta=3)
    config.push()
    with pytest.raises(ValueError, match="options of time_delta: expected time_delta, label_name"):
        config.finalize()
    with pytest.raises(ValueError, match="at most the 600 samples"):
        ContrastiveMultiObjectiveLoader(dataset(), num_steps=1, batch_size=601)
    with pytest.raises(ValueError, match="Did you mean 'position'"):
        loader.add_config({"distribution": "time_delta", "kwargs": {"time_delta": 1, "label_name": "positoin"}})
    with pytest.raises(ValueError, match="delta_vmf"):
        loader.add_config({"distribution": "delta_vmf"})
    with pytest.raises(ValueError, match="objectives: expected at least one"):
        ContrastiveMultiObjectiveLoader(dataset(), num_steps=1, batch_size=8).get_indices(3)
    loader, config = configured()
    with pytest.raises(NotImplementedError, match="use_sam"):
        built(config, use_sam=True)
    made = built(config, regularizer=JacobianReg())
    with pytest.raises(ValueError, match="scheduler_regularizer"):
        made.fit(loader)
    with pytest.raises(ValueError, match="weights: expected 2"):
        made.step(next(iter(loader)), weights_loss=[1.0])


def test_schedules():
    """The figures of the reference: on at 10, off at 30."""
    told = {
        "n_splits": 2,
        "step_to_switch_on_reg": 10,
        "step_to_switch_off_reg": 30,
        "start_weight": 0.0,
        "end_weight": 1.0,
    }
    line, ramp = schedulers.init("linear-scheduler", **told), schedulers.init("linear-ramp-up", **told)
    assert [line.get_weights(i) for i in (9, 10, 11, 20, 30, 31)] == [
        None,
        [0.0] * 2,
        [0.05] * 2,
        [0.5] * 2,
        [1.0] * 2,
        None,
    ]
    assert [ramp.get_weights(i) for i in (9, 15, 30, 99)] == [None, [0.25] * 2, [1.0] * 2, [1.0] * 2]
    constant = schedulers.init("constant-weight", initial_weights=[1, 2])
    assert constant.get_weights() == constant.get_weights(7) == [1.0, 2.0]
    with pytest.raises(ValueError, match="a step from 0 on and a later one"):
        schedulers.init("linear-scheduler", **{**told, "step_to_switch_off_reg": 10})


def test_regularized_solver_trains_what_it_notes():
    of = data.TensorDataset(dataset().neural, continuous=dataset().labels["position"])

    def fitted(weight):
        torch.manual_seed(0)
        model = Offset10Model(8, 16, 3)
        of.configure_for(model)
        loader = data.ContinuousDataLoader(of, num_steps=60, batch_size=32, seed=1)
        optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
        made = solver.init(
            "regularized-solver", model, criterions.InfoNCE(), optimizer, tqdm_on=False, lambda_JR=weight
        )
        made.fit(loader)
        return made

    free, held = fitted(0.0), fitted(1.0)
    for name, values in held.log.items():
        assert len(values) == 60, name
    np.testing.assert_allclose(held.log["loss_reg"], np.add(held.log["loss"], held.log["reg_lambda"]), rtol=1e-5)
    assert held.history == held.log["loss"] == held.log["total"]
    assert free.log["reg"][0] == pytest.approx(held.log["reg"][0])
    assert np.mean(held.log["reg"][-10:]) < 0.7 * np.mean(free.log["reg"][-10:])
    with pytest.raises(ValueError, match="lambda_JR"):
        fitted(None)


def test_known_attributions_are_recovered():
    """Two latents, each seen by neurons of its own: the Jacobian of the part that position trains rests on one half.

    Latent a is what position says and drives the first half of the neurons; the second half sees b alone. Dimensions
    0:2 are trained by position, all four by time.
    """
    rng, time, neurons = np.random.default_rng(0), 2000, 16
    walk = np.cumsum(rng.normal(size=(2, time)), axis=1) * 0.15
    circles = np.stack([np.cos(walk), np.sin(walk)], axis=2)  # (latent, time, 2)
    mixing = rng.normal(size=(2, 2, neurons // 2))
    seen = [np.tanh(circle @ mix) for circle, mix in zip(circles, mixing, strict=True)]
    neural = (np.concatenate(seen, 1) + 0.05 * rng.normal(size=(time, neurons))).astype(np.float32)
    of = data.DatasetxCEBRA(neural, position=circles[0])
    loader = ContrastiveMultiObjectiveLoader(of, num_steps=400, batch_size=128, seed=1)
    config = MultiObjectiveConfig(loader)
    for end, distribution, options in (
        (4, "time", {"time_offset": 1}),
        (2, "time_delta", {"time_delta": 1, "label_name": "position"}),
    ):
        config.set_slice(0, end)
        config.set_loss("FixedEuclideanInfoNCE", temperature=1.0)
        config.set_distribution(distribution, **options)
        config.push()
    config.finalize()
    torch.manual_seed(0)
    model = Offset0ModelMSE(neurons, 32, 4)
    made = solver.init(
        "multiobjective-solver",
        model=model,
        criterion=config.criterion,
        optimizer=torch.optim.Adam(model.parameters(), lr=2e-3),
        feature_ranges=config.feature_ranges,
        renormalize=False,
        regularizer=JacobianReg(n=1),
        tqdm_on=False,
    )
    of.configure_for(made.model)
    ramp = schedulers.init(
        "linear-ramp-up",
        n_splits=2,
        step_to_switch_on_reg=50,
        step_to_switch_off_reg=150,
        start_weight=0.0,
        end_weight=0.02,
    )
    made.fit(loader, scheduler_regularizer=ramp)
    truth = np.zeros((2, neurons), bool)
    truth[:, : neurons // 2] = True
    method = attribution.init("jacobian-based", model=model, input_data=of.neural[::20], output_dimension=2)
    found = method.compute_attribution_map()["jf-convabs"].mean(0)
    assert method.compute_attribution_score(found, truth) > 0.9
