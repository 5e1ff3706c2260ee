"""Every named data set gives what its name says, with the shapes of the reference's."""

from __future__ import annotations

import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
import yaml

import cebra_pipe.datasets
from cebra_pipe.data.datasets import DatasetCollection, TensorDataset
from cebra_pipe.data.datatypes import BatchIndex, Offset
from cebra_pipe.datasets import synthetic
from cebra_pipe.datasets.folder import VARIABLES
from cebra_pipe.datasets.hippocampus import RATS
from cebra_pipe.datasets.table import DATASETS, SIMULATED
from cebra_pipe.datasets.table import RATS as NAMES
from cebra_pipe.errors import UserError

from .test_hippocampus import running

SEVERAL = ["demo-discrete-multisession", "demo-continuous-multisession", "demo-continuous-unified"]
NEURONS = dict(zip(RATS, (5, 3, 4, 6), strict=True))


@pytest.fixture
def rats(monkeypatch, tmp_path):
    """A folder with four small rats; each count is the number of its sample."""
    monkeypatch.setenv(VARIABLES[0], str(tmp_path))
    (tmp_path / "rat_hippocampus").mkdir()
    for i, (name, neurons) in enumerate(NEURONS.items()):
        labels = running(40 + 2 * i)
        spikes = np.tile(np.arange(len(labels), dtype=np.uint16)[:, None], (1, neurons))
        np.savez(tmp_path / "rat_hippocampus" / f"{name}.npz", spikes=spikes, position=labels)


def init(name, **kwargs):
    return cebra_pipe.datasets.init(name, **kwargs)


def test_names_are_listed_without_torch():
    code = "import sys, cebra_pipe.datasets as d; d.get_options(); print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(out.stdout.split()) & {"torch", "numpy"}


def test_names_of_the_reference_are_here(reference):
    theirs = [
        name
        for pattern in ("demo-*", "rat-hippocampus-*-*", "continuous-label-*")
        for name in reference.datasets.get_options(pattern)
        if not name.endswith("3fold-trial-split")  # a base of its families, with arguments of its own
    ]
    assert len(theirs) > 4000
    assert set(theirs) <= set(cebra_pipe.datasets.get_options())


def test_rats_of_the_table_are_those_of_the_files():
    assert tuple(RATS) == NAMES
    noises = {name.removeprefix("continuous-label-") for name in DATASETS if name.startswith("continuous-label")}
    assert noises == set(synthetic.NOISE)


@pytest.mark.parametrize("name", ["demo-discrete", "demo-continuous", "demo-mixed"])
def test_demo_of_one_session_has_the_shapes_of_the_reference(name, reference):
    ours, theirs = init(name), reference.datasets.init(name)
    assert tuple(ours.offset) == (theirs.offset.left, theirs.offset.right)
    for what in ("neural", "continuous_index", "discrete_index"):
        mine, other = getattr(ours, what), getattr(theirs, what)
        assert (mine is None) == (other is None)
        if mine is not None:
            assert (mine.shape, mine.dtype) == (other.shape, other.dtype)
    if ours.discrete_index is not None:
        assert ours.discrete_index.unique().tolist() == theirs.discrete_index.unique().tolist()


@pytest.mark.parametrize("name", SEVERAL)
def test_demo_of_several_sessions_has_the_shapes_of_the_reference(name, reference):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = reference.datasets.init(name)
    ours = init(name)
    assert ours.num_sessions == theirs.num_sessions
    assert ours.session_lengths == theirs.session_lengths
    for what in ("continuous_index", "discrete_index"):
        mine, other = getattr(ours, what), getattr(theirs, what)
        assert (mine is None) == (other is None)
        assert mine is None or mine.shape == other.shape
    for s in range(3):
        assert ours.get_session(s).neural.shape == theirs.get_session(s).neural.shape
    if name.endswith("unified"):
        assert ours.input_dimension == theirs.input_dimension == 12


def test_the_page_lists_every_family(pytestconfig):
    """Braces on the page stand for one of each."""
    page = (pytestconfig.rootpath / "docs" / "datasets.md").read_text()
    families = {name.split("`")[1].split("{")[0] for name in page.splitlines() if name.startswith("| `")}
    families |= {part for line in page.splitlines() if line.startswith("| `demo") for part in line.split("`")[1::2]}
    assert not [name for name in DATASETS if not any(name.startswith(family) for family in families)]


def test_demos_come_from_a_seed():
    one, same, other = init("demo-mixed"), init("demo-mixed", seed=0), init("demo-mixed", seed=1)
    for what in ("neural", "continuous", "discrete"):
        assert torch.equal(getattr(one, what), getattr(same, what))
        assert not torch.equal(getattr(one, what), getattr(other, what))
    sessions = init("demo-continuous-multisession")
    first, second, _ = (session.continuous_index for session in sessions.iter_sessions())
    assert not torch.equal(first, second)


