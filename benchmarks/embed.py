"""One fit of one program in a process of its own: `embed.py PROGRAM MODE SEED STEPS DATA OUT` writes an .npz.

The same lines run both programs: a user of one changes the import. In OUT: embeddings `train` and `test` (sample,
dimension), `history` (step,) of training losses in nats, `seconds` of processor for the fit, `version`.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import os
import random
import sys
import time
import warnings
from pathlib import Path

import numpy as np

# The options that the method's documents give for these rats, in three dimensions.
OPTIONS = {
    "model_architecture": "offset10-model",
    "batch_size": 512,
    "learning_rate": 3e-4,
    "temperature": 1,
    "output_dimension": 3,
    "distance": "cosine",
    "time_offsets": 10,
    "device": "cpu",
    "verbose": False,
}
MODES = {
    "behavior": {"conditional": "time_delta"},
    "time": {"conditional": "time"},
    "hybrid": {"conditional": "time_delta", "hybrid": True},
    "discrete": {},
    "mixed": {},
}
BINS, WIDTH = 16, 0.1  # m: places that are one class with the direction of the run


def main() -> None:
    """Fit, embed, write whole."""
    name, mode, seed, steps, data, out = sys.argv[1:7]
    import torch

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    for start in (random.seed, np.random.seed, torch.manual_seed):  # one program takes its seeds from here alone
        start(int(seed))
    program = importlib.import_module(name)
    train, test = parts(data)
    began = time.process_time()
    more = {"random_state": int(seed)} if name == "cebra_pipe" else {}
    model = program.CEBRA(max_iterations=int(steps), **OPTIONS, **MODES[mode], **more)
    model.fit(train[0], *labels(mode, train[1]))
    seconds = time.process_time() - began
    found = {"train": model.transform(train[0]), "test": model.transform(test[0])}
    found |= {"history": np.asarray([float(loss) for loss in model.solver_.history]), "seconds": seconds}
    whole = Path(out).with_suffix(".part.npz")
    np.savez(whole, version=version(name), **found)
    os.replace(whole, out)


def parts(path: str | Path) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """The first four fifths of the time, and the rest: counts (sample, neuron), position in m, right, left."""
    with np.load(path) as arrays:
        counts, position = arrays["spikes"].astype(np.float32), arrays["position"].astype(np.float64)
    cut = len(counts) * 4 // 5
    return (counts[:cut], position[:cut]), (counts[cut:], position[cut:])


def labels(mode: str, position: np.ndarray) -> tuple[np.ndarray, ...]:
    """What `fit` gets beside the signal; whole numbers are classes."""
    right = position[:, 1].astype(np.int64)
    place = np.minimum(position[:, 0] / WIDTH, BINS - 1).astype(np.int64)
    return {
        "behavior": (position,),
        "time": (),
        "hybrid": (position,),
        "discrete": (2 * place + right,),
        "mixed": (position[:, :1], right),
    }[mode]


def version(name: str) -> str:
    """What an embedding was made by: a release, or the code of a fit of this package."""
    if name != "cebra_pipe":
        return importlib.metadata.version(name)
    from cebra_pipe.pipeline.jobs.fingerprint import import_closure, source

    text = "\n".join(source(module).meaning for module in sorted(import_closure("cebra_pipe.sklearn.estimator")))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


if __name__ == "__main__":
    main()
