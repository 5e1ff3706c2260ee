"""One model on a named data set or on a file, without a study: `cebra-pipe train`.

Time is cut into train, valid and test, a window of the model apart. A run that was stopped goes on where it was when
the same command is given again.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from .. import data, datasets, models, solver
from ..data.table import replacing
from ..errors import Problem, Problems, UserError, did_you_mean
from ..models import criterions
from ..solver.device import resolve
from .jobs.gpu_errors import gpu_errors
from .train_data import ARRAYS, dataset_of, loader_of
from .train_options import OPTIONS

CRITERIA = {
    ("cosine", "constant"): criterions.FixedCosineInfoNCE,
    ("cosine", "auto"): criterions.LearnableCosineInfoNCE,
    ("euclidean", "constant"): criterions.FixedEuclideanInfoNCE,
    ("euclidean", "auto"): criterions.LearnableEuclideanInfoNCE,
}
VARIANTS = ("single-session", "single-session-hybrid", "multi-session", "multi-session-hybrid")
PARTS = ("train", "valid", "test")
UNSEEN = ("verb", "version", "tqdm", "logdir", "share_model")  # options that change no number
OTHERS = {  # solvers that are documented, and where what they do is found
    "single-session-full": "Every sample in each step: batch_size=None of the estimator, batch_size: full of a study.",
    "unified-session": "multi-session trains the recordings together, and embeds each without labels.",
    "single-session-aux": "Aux solvers are made in Python: cebra_pipe.solver.init('single-session-aux', ...).",
    "multi-session-aux": "Aux solvers are made in Python: cebra_pipe.solver.init('multi-session-aux', ...).",
}


@gpu_errors()
def main(options: argparse.Namespace) -> int:
    """Train, keep checkpoints in `logdir`, and write scores.json beside them."""
    check(options)
    device = resolve("auto" if options.device == "cuda_if_available" else options.device, gpus=1)
    try:
        whole, logdir = dataset_of(options), Path(options.logdir)
        made = _solver(options, whole)
        parts = split(whole, len(made.models[0].get_offset()), options.train_ratio, options.valid_ratio)
        loaders = {}
        for name, part in parts.items():
            part.configure_for(made.models[0])
            loaders[name] = loader_of(options, part.to(device), options.num_steps if name == "train" else 10)
        _claim(logdir, {k: v for k, v in sorted(vars(options).items()) if k not in UNSEEN})
        made.fit(
            loaders["train"],
            loaders["valid"],
            save_frequency=options.save_frequency or max(1, options.num_steps // 10),
            valid_frequency=options.valid_frequency,
            logdir=logdir,
            resume=True,
        )
        made.save(logdir)
        best = made.best_step
        made.load(logdir, "checkpoint_best.pth")
        scores = {name: made.validation(loader) for name, loader in loaders.items() if name != "train"}
    except UserError:
        raise
    except (ValueError, TypeError, NotImplementedError) as error:
        raise UserError(Problem("train", "options that fit the data", str(error).rstrip("."))) from error
    _write(logdir / "scores.json", {"best_step": best, "loss": scores})
    told = ", ".join(f"{name} {loss:.4f} nats" for name, loss in scores.items())
    print(f"best at step {best}: {told}. Checkpoints and scores.json in {logdir}.")
    return 0


def check(options: argparse.Namespace) -> None:
    """A UserError with everything in the options that cannot be."""
    problems = Problems()
    if options.variant not in VARIANTS:
        remedy = OTHERS.get(options.variant) or did_you_mean(options.variant, VARIANTS)
        problems.add("--variant", f"one of {', '.join(VARIANTS)}", repr(options.variant), remedy)
    if options.share_model:
        remedy = "Leave it out: sessions differ in their neurons, so each has a model of its own."
        problems.add("--share-model", "nothing", "the option", remedy)
    if options.model not in models.get_options():
        found = did_you_mean(options.model, models.get_options(expand_parametrized=False))
        problems.add("--model", "an architecture", repr(options.model), found)
    for name in ("num_steps", "batch_size", "time_offset", "num_hidden_units", "num_output", "valid_frequency"):
        if getattr(options, name) < 1:
            problems.add(_flag(name), "a number above 0", str(getattr(options, name)))
    if options.save_frequency is not None and options.save_frequency < 1:
        problems.add("--save-frequency", "a number above 0", str(options.save_frequency))
    for name in ("temperature", "learning_rate", "delta"):
        if (value := getattr(options, name)) is not None and not 0 < value < float("inf"):
            problems.add(_flag(name), "a number above 0", str(value))
    if options.delta is not None and options.conditional != "delta_normal":
        problems.add("--delta", "nothing without --conditional delta_normal", str(options.delta), "Leave it out.")
    timed = options.conditional != "delta_normal" or options.variant.endswith("hybrid")
    if not timed and options.time_offset != OPTIONS["time-offset"][0]:
        expected = "nothing where delta says how far positives are"
        problems.add("--time-offset", expected, str(options.time_offset), "Leave it out.")
    train, valid = options.train_ratio, options.valid_ratio
    if not (0 < train < 1 and 0 < valid < 1 and train + valid < 1):
        problems.add("--train-ratio, --valid-ratio", "shares above 0 that leave a rest for test", f"{train}, {valid}")
    if not Path(options.data).is_file():
        for name in ARRAYS:
            if getattr(options, name) is not None:
                problems.add(_flag(name), "nothing for a named data set", getattr(options, name), "Leave it out.")
        if options.data not in (names := datasets.get_options()):
            remedy = did_you_mean(options.data, names)
            problems.add("--data", "a file, or the name of a data set", repr(options.data), remedy)
    problems.raise_any()


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _claim(logdir: Path, asked: dict) -> None:
    """Note what this run is; a UserError where the folder holds another one, of which at least a step was kept."""
    path = logdir / "options.json"
    if path.exists() and any(logdir.glob("*.pth")):
        before = json.loads(path.read_text())
        if differs := [name for name in asked if before.get(name) != asked[name]]:
            found = ", ".join(f"{_flag(name)} {before.get(name)}" for name in differs)
            raise UserError(Problem(str(path), "the options of this run", f"one with {found}", "Use another --logdir."))
    _write(path, asked)


def _write(path: Path, content: dict) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n")


def _solver(options: argparse.Namespace, whole: data.Dataset) -> solver.Solver:
    sessions = list(whole.iter_sessions()) if whole.multisession else [whole]
    if whole.multisession != options.variant.startswith("multi"):
        found = f"{len(sessions)} session{'s' * (len(sessions) > 1)}, with {options.variant}"
        raise UserError(Problem("--variant", "single-session for one session, multi-session for several", found))
    sizes, start = (options.num_hidden_units, options.num_output), torch.Generator().manual_seed(options.seed)
    made = [models.init(options.model, s.input_dimension, *sizes, generator=start) for s in sessions]
    criterion = CRITERIA[options.loss_distance, options.temperature_mode](temperature=options.temperature)
    model = torch.nn.ModuleList(made) if whole.multisession else made[0]
    optimizer = torch.optim.Adam([*model.parameters(), *criterion.parameters()], lr=options.learning_rate)
    return solver.init(options.variant, model, criterion, optimizer, tqdm_on=options.tqdm)


def split(whole: data.Dataset, window: int, train: float, valid: float) -> dict[str, data.Dataset]:
    """By time, session by session: shares of the samples, `window` samples between parts."""
    sessions = list(whole.iter_sessions()) if whole.multisession else [whole]
    cut = [_cut(session, window, train, valid) for session in sessions]
    parts = dict(zip(PARTS, zip(*cut, strict=True), strict=True))
    return {name: data.DatasetCollection(*each) if whole.multisession else each[0] for name, each in parts.items()}


def _cut(session: data.Dataset, window: int, train: float, valid: float) -> list[data.Dataset]:
    ends = [round(len(session) * share) for share in (train, train + valid, 1.0)]
    begins = [0, ends[0] + window, ends[1] + window]
    columns = ("continuous", "discrete", "trial")
    made = []
    for name, begin, end in zip(PARTS, begins, ends, strict=True):
        if end - begin < 2 * window:
            remedy = "Take a longer recording, a model with a shorter window, or other ratios."
            found = f"{max(0, end - begin)} of {len(session)}"
            raise UserError(Problem(f"part {name}", f"at least {2 * window} samples, two windows", found, remedy))
        labels = {c: v[begin:end] for c in columns if (v := getattr(session, c, None)) is not None}
        made.append(data.TensorDataset(session.neural[begin:end], **labels))
    return made