def test_unified_sessions_are_read_side_by_side():
    data = init("demo-continuous-unified")
    rows = torch.tensor([[3, 900], [4, 5], [77, 8]])
    batch = data.load_batch(BatchIndex(rows, rows + 1, rows + 2))
    assert batch.reference.shape == (2, 12, 10)
    for session, columns, row in zip(data.iter_sessions(), ((0, 3), (3, 7), (7, 12)), rows, strict=True):
        torch.testing.assert_close(batch.positive[:, slice(*columns)], session[row + 1])


@pytest.mark.parametrize("name", RATS)
def test_single_rat(name, rats):
    data = init(f"rat-hippocampus-single-{name}")
    assert isinstance(data, TensorDataset)
    assert data.name == name
    assert data.neural.shape[1] == data.input_dimension == NEURONS[name]
    assert data.neural.numpy().dtype == np.float32
    assert data.continuous_index.numpy().shape == (len(data), 3)
    assert data.discrete_index is None


def test_windows_of_a_rat_stay_in_one_run(rats):
    data = init("rat-hippocampus-single-buddy")
    data.offset = Offset(3, 3)
    windows = data[torch.arange(len(data))][:, 0].numpy()  # each count is the number of its sample
    assert (windows.astype(int) // 12 == (windows[:, :1].astype(int) // 12)).all()


@pytest.mark.parametrize("fold", range(3))
def test_parts_of_a_rat(fold, rats):
    name = f"rat-hippocampus-cicero-3fold-trial-split-{fold}"
    whole = init("rat-hippocampus-single-cicero")
    parts = {part: init(name, split=part) for part in ("train", "valid", "test")}
    samples = torch.cat([part.neural[:, 0] for part in parts.values()])
    assert torch.equal(samples.sort().values, whole.neural[:, 0])
    for part, data in parts.items():
        assert (data.split_name, data.split_no) == (part, fold)
        rows = data.neural[:, 0].long()
        assert torch.equal(data.continuous_index, whole.continuous_index[rows])
        data.offset = Offset(5, 5)
        windows = data[torch.arange(len(data))][:, 0]
        assert (windows.diff(dim=1) == 1).all()  # samples in a row, in the recording too
    for everything in (init(name), init(name, split="all")):
        assert torch.equal(everything.neural, whole.neural)
    with pytest.raises(UserError, match="'train', 'valid', 'test'"):
        init(name, split="trian")


def test_shuffled_rat(rats):
    whole, moved = init("rat-hippocampus-single-buddy"), init("rat-hippocampus-buddy-corrupt-7")
    assert torch.equal(moved.neural, whole.neural)
    rows = np.random.default_rng(7).permutation(len(whole))
    assert torch.equal(moved.continuous_index, whole.continuous_index[torch.from_numpy(rows)])


def test_four_rats_together(rats):
    data = init("rat-hippocampus-multisession")
    assert isinstance(data, DatasetCollection)
    assert [data.get_input_dimension(s) for s in range(4)] == list(NEURONS.values())
    part = init("rat-hippocampus-multisubjects-3fold-trial-split-2", split="test")
    for session, name in zip(part.iter_sessions(), RATS, strict=True):
        alone = init(f"rat-hippocampus-{name}-3fold-trial-split-2", split="test")
        assert torch.equal(session.neural, alone.neural)


def test_rat_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLES[0], str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"achilles\.jl"):
        init("rat-hippocampus-single-achilles", download=False)


def test_simulated_rats_are_those_of_the_default_study(pytestconfig):
    study = yaml.safe_load((pytestconfig.rootpath / "config.yaml").read_text())
    assert [study["recordings"][f"rat{i}"]["simulate"] for i in SIMULATED] == list(SIMULATED.values())
    data = init("simulated-rat-2")
    assert data.neural.shape == (6600, 48)
    position, right, left = data.continuous_index.T
    assert 0 <= position.min() < position.max() <= 1.6
    assert torch.equal(right + left, torch.ones(6600, dtype=right.dtype))
    assert torch.equal(right, 1.0 - data.trial_index % 2)


def test_benchmark():
    data = init("continuous-label-t", seed=3)
    drawn = synthetic.simulate("t", 3)
    assert data.neural.shape == data.rate.shape == (15_000, 100)
    assert data.continuous_index.shape == (15_000, 1)
    np.testing.assert_array_equal(data.latent.numpy(), drawn.latent)
    np.testing.assert_array_equal(data.continuous_index[:, 0].numpy(), drawn.label)
    np.testing.assert_allclose(data.neural.numpy(), drawn.neural, rtol=1e-6)


def test_a_data_set_of_ones_own():
    @cebra_pipe.datasets.register("test-own")
    class Own(TensorDataset):
        def __init__(self):
            super().__init__(np.zeros((9, 2)), discrete=np.arange(9))

    assert len(init("test-own")) == 9
    with pytest.raises(ValueError, match="Did you mean 'demo-mixed'"):
        init("demo-mixd")


def test_the_documented_imports():
    import cebra_pipe.data
    import cebra_pipe.helper
    import cebra_pipe.integrations

    assert callable(cebra_pipe.datasets.get_datapath)
    assert callable(cebra_pipe.datasets.set_datapath)
    assert callable(cebra_pipe.helper.download_file_from_url)
