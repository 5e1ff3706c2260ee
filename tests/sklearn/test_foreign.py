"""Files of cebra's estimator: the same embeddings, without cebra, and without running anything in them."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import warnings
import zipfile

import numpy as np
import pytest
import torch
from sklearn.base import clone

from cebra_pipe import CEBRA
from cebra_pipe.sklearn import foreign
from cebra_pipe.sklearn.metrics import infonce_loss
from cebra_pipe.sklearn.storage import described

RNG = np.random.default_rng(0)
SIGNAL, POSITION = RNG.normal(size=(120, 7)).astype(np.float32), RNG.normal(size=(120, 2))
WAY = RNG.integers(0, 3, 120)
TWO = [SIGNAL, SIGNAL[:90, :5]]
SAVED = {
    "time": ((SIGNAL,), {}, "sklearn"),
    "continuous": ((SIGNAL, POSITION), {}, "sklearn"),
    "discrete": ((SIGNAL, WAY), {}, "sklearn"),
    "mixed": ((SIGNAL, POSITION, WAY), {}, "sklearn"),
    "hybrid": ((SIGNAL, POSITION), {"hybrid": True}, "sklearn"),
    "full": ((SIGNAL, POSITION), {"batch_size": None}, "sklearn"),
    "learned": ((SIGNAL, POSITION), {"temperature_mode": "auto"}, "sklearn"),
    "two": ((TWO, [POSITION, POSITION[:90]]), {}, "sklearn"),
    "whole": ((SIGNAL, POSITION), {"model_architecture": "offset1-model"}, "torch"),
}
LOAD = """
import sys; sys.modules["cebra"] = None
import numpy as np
from cebra_pipe import CEBRA
from cebra_pipe.sklearn import foreign
path, source, out, session = sys.argv[1:]
model = CEBRA.load(path, device="cpu")
session = int(session) if session != "None" else None
np.save(out, model.transform(np.load(source), session_id=session))
print(len(model.solver_.history), model.label_types_, model.n_features_, model.num_sessions_)
"""


@pytest.fixture(scope="module")
def saved(reference, tmp_path_factory):
    """For each way of training: the file, an input, the reference's embedding of it, and the session."""
    folder, made = tmp_path_factory.mktemp("reference"), {}
    for name, (given, options, backend) in SAVED.items():
        options = {"model_architecture": "offset5-model", "batch_size": 16, **options}
        with warnings.catch_warnings():  # by cebra, of parts of its own that it calls deprecated
            warnings.simplefilter("ignore", DeprecationWarning)
            model = reference.CEBRA(max_iterations=2, output_dimension=4, device="cpu", **options).fit(*given)
            model.save(folder / f"{name}.pt", backend=backend)
        source, session = (TWO[1], 1) if name == "two" else (SIGNAL, None)
        made[name] = folder / f"{name}.pt", source, model.transform(source, session_id=session), session
    return made


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", SAVED)
def test_a_saved_model_embeds_alike(saved, name):
    path, source, expected, session = saved[name]
    model = CEBRA.load(path, device="cpu")
    np.testing.assert_allclose(model.transform(source, session_id=session), expected, atol=1e-5)
    assert model.get_params()["output_dimension"] == 4
    assert model.solver_.history
    given = SAVED[name][0]
    model.partial_fit(*given)  # and trains on
    assert len(model.solver_.history) == 4


