"""The rats' files, laps and splits; on the real recordings where they are there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest

from cebra_pipe.datasets.folder import VARIABLES
from cebra_pipe.datasets.hippocampus import PARTS, RATS, laps, part_samples, read_rat, shuffled, trial_parts
from cebra_pipe.errors import NotDownloaded, Problem, UserError

REAL = Path(os.environ.get("CEBRA_PIPE_DATA") or "data") / "rat_hippocampus"


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    """An empty folder of data sets."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(VARIABLES[0], str(tmp_path))
    (tmp_path / "rat_hippocampus").mkdir()
    return tmp_path / "rat_hippocampus"


@pytest.fixture
def real(monkeypatch):
    if not (REAL / "buddy.jl").exists():
        pytest.skip("CEBRA_PIPE_DATA names no folder with rat_hippocampus/buddy.jl")
    monkeypatch.setenv(VARIABLES[0], str(REAL.parent))


def running(laps_there: int, samples: int = 12) -> np.ndarray:
    """(time, 3) labels of a rat that runs there and back."""
    right = np.repeat(np.arange(laps_there) % 2 == 0, samples)
    return np.stack([np.tile(np.linspace(0, 1.6, samples), laps_there), right, ~right], axis=1)


def test_laps_begin_with_the_first_sample_in_the_other_direction():
    np.testing.assert_array_equal(laps(np.array([1, 1, 0, 0, 0, 1.0])), [0, 0, 1, 1, 1, 2])


def test_file_of_either_kind(folder):
    labels = running(4)
    spikes = np.arange(len(labels) * 5).reshape(-1, 5) % 3
    np.savez(folder / "gatsby.npz", spikes=spikes.astype(np.uint8), position=labels)
    joblib.dump({"spikes": spikes.astype(float), "position": labels}, folder / "cicero.jl")
    with pytest.warns(UserWarning, match="differs from the published file"):
        found = [read_rat(name) for name in ("gatsby", "cicero")]
    for rat in found:
        np.testing.assert_array_equal(rat.spikes, spikes)
        np.testing.assert_array_equal(rat.position, labels)
        np.testing.assert_array_equal(rat.lap, np.repeat(np.arange(4), 12))


def test_rats_that_are_not_there(folder):
    with pytest.raises(UserError, match="Did you mean 'buddy'"):
        read_rat("budy")
    with pytest.raises(FileNotFoundError, match="hc-11"):
        read_rat("achilles", fetch=False)
    np.savez(folder / "achilles.npz", spikes=np.zeros((5, 3)), position=np.zeros((4, 3)))
    with pytest.raises(UserError, match=r"shapes \(5, 3\) and \(4, 3\)"):
        read_rat("achilles")


@pytest.mark.parametrize("name", RATS)
def test_where_a_rat_is_fetched_from(name, folder, monkeypatch):
    asked = []

    def offline(*arguments):
        asked.append(arguments)
        raise NotDownloaded(Problem("host", "an answer", "none"))

    monkeypatch.setattr("cebra_pipe.datasets.folder.download", offline)
    with pytest.raises(FileNotFoundError, match=rf"{name}\.jl or .*{name}\.npz"):
        read_rat(name)
    ((url, path, md5),) = asked
    assert url.startswith("https://")
    assert url.endswith(f"/rat_hippocampus/{name}.jl.gz")
    assert path == folder / f"{name}.jl.gz"
    assert md5 == RATS[name].packed_md5 != RATS[name].md5


@pytest.mark.parametrize("trials", [18, 28, 29, 30, 42])
def test_parts_partition_the_trials_and_every_trial_is_held_out_once(trials):
    folds = np.stack([trial_parts(trials, fold) for fold in range(3)])
    held = folds != PARTS.index("train")
    np.testing.assert_array_equal(held.sum(axis=0), 1)
    for ranks in folds:
        for third in np.array_split(ranks, 3):
            for part in PARTS:
                assert (third == PARTS.index(part)).any()
            test, valid = ((third == PARTS.index(part)).sum() for part in ("test", "valid"))
            assert 0 <= test - valid <= 1


def test_parts_by_hand():
    assert "".join("-vt"[rank] for rank in trial_parts(29, 0)) == "ttvv------" + "ttvv------" + "ttv------"
    assert "".join("-vt"[rank] for rank in trial_parts(29, 2)) == "-------ttv" + "-------ttv" + "------ttv"


