"""Masks: what they set to zero, in training alone, from an explicit generator."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import cebra_pipe
from cebra_pipe import data, solver
from cebra_pipe.data.batches import masked_batches
from cebra_pipe.data.masking import (
    MASKS,
    NeuronBlockMask,
    RandomNeuronMask,
    RandomTimestepMask,
    TimeBlockMask,
    mask_generator,
    masked,
    masks_of,
)
from cebra_pipe.models import criterions
from cebra_pipe.models.model import Offset10Model

ONES = torch.ones(20_000, 10, 8)  # windows, neurons, samples


def kept(*masks, seed: int = 0) -> np.ndarray:
    return masked(ONES, masks, mask_generator(seed, "cpu")).numpy()


def runs(line: np.ndarray) -> list[int]:
    """Lengths of the stretches of zeros."""
    return [len(part) for part in "".join("01"[int(v)] for v in line).split("1") if part]


def test_random_neurons():
    found = kept(RandomNeuronMask(0.3))
    assert (found == found[:, :, :1]).all()
    np.testing.assert_allclose(1 - found[:, :, 0].mean(0), 0.3, atol=0.02)
    assert abs(np.corrcoef(found[:, 0, 0], found[:, 1, 0])[0, 1]) < 0.03


def test_random_samples():
    found = kept(RandomTimestepMask(0.3))
    assert (found == found[:, :1]).all()
    np.testing.assert_allclose(1 - found[:, 0].mean(0), 0.3, atol=0.02)


def test_blocks_of_neurons():
    found = kept(NeuronBlockMask(0.3))
    assert all(runs(line) == [3] for line in found[:200, :, 0])
    starts = found[:, :, 0].argmin(1)
    assert sorted(set(starts)) == list(range(8))
    np.testing.assert_allclose(np.bincount(starts) / len(starts), 1 / 8, atol=0.02)


def test_blocks_of_samples():
    found = kept(TimeBlockMask((0.1, 3)))
    assert (found == found[:, :1]).all()
    np.testing.assert_allclose(1 - found[:, 0].mean(0), 1 - 0.9**3, atol=0.02)
    inner = [runs(line[1:-1]) for line in found[:, 0] if line[0] == line[-1] == line[1] == line[-2] == 1]
    assert min(min(each) for each in inner if each) == 3


@pytest.mark.parametrize(("value", "shares"), [([0.2, 0.6], (0.2, 0.6)), ((0.1, 0.5, 0.2), (0.1, 0.3, 0.5))])
def test_one_of_several_shares(value, shares):
    mask = NeuronBlockMask(value)
    assert mask.shares == pytest.approx(shares)
    zeros = (kept(mask)[:, :, 0] == 0).sum(1)
    assert sorted(set(zeros)) == pytest.approx([10 * s for s in shares])
    np.testing.assert_allclose([(zeros == round(10 * s)).mean() for s in shares], 1 / len(shares), atol=0.02)


def test_one_of_several_masks():
    """Either neurons or samples, and each in half of the windows."""
    found = kept(RandomNeuronMask(0.5), RandomTimestepMask(0.5))
    by_neuron, by_time = (found == found[:, :, :1]).all((1, 2)), (found == found[:, :1]).all((1, 2))
    assert (by_neuron | by_time).all()
    assert by_neuron.mean() == pytest.approx(0.5, abs=0.02)


def test_the_generator_decides_and_the_windows_stay():
    assert np.array_equal(kept(RandomNeuronMask(0.5)), kept(RandomNeuronMask(0.5)))
    assert not np.array_equal(kept(RandomNeuronMask(0.5)), kept(RandomNeuronMask(0.5), seed=1))
    assert ONES.all()
    assert masked(ONES, (), None) is ONES


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("value", [1.0, -0.1, "half", [], [0.5, 2.0], (0.5, 0.1, 0.1), (0.5,), None])
def test_values_that_do_not_fit(name, value):
    with pytest.raises(ValueError, match=name):
        masks_of({name: value})


def test_all_that_does_not_fit_is_told_at_once():
    with pytest.raises(ValueError, match=r"(?s)RandomNeuronMask.*Did you mean 'TimeBlockMask'"):
        masks_of({"RandomNeuronMask": 3, "TimeBlokMask": (0.1, 2)})


def test_masks_belong_to_one_data_set():
    """Not to the class, and to every session of a collection."""
    one, other, third = (data.TensorDataset(torch.randn(60, 4), discrete=torch.arange(60) % 2) for _ in range(3))
    one.set_masks({"RandomNeuronMask": 0.5})
    assert (len(one.masks), other.masks) == (1, ())
    data.DatasetCollection(other, third).set_masks({"TimeBlockMask": (0.1, 2)})
    assert other.masks == third.masks == (TimeBlockMask((0.1, 2)),)
    one.set_masks(None)
    assert one.masks == ()


def fitted(
    masks: dict | None, own: bool = False, steps: int = 4, sessions: int = 1, eyes: list | None = None, **options
):
    torch.manual_seed(0)
    sets = [
        data.TensorDataset(
            np.random.default_rng(s).normal(size=(120, 6)).astype(np.float32), discrete=np.arange(120) // 10 % 3
        )
        for s in range(sessions)
    ]
    models = [Offset10Model(6, 8, 3) for _ in sets]
    if eyes is not None:
        models[0].encoder.register_forward_pre_hook(lambda _, given: eyes.append(given[0].detach().clone()))
    model = models[0] if sessions == 1 else torch.nn.ModuleList(models)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    name = "single-session" if sessions == 1 else "multi-session"
    made = solver.init(name, model=model, criterion=criterions.InfoNCE(), optimizer=optimizer, tqdm_on=False)
    kind = data.DiscreteDataLoader if sessions == 1 else data.DiscreteMultiSessionDataLoader
    if own:
        kind = type("Own", (kind,), {"get_indices": lambda self, n=None: super(kind, self).get_indices(n)})
    dataset = sets[0] if sessions == 1 else data.DatasetCollection(*sets)
    dataset.set_masks(masks)
    dataset.configure_for(models[0])
    loader = kind(dataset, num_steps=steps, batch_size=16, seed=1)
    made.fit(loader, **options)
    return made, loader


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("sessions", [1, 2])
def test_training_sees_masks_and_validation_none(own, sessions):
    eyes: list[torch.Tensor] = []
    made, loader = fitted({"RandomNeuronMask": 0.5}, own, sessions=sessions, eyes=eyes)
    shares = [float((seen == 0).float().mean()) for seen in eyes]
    np.testing.assert_allclose(shares, 0.5, atol=0.12)
    windows = [(seen.view(10, -1, 6) == 0) for seen in eyes]
    assert all((w == w[:1]).all() for w in windows)  # a neuron is masked over a whole window
    assert len({tuple(w[0].flatten().tolist()) for w in windows}) == len(windows)  # anew each time
    eyes.clear()
    made.validation(loader)
    made.transform(loader.dataset.neural if sessions == 1 else loader.dataset.get_session(0).neural, session_id=0)
    assert eyes
    assert not any((seen == 0).any() for seen in eyes)


def test_masked_fits_repeat_and_differ_from_others():
    histories = [fitted(masks)[0].history for masks in ({"NeuronBlockMask": 0.5}, {"NeuronBlockMask": 0.5}, None)]
    assert histories[0] == histories[1] != histories[2]
    nothing = fitted({"RandomNeuronMask": 0.0})[0].history
    assert nothing[0] == pytest.approx(histories[2][0], rel=1e-5)  # the first step's draws are those without masks


class Stop(Exception):
    pass


def stop(number, of):
    if number == 3:
        raise Stop


@pytest.mark.parametrize("sessions", [1, 2])
def test_a_stopped_fit_goes_on_with_the_masks_that_were_to_come(sessions, tmp_path):
    def fit(folder, own=False, **options):
        masks = {"RandomNeuronMask": 0.5}
        return fitted(masks, own, 7, sessions, save_frequency=1, logdir=folder, **options)[0]

    whole = fit(tmp_path / "whole")
    for own in (False, True):
        with pytest.raises(Stop):
            fit(tmp_path / f"stopped {own}", own, save_hook=stop)
    resumed = fit(tmp_path / "stopped False", resume=True)
    assert resumed.history == whole.history
    for a, b in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)
    with pytest.raises(ValueError, match="resume: batch by batch, masks cannot be gone on with"):
        fit(tmp_path / "stopped True", own=True, resume=True)


def test_batches_are_masked_apart():
    _, loader = fitted(None)
    loader.dataset.set_masks({"RandomTimestepMask": 0.5})
    (batch, *_) = masked_batches(loader)
    zeros = [(w == 0).all(1) for w in (batch.reference, batch.positive, batch.negative)]
    assert all(0.3 < z.float().mean() < 0.7 for z in zeros)
    assert not torch.equal(zeros[0], zeros[1])


def test_estimator_masks_its_training():
    X, y = np.random.default_rng(0).normal(size=(200, 5)), np.arange(200) % 4
    options = {"max_iterations": 5, "batch_size": 32, "random_state": 0, "model_architecture": "offset5-model"}
    plain = cebra_pipe.CEBRA(**options).fit(X, y).transform(X)
    made = [cebra_pipe.CEBRA(**options, masking_kwargs={"RandomNeuronMask": 0.5}).fit(X, y) for _ in range(2)]
    assert np.array_equal(made[0].transform(X), made[1].transform(X))
    assert not np.allclose(made[0].transform(X), plain)
    with pytest.raises(ValueError, match="RandomNeuronMask"):
        cebra_pipe.CEBRA(**options, masking_kwargs={"RandomNeuron": 0.5}).fit(X, y)
