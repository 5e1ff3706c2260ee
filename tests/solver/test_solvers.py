"""Solvers: what the engine trains is what batches of windows train, in every mode."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

import cebra_pipe
from cebra_pipe import data, solver
from cebra_pipe.models import criterions
from cebra_pipe.models.model import Offset10Model
from cebra_pipe.solver import checkpoints, draws
from cebra_pipe.solver.adapters import network_of
from cebra_pipe.solver.util import ProgressBar

LENGTHS, NEURONS = (400, 300), (9, 7)


def session(s: int = 0, dtype=np.float32) -> data.TensorDataset:
    rng = np.random.default_rng(s)
    angle = np.linspace(0, 40, LENGTHS[s]) + s
    position = np.stack([np.sin(angle), np.cos(angle)], 1)
    signal = np.maximum(position @ rng.normal(size=(2, NEURONS[s])), 0) + 0.1 * rng.normal(
        size=(LENGTHS[s], NEURONS[s])
    )
    return data.TensorDataset(
        signal.astype(dtype),
        continuous=position,
        discrete=(position[:, 0] > 0).astype(int),
        trial=np.arange(LENGTHS[s]) // 50,
    )


def built(name: str, sessions: int = 1, seed: int = 0, criterion=None, **options) -> solver.Solver:
    torch.manual_seed(seed)
    made = [Offset10Model(n, 16, 4) for n in NEURONS[:sessions]]
    model = torch.nn.ModuleList(made) if sessions > 1 else made[0]
    criterion = criterion or criterions.LearnableCosineInfoNCE(min_temperature=0.1)
    optimizer = torch.optim.Adam([*model.parameters(), *criterion.parameters()], lr=3e-3)
    return solver.init(name, model=model, criterion=criterion, optimizer=optimizer, tqdm_on=False, **options)


def dataset_for(of: solver.Solver, sessions: int) -> data.Dataset:
    made = session() if sessions == 1 else data.DatasetCollection(session(0), session(1))
    made.configure_for(of.models[0])
    return made


MODES = {
    "continuous": ("single-session", "ContinuousDataLoader", 1, {}),
    "time": ("single-session", "ContinuousDataLoader", 1, {"conditional": "time"}),
    "delta_normal": ("single-session", "ContinuousDataLoader", 1, {"conditional": "delta_normal"}),
    "discrete": ("single-session", "DiscreteDataLoader", 1, {"prior": "uniform"}),
    "mixed": ("single-session", "MixedDataLoader", 1, {}),
    "hybrid": ("single-session-hybrid", "HybridDataLoader", 1, {}),
    "full": ("single-session-full", "FullDataLoader", 1, {}),
    "continuous, two": ("multi-session", "ContinuousMultiSessionDataLoader", 2, {}),
    "time, two": ("multi-session", "ContinuousMultiSessionDataLoader", 2, {"conditional": "time"}),
    "discrete, two": ("multi-session", "DiscreteMultiSessionDataLoader", 2, {}),
    "mixed, two": ("multi-session", "MixedMultiSessionDataLoader", 2, {}),
    "hybrid, two": ("multi-session-hybrid", "HybridMultiSessionDataLoader", 2, {}),
}


def loader_for(kind: str, of: solver.Solver, sessions: int, steps: int = 6, own: bool = False, **options):
    options = {"batch_size": None if kind == "FullDataLoader" else 32, "time_offset": 5, "seed": 1, **options}
    if kind.startswith("Discrete") and sessions == 1:
        del options["time_offset"]
    loader = getattr(data, kind)
    if own:
        loader = type("Own", (loader,), {"get_indices": lambda self, n=None: super(loader, self).get_indices(n)})
    return loader(dataset_for(of, sessions), num_steps=steps, **options)


@pytest.mark.parametrize("mode", MODES)
def test_engine_and_batches_train_alike(mode, monkeypatch):
    """A loader with a get_indices of its own is read batch by batch: the same draws end in the same losses."""
    monkeypatch.setattr(draws, "CHUNK", 1)
    name, kind, sessions, options = MODES[mode]
    fast, plain = built(name, sessions), built(name, sessions)
    fast.fit(loader_for(kind, fast, sessions, **options))
    plain.fit(loader_for(kind, plain, sessions, own=True, **options))
    assert len(fast.history) == len(plain.history) == 6
    for key in ("pos", "neg", "total", "temperature"):
        np.testing.assert_allclose(fast.log[key], plain.log[key], rtol=2e-5, atol=2e-5)
    for a, b in zip(fast.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


def test_a_hybrid_step_encodes_once():
    """References, positives and negatives of both objectives in one pass."""
    made, seen = built("single-session-hybrid"), []
    encoder = made.model.encoder
    layers = list(range(len(encoder.layers)))

    def note(_, given, options):
        seen.extend(layers[options.get("layers", slice(None))])

    encoder.register_forward_pre_hook(note, with_kwargs=True)
    made.fit(loader_for("HybridDataLoader", made, 1, steps=3))
    assert seen == 3 * layers
    assert len(made.log["behavior_total"]) == len(made.log["time_total"]) == 3


def test_own_loader_says_so(capsys):
    made = built("single-session")
    made.fit(loader_for("ContinuousDataLoader", made, 1, steps=1, own=True))
    assert "batch by batch, because of Own.get_indices" in capsys.readouterr().err
    made.fit(loader_for("ContinuousDataLoader", made, 1, steps=1))
    assert "batch by batch" not in capsys.readouterr().err


@pytest.mark.parametrize("mode", MODES)
def test_training_lowers_the_loss(mode):
    name, kind, sessions, options = MODES[mode]
    made = built(name, sessions)
    loader = loader_for(kind, made, sessions, steps=40, **options)
    before = made.validation(loader)
    made.fit(loader)
    assert made.model.training
    assert made.validation(loader) < before - 0.1


@pytest.mark.parametrize("sessions", [1, 2])
@pytest.mark.parametrize("kind", ["Continuous", "Discrete"])
def test_a_constant_embedding_scores_chance(kind, sessions):
    """The loss of a collapsed model is ln(negatives), of all sessions: 0 bits."""
    made = built("multi-session" if sessions > 1 else "single-session", sessions, criterion=criterions.InfoNCE())
    with torch.no_grad():
        for model in made.models:
            final = list(model.encoder.parameters())[-2:]
            final[0].zero_(), final[1].fill_(1.0)
    loader = loader_for(f"{kind}{'MultiSession' * (sessions > 1)}DataLoader", made, sessions)
    assert made.validation(loader) == pytest.approx(np.log(32 * sessions), abs=1e-5)


def test_same_seed_same_bits_and_global_generators_rest():
    histories = []
    for _ in range(2):
        made = built("single-session")
        loader = loader_for("ContinuousDataLoader", made, 1)
        state = torch.get_rng_state()
        made.fit(loader)
        assert torch.equal(state, torch.get_rng_state())
        histories.append(made.history)
    assert histories[0] == histories[1]


def test_without_a_seed_torchs_decides():
    def drawn() -> list[int]:
        return data.DiscreteDataLoader(session(), num_steps=1, batch_size=8).get_indices(8).reference.tolist()

    torch.manual_seed(3)
    first = drawn()
    torch.manual_seed(3)
    assert drawn() == first
    torch.manual_seed(4)
    assert drawn() != first


def test_checkpoints_take_up_where_they_were(tmp_path):
    made = built("single-session")
    loader = loader_for("ContinuousDataLoader", made, 1)
    made.fit(loader, save_frequency=2, logdir=tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"checkpoint_{n:07d}.pth" for n in (0, 2, 4)]
    made.save(tmp_path)
    other = built("single-session", seed=9)
    other.load(tmp_path)
    signal = loader.dataset.neural
    assert torch.equal(other.transform(signal), made.transform(signal))
    assert other.history == pytest.approx(made.history)
    with pytest.raises(FileNotFoundError, match=r"checkpoint_0000000\.pth"):
        other.load(tmp_path, "none.pth")
    with pytest.raises(KeyError, match="optimizer"):
        other.load_state_dict({"model": made.model.state_dict()})
    other.load_state_dict({"model": made.model.state_dict()}, strict=False)


def test_validation_keeps_the_best_and_stops():
    made = built("single-session")
    made.optimizer.param_groups[0]["lr"] = 0.0
    loader = loader_for("ContinuousDataLoader", made, 1, steps=50)
    held_out = loader_for("ContinuousDataLoader", made, 1, steps=2, seed=7)
    made.fit(loader, held_out, valid_frequency=2, patience=3, restore_best=True)
    steps = [number for number, _ in made.log["valid"]]
    assert steps == list(range(0, 2 * len(steps), 2))
    losses = [loss for _, loss in made.log["valid"]]
    assert made.best_step == steps[int(np.argmin(losses))]
    assert len(losses) - 1 - int(np.argmin(losses)) == 3  # three without a better one, and the end
    assert len(made.history) < 50


@pytest.mark.parametrize(
    "options",
    [
        {"decode": True},
        {"valid_frequency": 3},
        {"patience": 3},
        {"save_hook": print},
        {"save_frequency": 3},
        {"logdir": "somewhere"},
    ],
)
def test_options_without_effect_are_refused(options):
    made = built("single-session")
    with pytest.raises(ValueError, match=next(iter(options)).split("_")[0]):
        made.fit(loader_for("ContinuousDataLoader", made, 1), **options)
    assert made.history == []


def test_windows_and_series_embed_alike():
    """Both forms of the documents: a series, and windows cut beforehand."""
    made = built("single-session")
    made.fit(loader_for("ContinuousDataLoader", made, 1, steps=1))
    series = session().neural
    padded, inner = made.transform(series), made.transform(series, pad_before_transform=False)
    assert padded.shape == (400, 4)
    assert torch.allclose(padded[5:-4], inner, atol=1e-6)
    assert torch.allclose(made.transform(series.unfold(0, 10, 1)), inner, atol=1e-6)
    assert torch.allclose(made.get_embedding(series.T[None]), inner, atol=1e-6)
    for rows in (1, 7, 100, 1000):
        assert torch.allclose(made.transform(series, batch_size=rows), padded, atol=1e-6)


def test_transform_tells_what_does_not_fit():
    made = built("single-session")
    with pytest.raises(ValueError, match="fitted"):
        made.transform(session().neural)
    made.fit(loader_for("ContinuousDataLoader", made, 1, steps=1))
    with pytest.raises(ValueError, match=r"\(time, 9\)"):
        made.transform(torch.zeros(50, 8))
    with pytest.raises(ValueError, match="Tensor"):
        made.transform(np.zeros((50, 9)))
    with pytest.raises(RuntimeError, match="session_id"):
        made.transform(session().neural, session_id=1)
    several = built("multi-session", 2)
    several.fit(loader_for("ContinuousMultiSessionDataLoader", several, 2, steps=1))
    with pytest.raises(RuntimeError, match="0 to 1"):
        several.transform(session().neural)
    assert several.transform(session(1).neural, session_id=1).shape == (300, 4)


def test_a_model_of_ones_own_is_trained():
    class Own(torch.nn.Module):
        num_input, num_output = 9, 3

        def __init__(self):
            super().__init__()
            self.net = torch.nn.Conv1d(9, 3, 5)

        def get_offset(self):
            return data.Offset(2, 3)

        def forward(self, x):
            return torch.nn.functional.normalize(self.net(x)[..., 0], dim=1)

    torch.manual_seed(0)
    model, criterion = Own(), criterions.InfoNCE()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    made = solver.init("single-session", model=model, criterion=criterion, optimizer=optimizer, tqdm_on=False)
    loader = loader_for("ContinuousDataLoader", made, 1, steps=40)
    before = made.validation(loader)
    made.fit(loader)
    assert made.validation(loader) < before - 0.1
    assert made.transform(session().neural).shape == (400, 3)


def test_a_criterion_of_ones_own_is_trained():
    class Own(criterions.FixedInfoNCE):
        def _distance(self, ref, pos, neg):
            return (ref * pos).sum(1) * 2, ref @ neg.T * 2

    made, same = built("single-session", criterion=Own()), built("single-session", criterion=criterions.InfoNCE(0.5))
    for each in (made, same):
        each.fit(loader_for("ContinuousDataLoader", each, 1))
    np.testing.assert_allclose(made.log["total"], same.log["total"], rtol=1e-4)


def test_a_step_of_ones_own_is_used():
    class Own(solver.SingleSessionSolver):
        def step(self, batch):
            self.seen = [*vars(self).get("seen", []), batch.reference.shape]
            return super().step(batch)

    torch.manual_seed(0)
    model, criterion = Offset10Model(9, 16, 3), criterions.InfoNCE()
    made = Own(model, criterion, torch.optim.Adam(model.parameters()), tqdm_on=False)
    made.fit(loader_for("ContinuousDataLoader", made, 1, steps=3))
    assert made.seen == [(32, 9, 10)] * 3


def test_aux_solver_reads_references_with_a_model_of_their_own():
    torch.manual_seed(0)
    other = Offset10Model(9, 16, 4)
    made = built("single-session-aux", reference_model=other)
    made.optimizer.add_param_group({"params": other.parameters()})
    weights = [p.clone() for p in other.parameters()]
    made.fit(loader_for("ContinuousDataLoader", made, 1, steps=3))
    assert not any(torch.equal(a, b) for a, b in zip(weights, other.parameters(), strict=True))
    with pytest.raises(ValueError, match="reference_model"):
        built("single-session-aux")


def test_registry_names():
    names = solver.get_options()
    assert {"single-session", "single-session-hybrid", "single-session-full", "multi-session"} <= set(names)
    assert "unified-session" not in names  # docs/differences.md says so
    with pytest.raises(ValueError, match="single-session"):
        solver.init("single-sesion")
    assert cebra_pipe.solver.base.Solver is solver.Solver


@pytest.mark.parametrize(
    ("name", "kind", "sessions", "told"),
    [
        ("single-session", "HybridDataLoader", 1, "Hybrid loaders go with hybrid solvers"),
        ("single-session-hybrid", "ContinuousDataLoader", 1, "expected 2 objectives"),
        ("multi-session", "ContinuousDataLoader", 1, "Take a single-session solver"),
        ("single-session", "ContinuousMultiSessionDataLoader", 2, "Take a multi-session solver"),
    ],
)
def test_a_loader_for_another_solver_is_refused(name, kind, sessions, told):
    made = built(name, 2 if name == "multi-session" else 1)
    loader = loader_for(kind, made, sessions)
    with pytest.raises(ValueError, match=told):
        made.fit(loader)
    assert made.history == []


def test_a_model_for_other_neurons_is_refused():
    made = built("single-session")
    made.model = Offset10Model(8, 16, 4)
    with pytest.raises(ValueError, match="session 0: expected 8 neurons, as its model takes, found 9"):
        made.fit(loader_for("ContinuousDataLoader", made, 1))


@pytest.mark.parametrize(
    ("name", "sessions", "told"),
    [
        (
            "multi-session",
            1,
            r"model: expected a ModuleList .* for MultiSessionSolver, found Offset10Model\. Pass torch",
        ),
        ("multi-session-hybrid", 1, "expected a ModuleList"),
        ("single-session", 2, r"model: expected one model .* found ModuleList\. Take a multi-session solver"),
        ("single-session-full", 2, "expected one model"),
    ],
)
def test_a_model_for_other_sessions_is_refused_at_construction(name, sessions, told):
    with pytest.raises(ValueError, match=told):
        built(name, sessions)


def test_what_the_optimizer_does_not_hold_is_told():
    made = built("single-session")
    made.optimizer = torch.optim.Adam(made.model.parameters())
    told = r"optimizer: expected parameters of the criterion, found none of Learnable.*requires_grad_\(False\)"
    with pytest.raises(ValueError, match=told):
        made.fit(loader_for("ContinuousDataLoader", made, 1))
    made.criterion.requires_grad_(False)
    made.fit(loader_for("ContinuousDataLoader", made, 1))
    assert set(made.log["temperature"]) == {1.0}
    made.optimizer = torch.optim.Adam(made.criterion.parameters())
    with pytest.raises(ValueError, match="optimizer: expected parameters of the model"):
        made.fit(loader_for("ContinuousDataLoader", made, 1))


def test_batches_of_another_window_are_refused():
    made = built("single-session")
    loader = loader_for("ContinuousDataLoader", made, 1, own=True)
    loader.dataset.offset = data.Offset(2, 3)
    with pytest.raises(ValueError, match=r"dataset\.configure_for\(model\)"):
        made.fit(loader)


def test_validation_scores_models_not_draws():
    made = built("single-session")
    loader = loader_for("ContinuousDataLoader", made, 1)
    stream = loader.stream
    first = loader.get_indices(4)
    assert made.validation(loader) == made.validation(loader)
    assert loader.stream is stream
    again = loader_for("ContinuousDataLoader", made, 1)
    assert torch.equal(again.get_indices(4).reference, first.reference)
    assert torch.equal(again.get_indices(4).reference, loader.get_indices(4).reference)
    with pytest.raises(ValueError, match="session_id"):
        made.validation(loader, session_id=1)


def test_a_full_batch_is_validated_on_the_data_of_its_loader():
    """A constant signal ends in one embedding, which scores ln(samples); that of the training does not."""
    made = built("single-session-full")
    loader = loader_for("FullDataLoader", made, 1, steps=1)
    made.fit(loader)
    other = data.TensorDataset(np.ones((100, NEURONS[0])), continuous=np.arange(100.0))
    other.configure_for(made.model)
    constant = made.validation(data.FullDataLoader(other, num_steps=1, time_offset=5, seed=1))
    assert constant == pytest.approx(np.log(91), abs=1e-4)  # windows of 10
    assert made.validation(loader) > np.log(91) + 1


def test_a_bar_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="log_format: expected tqdm or off, found 'bar'"):
        ProgressBar([], "bar")


def test_modes_are_restored_part_by_part():
    made = built("single-session")
    made.model.net[1].eval()
    made.validation(loader_for("ContinuousDataLoader", made, 1))
    assert made.model.training
    assert not made.model.net[1].training


def test_what_the_optimizer_holds_moves_along():
    """By a device that every machine has; modules themselves cannot go there with their optimizer."""
    weight, temperature = (torch.nn.Parameter(torch.zeros(n, device="meta")) for n in (3, ()))
    for fused in (False, True):
        state = {p: {"exp_avg": torch.zeros(p.shape), "step": torch.tensor(2.0)} for p in (weight, temperature)}
        held = SimpleNamespace(state=state, param_groups=[{"params": [weight, temperature], "fused": fused}])
        checkpoints.move(held)
        for each in state.values():
            assert each["exp_avg"].device.type == "meta"
            assert each["step"].device.type == ("meta" if fused else "cpu")


def test_a_fixed_temperature_is_where_the_network_is():
    """So that no operation of a step on a device is given a number of the host."""
    network = network_of([Offset10Model(9, 16, 4).to("meta")], criterions.FixedCosineInfoNCE(temperature=0.5))
    assert network.criterion.log_scale.device.type == "meta"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU")
def test_a_second_fit_on_a_gpu_goes_on():
    made = built("single-session")
    made.fit(loader_for("ContinuousDataLoader", made, 1, steps=2))
    loader = loader_for("ContinuousDataLoader", made, 1, steps=2)
    loader.dataset.to("cuda")
    made.fit(loader)
    assert len(made.history) == 4
    assert made.transform(session().neural).device.type == "cuda"


def test_losses_that_are_not_finite_stop_either_way():
    for own in (False, True):
        made = built("single-session")
        with torch.no_grad():
            next(made.model.parameters()).fill_(torch.nan)
        with pytest.raises(FloatingPointError, match="step 0"):
            made.fit(loader_for("ContinuousDataLoader", made, 1, own=own))


@pytest.mark.parametrize("sessions", [1, 2])
def test_aux_solvers_keep_both_models(sessions, tmp_path):
    def fresh(seed):
        torch.manual_seed(10 + seed)
        others = [Offset10Model(n, 16, 4) for n in NEURONS[:sessions]]
        reference = torch.nn.ModuleList(others) if sessions > 1 else others[0]
        made = built(
            "multi-session-aux" if sessions > 1 else "single-session-aux", sessions, seed, reference_model=reference
        )
        made.optimizer.add_param_group({"params": reference.parameters()})
        return made

    made, other = fresh(0), fresh(1)
    before = [p.clone() for p in made.reference_model.parameters()]
    kind = "ContinuousMultiSessionDataLoader" if sessions > 1 else "ContinuousDataLoader"
    made.fit(loader_for(kind, made, sessions, steps=2))
    assert not any(torch.equal(a, b) for a, b in zip(before, made.reference_model.parameters(), strict=True))
    assert made.num_parameters == sum(p.numel() for p in made.parameters())
    assert len(list(made.parameters())) == 2 * len(list(made.model.parameters())) + 1
    made.save(tmp_path)
    other.load(tmp_path)
    for a, b in zip(made.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)
    held_out = loader_for("ContinuousDataLoader", built("single-session"), 1, steps=2)
    assert made.validation(held_out, session_id=0) == other.validation(held_out, session_id=0)


@pytest.mark.parametrize("kind", ["multi-session", "multi-session-hybrid"])
def test_one_session_of_several_is_scored_on_a_loader_of_its_own(kind):
    made = built(kind, 2)
    name = "HybridMultiSessionDataLoader" if "hybrid" in kind else "ContinuousMultiSessionDataLoader"
    loader = loader_for(name, made, 2, steps=2)
    with pytest.raises(ValueError, match=f"session 1 alone .*found {name} of several.* single-session loader of it"):
        made.validation(loader, session_id=1)


def test_parameters_of_several_sessions_are_those_of_all_models_and_the_criterion(reference):
    made = built("multi-session", 2)
    each = [sum(p.numel() for p in Offset10Model(n, 16, 4).parameters()) for n in NEURONS]
    assert made.num_parameters == sum(each) + 1  # and the temperature
    held = [*made.models[0].parameters(), *made.models[1].parameters(), made.criterion.log_inverse_temperature]
    assert [id(p) for p in made.parameters()] == [id(p) for p in held]
    theirs = torch.nn.ModuleList([reference.models.init("offset10-model", n, 16, 4) for n in NEURONS])
    other = reference.solver.init(
        "multi-session",
        model=theirs,
        criterion=reference.models.criterions.LearnableCosineInfoNCE(),
        optimizer=torch.optim.Adam(theirs.parameters()),
    )
    for ask in (lambda: other.num_parameters, lambda: list(other.parameters())):
        with pytest.raises(RuntimeError, match="session_id"):
            ask()


def test_references_are_embedded_by_their_own_model():
    torch.manual_seed(5)
    made = built("single-session-aux", reference_model=Offset10Model(9, 16, 4))
    made.fit(loader_for("ContinuousDataLoader", made, 1, steps=1))
    series = session().neural
    theirs = made.transform(series, use_reference_model=True)
    assert not torch.allclose(theirs, made.transform(series))
    other = built("single-session")
    other.model, other.n_features = made.reference_model, 9
    assert torch.equal(theirs, other.transform(series))


# A fit that was stopped --------------------------------------------------------------------------------------------


class Stop(Exception):
    pass


def stop_at(step: int):
    def hook(number, of):
        if number == step:
            raise Stop

    return hook


RESUMED = {
    **{name: MODES[name] for name in ("continuous", "hybrid", "discrete, two", "full")},
    "own batches": ("single-session", "ContinuousDataLoader", 1, {"own": True}),
}


@pytest.mark.parametrize("mode", RESUMED)
def test_a_stopped_fit_ends_as_if_it_had_not(mode, tmp_path):
    name, kind, sessions, options = RESUMED[mode]

    def fit(folder, hook=None, resume=False):
        made = built(name, sessions)
        held_out = loader_for(kind, made, sessions, steps=1, **{**options, "seed": 4})
        made.fit(
            loader_for(kind, made, sessions, steps=12, **options),
            held_out,
            valid_frequency=3,
            save_frequency=2,
            logdir=folder,
            save_hook=hook,
            restore_best=True,
            resume=resume,
        )
        return made

    whole = fit(tmp_path / "whole")
    with pytest.raises(Stop):
        fit(tmp_path / "stopped", stop_at(6))
    resumed = fit(tmp_path / "stopped", resume=True)
    assert resumed.log == whole.log
    assert resumed.history == whole.history
    assert resumed.best_step == whole.best_step
    for a, b in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)


def test_dropout_goes_on_with_its_own_draws(tmp_path):
    def fit(folder, hook=None, resume=False):
        torch.manual_seed(0)
        from cebra_pipe.models.model import Offset36Dropout

        model, criterion = Offset36Dropout(9, 16, 4), criterions.InfoNCE()
        made = solver.init("single-session", model, criterion, torch.optim.Adam(model.parameters()), tqdm_on=False)
        session_ = session()
        session_.trial = None
        session_.configure_for(model)
        loader = data.ContinuousDataLoader(session_, num_steps=5, batch_size=16, seed=1)
        made.fit(loader, save_frequency=1, logdir=folder, save_hook=hook, resume=resume)
        return made

    whole = fit(tmp_path / "whole")
    with pytest.raises(Stop):
        fit(tmp_path / "stopped", stop_at(3))
    assert fit(tmp_path / "stopped", resume=True).history == whole.history


def test_damaged_checkpoints_are_stepped_over(tmp_path, capsys):
    made = built("single-session")
    made.fit(loader_for("ContinuousDataLoader", made, 1), save_frequency=2, logdir=tmp_path)
    path = tmp_path / "checkpoint_0000004.pth"
    raw = path.read_bytes()
    for damaged in (raw[: len(raw) // 2], raw[:3000] + bytes([raw[3000] ^ 1]) + raw[3001:], b""):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"checkpoint_0000004\.pth: expected a whole checkpoint"):
            made.load(tmp_path, "checkpoint_0000004.pth")
    again = built("single-session")
    again.fit(loader_for("ContinuousDataLoader", again, 1), save_frequency=2, logdir=tmp_path, resume=True)
    told = capsys.readouterr().err
    assert "checkpoint_0000004.pth" in told
    assert "goes on after step 3" in told
    assert again.history == made.history


def test_resume_is_for_the_same_fit(tmp_path):
    made = built("single-session")
    made.fit(loader_for("ContinuousDataLoader", made, 1), save_frequency=2, logdir=tmp_path)
    for changed, told in (
        ({"seed": 2}, "seed: 1, now 2"),
        ({"conditional": "time"}, "conditional: time_delta, now time"),
    ):
        with pytest.raises(ValueError, match=told):
            made.fit(
                loader_for("ContinuousDataLoader", made, 1, **changed), save_frequency=2, logdir=tmp_path, resume=True
            )
    loader = loader_for("ContinuousDataLoader", made, 1)
    loader.dataset.neural[3] += 1
    with pytest.raises(ValueError, match="data: "):
        made.fit(loader, save_frequency=2, logdir=tmp_path, resume=True)
    assert "course" not in torch.load(made.save(tmp_path, "after.pth"))  # of the fit that was refused
    with pytest.raises(ValueError, match="resume"):
        made.fit(loader, resume=True)


def test_the_last_step_is_scored():
    """Otherwise the best of what was scored may be a model that has hardly begun."""
    made = built("single-session")
    loader = loader_for("ContinuousDataLoader", made, 1, steps=30)
    made.fit(
        loader, loader_for("ContinuousDataLoader", made, 1, steps=2, seed=7), valid_frequency=100, restore_best=True
    )
    assert [number for number, _ in made.log["valid"]] == [0, 29]
    assert made.best_step == 29