def test_samples_of_a_part_are_whole_round_trips():
    lap = laps(running(60)[:, 1])
    samples = [part_samples(lap, 1, part) for part in PARTS]
    np.testing.assert_array_equal(np.sort(np.concatenate(samples)), np.arange(len(lap)))
    for part in samples:
        borders = np.flatnonzero(np.diff(part) > 1)
        np.testing.assert_array_equal(part[borders] % 24, 23)
        np.testing.assert_array_equal(part[borders + 1] % 24, 0)


def test_impossible_splits():
    with pytest.raises(UserError, match="'train', 'valid', 'test'"):
        part_samples(np.arange(100), 0, "trian")
    with pytest.raises(UserError, match="0 to 2"):
        trial_parts(30, 3)
    with pytest.raises(UserError, match="18 round trips"):
        trial_parts(17, 0)


def test_shuffled_labels_keep_rows_and_depend_on_the_seed():
    labels = running(10)
    moved = shuffled(labels, 3)
    np.testing.assert_array_equal(np.sort(moved.view("f8,f8,f8"), axis=0), np.sort(labels.view("f8,f8,f8"), axis=0))
    assert not np.array_equal(moved, labels)
    np.testing.assert_array_equal(moved, shuffled(labels, 3))
    assert not np.array_equal(moved, shuffled(labels, 4))


def test_buddy(real):
    rat = read_rat("buddy")
    assert rat.spikes.shape == (6577, 48)
    assert rat.position.shape == (6577, 3)
    assert rat.lap[-1] + 1 == 57
    np.testing.assert_array_equal(rat.position[:, 1] + rat.position[:, 2], 1)


# The reference reads the same file, in a process of its own: it looks for the folder when it is imported.

SPLITS = """
import sys, warnings
import numpy as np
warnings.simplefilter("ignore")
import cebra.datasets
def read(name, **split):
    made = cebra.datasets.init(f"rat-hippocampus-{name}", **split)
    return np.concatenate([made.neural.numpy(), made.continuous_index.numpy()], axis=1)
found = {"all": read("single-buddy"), "corrupt": read("buddy-corrupt-3")}
for fold in range(3):
    for part in ("train", "valid", "test"):
        found[f"{fold} {part}"] = read(f"buddy-3fold-trial-split-{fold}", split=part)
np.savez(sys.argv[1], **found)
"""


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    if not (REAL / "buddy.jl").exists():
        pytest.skip("CEBRA_PIPE_DATA names no folder with rat_hippocampus/buddy.jl")
    path = tmp_path_factory.mktemp("reference") / "splits.npz"
    environment = os.environ | {"CEBRA_DATADIR": str(REAL.parent)}
    subprocess.run([sys.executable, "-c", SPLITS, str(path)], check=True, env=environment, capture_output=True)
    return np.load(path)


def together(rat, rows=slice(None), position=None):
    labels = rat.position if position is None else position
    return np.concatenate([rat.spikes, labels], axis=1)[rows].astype(np.float32)


def test_buddy_as_the_reference(real, theirs):
    rat = read_rat("buddy")
    np.testing.assert_array_equal(together(rat), theirs["all"])
    np.testing.assert_array_equal(together(rat, position=shuffled(rat.position, 3)), theirs["corrupt"])


@pytest.mark.parametrize("fold", range(3))
@pytest.mark.parametrize("part", PARTS)
def test_parts_as_the_reference_but_for_its_early_borders(fold, part, real, theirs):
    """There a trial begins with the last sample of the one before, still in the other direction."""
    rat = read_rat("buddy")
    ours = part_samples(rat.lap, fold, part)
    inside = np.concatenate([run[:-1] for run in np.split(ours, np.flatnonzero(np.diff(ours) > 1) + 1)])
    assert not np.array_equal(together(rat, ours), theirs[f"{fold} {part}"])
    starts = np.flatnonzero(np.diff(ours, prepend=-2) > 1)
    early = np.sort(np.concatenate([inside, ours[starts][ours[starts] > 0] - 1]))
    if ours[-1] == len(rat.lap) - 1:
        early = np.append(early, ours[-1])
    np.testing.assert_array_equal(together(rat, early), theirs[f"{fold} {part}"])
