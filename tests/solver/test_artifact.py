"""Files of models: whole ones come back, and what was cut short or made by hand ends in one message."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from cebra_pipe.errors import UserError
from cebra_pipe.models.contrast import Contrast
from cebra_pipe.models.table import MODELS, architecture
from cebra_pipe.solver.artifact import Fitted, read_model, read_models, read_provenance, write_model, write_models
from cebra_pipe.solver.inputs import Scaling
from cebra_pipe.solver.network import build

NEURONS = (4, 3)
SPEC = {"control": None, "seed": 1, "study_seed": 1, "training": {"windows": "within", "model": "m", "causal": False}}
ABOUT = {"stage": "fit", "spec": SPEC, "spec_hash": "0", "code": "c", "inputs": {}, "versions": {}, "device": "cpu"}


def made() -> Fitted:
    row = architecture("offset5-model")
    network = build(row, NEURONS, 6, 3, Contrast("cosine", 1.0), torch.Generator().manual_seed(1))
    moments = [(np.ones(n), np.full(n, 2.0)) for n in NEURONS]
    scalings = tuple(Scaling(np.arange(n), m) for n, m in zip(NEURONS, moments, strict=True))
    settings = {"name": "offset5-model", "causal": False, "hidden_units": 6, "output_dimension": 3}
    settings |= {"similarity": "cosine", "neurons": list(NEURONS), "offset": [2, 3]}
    return Fitted(network.eval(), ("a", "b"), scalings, settings, ABOUT)


@pytest.fixture
def path(tmp_path):
    write_model(tmp_path / "model.pt", made())
    return tmp_path / "model.pt"


def test_a_model_comes_back(path):
    read = read_model(path)
    assert (read.sessions, read.provenance, len(read.offset)) == (("a", "b"), ABOUT, 5)
    series = torch.randn(20, 4, generator=torch.Generator().manual_seed(2))
    np.testing.assert_array_equal(read.network.embed(0, series), made().network.embed(0, series))


Change = Callable[[dict], object]
CRAFTED: dict[str, tuple[Change, str]] = {
    "provenance is a number": (lambda c: c.update(provenance=3), "its provenance is no mapping"),
    "provenance of nothing": (lambda c: c.update(provenance={}), "no right stage, spec_hash, code, device, spec"),
    "inputs are texts": (lambda c: c["provenance"].update(inputs={"x": "0"}), "no right inputs"),
    "versions are numbers": (lambda c: c["provenance"].update(versions={"torch": 2}), "no right versions"),
    "spec is a list": (lambda c: c["provenance"].update(spec=[]), "no right spec"),
    "spec without control": (lambda c: c["provenance"]["spec"].pop("control"), "its spec has no control"),
    "training is a text": (lambda c: c["provenance"]["spec"].update(training="x"), "no training.windows"),
    "models is a number": (lambda c: (c.update(models=3), c.pop("model")), "'model'"),
    "format is a text": (lambda c: c.update(format="x" * 9000), "found 'xxx"),
    "no format": (lambda c: c.pop("format"), "no fitted model of a study"),
    "settings is a list": (lambda c: c.update(model=[]), "damaged"),
    "an unknown architecture": (lambda c: c["model"].update(name="ofset5-model"), "damaged"),
    "sessions are numbers": (lambda c: c.update(sessions=[1, 2]), "2 encoders, and the sessions"),
    "a session less": (lambda c: c.update(sessions=["a"]), "2 encoders, and the sessions"),
    "sessions are None": (lambda c: c.update(sessions=None), "damaged"),
    "a neuron less in the scale": (lambda c: c["scaling"][0].__setitem__(0, torch.ones(3)), "a scaling of others"),
    "units are reals": (lambda c: c["units"].__setitem__(0, torch.ones(4)), "a scaling of others"),
    "units of no session": (lambda c: c.update(units=[]), "damaged"),
    "a weight of another shape": (lambda c: _first(c, lambda weight: weight[:1]), "damaged"),
    "a weight is a text": (lambda c: _first(c, lambda weight: "w"), "damaged"),
    "temperature is a text": (lambda c: c.update(temperature="warm"), "damaged"),
    "temperature is not finite": (lambda c: c.update(temperature=float("nan")), "damaged"),
    "more units than weights": (lambda c: c["model"].update(hidden_units=10**6), "weights or more, and"),
    "more neurons than weights": (lambda c: c["model"].update(neurons=[4, 10**12]), "weights or more, and"),
    "neurons are texts": (lambda c: c["model"].update(neurons=["4", "3"]), "damaged"),
}


def _first(content: dict, change: Callable) -> None:
    name = next(iter(content["state"]))
    content["state"][name] = change(content["state"][name])


@pytest.mark.parametrize("crafted", CRAFTED)
def test_a_crafted_model_is_one_message(path, crafted):
    """And nothing as large as its numbers say is made before."""
    change, found = CRAFTED[crafted]
    content = torch.load(path, weights_only=True)
    change(content)
    torch.save(content, path)
    with pytest.raises(UserError) as told:
        read_model(path)
    assert str(told.value).startswith(f"{path}: expected ")
    assert found in str(told.value)
    assert len(told.value.problems) == 1
    assert "Remove it and run" in str(told.value)


def test_a_crafted_file_of_several_models_is_one_message(tmp_path):
    path = tmp_path / "adapted.pt"
    write_models(path, {"adapted 1": made()}, ABOUT)
    assert list(read_models(path)) == ["adapted 1"]
    content = torch.load(path, weights_only=True)
    for models in (3, {"adapted 1": 3}, {"adapted 1": {}}):
        torch.save({**content, "models": models}, path)
        for read in (read_model, read_models):
            with pytest.raises(UserError, match=r"adapted\.pt: expected"):
                read(path)


def test_a_model_that_was_cut_short_or_changed_is_whole_or_one_message(path):
    whole, rng = path.read_bytes(), np.random.default_rng(1)
    told = []
    for _ in range(150):
        content = bytearray(whole[: rng.integers(len(whole)) if rng.random() < 0.3 else None])
        for at in rng.integers(len(content), size=3) if content else ():
            content[at] = rng.integers(256)
        path.write_bytes(content)
        for read in (read_model, read_provenance):
            try:
                read(path)
            except UserError as error:
                told.append(str(error))
    assert len(told) > 50
    assert all(each.startswith(f"{path}: expected ") for each in told)


@pytest.mark.parametrize("name", MODELS)
def test_weights_are_counted_as_torch_does(name):
    row = architecture(name)
    state = build(row, [5], 4, 3, Contrast("cosine", 1.0), torch.Generator()).encoders[0].state_dict()
    assert row.weights(5, 4, 3) == sum(value.numel() for key, value in state.items() if not key.endswith("bias"))