# Positions and classes without order in time, and neurons that tell them: objectives differ in their losses.
TOLD = np.concatenate([2 * np.eye(3)[WAY], 2 * POSITION], 1) + 0.3 * RNG.normal(size=(120, 5))
UNREAD = {  # what cebra did not read: data, options, and the remaining ones
    "time": ((TOLD,), {"conditional": "delta_normal", "delta": 0.2}, {"conditional": None, "delta": None}),
    "a spare delta": ((TOLD, POSITION), {"conditional": "time", "delta": 0.2}, {"conditional": "time", "delta": None}),
    "discrete": ((TOLD, WAY), {"conditional": "time_delta", "delta": 0.1}, {"conditional": None, "delta": None}),
    "mixed": ((TOLD, POSITION, WAY), {"conditional": "time"}, {"conditional": None}),
    "two": (([TOLD, TOLD[:90]], [POSITION, POSITION[:90]]), {"conditional": "time"}, {"conditional": None}),
    "normal": (
        (TOLD, POSITION),
        {"conditional": "delta_normal", "delta": 0.2, "time_offsets": 3, "min_temperature": 0.5},
        {"conditional": "delta_normal", "delta": 0.2, "time_offsets": 1, "min_temperature": 0.1},
    ),
    "widths": (
        (TOLD, POSITION),
        {"model_architecture": "offset1-model-mse", "distance": "euclidean", "num_hidden_units": 16},
        {"num_hidden_units": 32},
    ),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:conditional='time' reads no labels")
@pytest.mark.parametrize("name", UNREAD)
def test_options_that_the_reference_did_not_read_are_told_and_dropped(reference, name, tmp_path):
    """Scores are of the objective that was trained, and training goes on with it."""
    import cebra.integrations.sklearn.metrics as theirs

    given, options, kept = UNREAD[name]
    fixed = {"batch_size": 32, "output_dimension": 3, "max_iterations": 20, "learning_rate": 0.01, "device": "cpu"}
    model = reference.CEBRA(**{**fixed, "model_architecture": "offset1-model", **options}).fit(*given)
    model.save(tmp_path / "saved.pt", backend="sklearn")
    changed = [option for option in kept if kept[option] != options[option]]
    with pytest.warns(UserWarning, match=f"saved.pt: cebra did not read {changed[0]}=.*same effect") as told:
        ours = CEBRA.load(tmp_path / "saved.pt", device="cpu")
    assert all(f"{option}={options[option]!r}" in str(told[0].message) for option in changed)
    assert kept.items() <= ours.get_params().items()
    drawn, session = (given, None) if name != "two" else ([each[0] for each in given], 0)
    if name == "two":  # which the reference trains by labels, but would score by time, one session at a time
        model.conditional = None
    expected = theirs.infonce_loss(model, *drawn, session_id=session, num_batches=150)
    assert infonce_loss(ours, *drawn, session_id=session, num_batches=150) == pytest.approx(expected, abs=0.06)
    ours.partial_fit(*given)
    clone(ours).fit(*given)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_file_describes_itself(saved, reference):
    """Versions, parameters and neurons, without building the estimator; one pickled whole knows no versions."""
    said = {name: described(saved[name][0]) for name in ("two", "whole")}
    versions = {"cebra": reference.__version__, "torch": torch.__version__, "numpy": np.__version__}
    assert versions.items() <= said["two"]["versions"].items()
    assert said["whole"]["versions"] == {"cebra": "of a version that it does not name"}
    assert [each["parameters"]["output_dimension"] for each in said.values()] == [4, 4]
    assert [each["neurons"] for each in said.values()] == [[7, 5], 7]
    assert set(said["whole"]["parameters"]) <= set(CEBRA().get_params())


@pytest.mark.parametrize("name", ["two", "whole"])
def test_it_loads_where_cebra_is_not_installed(saved, name, tmp_path):
    path, source, expected, session = saved[name]
    np.save(tmp_path / "source.npy", source)
    arguments = [str(path), str(tmp_path / "source.npy"), str(tmp_path / "out.npy"), str(session)]
    told = subprocess.run([sys.executable, "-c", LOAD, *arguments], capture_output=True, text=True, check=True).stdout
    np.testing.assert_allclose(np.load(tmp_path / "out.npy"), expected, atol=1e-5)
    assert told.split()[0] == "2"
    assert told.split()[1:3] == ["(False,", "2)"]


class _Runs:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("where", ["args", "state", "state_dict"])
def test_nothing_in_a_crafted_file_runs(saved, tmp_path, where):
    """The file of the reference, with one value replaced by a call."""
    content = {key: {} for key in ("args", "state", "state_dict")}
    content[where] = {"x": _Runs(tmp_path / "ran")}
    path = tmp_path / "crafted.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("crafted/data.pkl", pickle.dumps([content, "cebra.data.datatypes"], protocol=2))
        archive.writestr("crafted/version", "3")
    with pytest.raises(ValueError, match=r"crafted\.pt.*mkdir"):
        CEBRA.load(path)
    assert not (tmp_path / "ran").exists()


def test_a_tensor_beyond_its_bytes_is_refused(saved, tmp_path):
    """A stride that reads past the storage."""
    path = tmp_path / "forged.pt"
    with zipfile.ZipFile(saved["time"][0]) as source, zipfile.ZipFile(path, "w") as target:
        for entry in source.infolist():
            data = source.read(entry)
            target.writestr(entry.filename, data[:-8] if "/data/" in entry.filename and len(data) > 8 else data)
    with pytest.raises(ValueError, match=r"forged\.pt"):
        CEBRA.load(path)


def test_other_objects_are_told(tmp_path):
    path = tmp_path / "other.pt"
    torch.save({"cebra.data.datatypes": torch.zeros(3)}, path)
    with pytest.raises(ValueError, match=r"other\.pt"):
        CEBRA.load(path)


def test_a_shape_beyond_the_file_is_refused_before_it_is_filled():
    with pytest.raises(pickle.UnpicklingError, match="over 1 numbers"):
        foreign._tensor(foreign._Storage(torch.ones(1)), 0, (10**6, 10**6), (0, 0))
    assert torch.equal(
        foreign._tensor(foreign._Storage(torch.arange(6.0)), 2, (2, 2), (2, 1)), torch.tensor([[2.0, 3], [4, 5]])
    )
