"""The options of `cebra-pipe train`, without what it trains with: help has to come at once."""

from __future__ import annotations

import argparse

# option -> default, whose type is that of the option, and what it is
OPTIONS = {
    "variant": ("single-session", "solver: single-session[-hybrid] or multi-session[-hybrid]"),
    "loss-distance": ("cosine", "similarity: cosine or euclidean"),
    "temperature": (1.0, "temperature of the loss, or where a trained one starts"),
    "temperature-mode": ("constant", "constant, or auto: it is trained"),
    "time-offset": (10, "samples between the members of a pair"),
    "num-steps": (1000, "training steps"),
    "learning-rate": (3e-4, "of Adam"),
    "model": ("offset10-model", "architecture"),
    "batch-size": (512, "references of a step, of each session"),
    "num-hidden-units": (32, "width of the hidden layers"),
    "num-output": (8, "dimensions of the embedding"),
    "device": ("cpu", "auto (or cuda_if_available), cpu or cuda"),
    "valid-frequency": (100, "steps from one score on the valid part to the next"),
    "train-ratio": (0.8, "share of the samples, from the beginning"),
    "valid-ratio": (0.1, "share that follows; the rest is for the test"),
    "seed": (0, "of weights and draws"),
}
CHOICES = {"loss-distance": ("cosine", "euclidean"), "temperature-mode": ("constant", "auto")}
POSITIVES = ("time", "time_delta", "delta_normal")


def add_train_options(verb: argparse.ArgumentParser) -> None:
    """The documented options of training, and those that name arrays in a file."""
    verb.add_argument("--data", required=True, help="name of a data set, or a file")
    verb.add_argument("--logdir", required=True, help="folder of checkpoints and scores; a stopped run goes on there")
    for name, (default, told) in OPTIONS.items():
        told = f"{told} (default {default})"
        verb.add_argument(f"--{name}", type=type(default), default=default, choices=CHOICES.get(name), help=told)
    verb.add_argument("--conditional", choices=POSITIVES, help="positives (default: time_delta, without labels time)")
    verb.add_argument("--delta", type=float, help="standard deviation of delta_normal (default 0.1)")
    verb.add_argument("--save-frequency", type=int, help="steps between checkpoints (default: a tenth of all)")
    for name in ("neural", "continuous", "discrete"):
        verb.add_argument(f"--{name}", metavar="KEY", help=f"of a file: the key of the {name} array")
    verb.add_argument("--share-model", action="store_true", help="not offered: each session has a model of its own")
    verb.add_argument("--tqdm", nargs="?", const=True, default=False, type=_truth, help="true or false: a progress bar")


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"expected true or false, found {text!r}")
    return text.lower() == "true"
