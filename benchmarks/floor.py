"""What a step must cost: its multiplications at the rate of this machine for such matrices, and its memory traffic."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import torch

KERNELS, UNITS, DIMENSION, BATCH = (2, 3, 3, 3, 3), 32, 3, 512  # offset10-model of cases.OPTIONS
WINDOW = sum(KERNELS) - len(KERNELS) + 1


def main() -> None:
    """Print the floor of a step as JSON: `floor.py NEURONS SAMPLES DRAWN OBJECTIVES`."""
    neurons, samples, drawn, objectives = map(int, sys.argv[1:5])
    print(json.dumps(floor(neurons, samples, drawn, objectives)))


def floor(neurons: int, samples: int, drawn: int, objectives: int) -> dict:
    """Seconds of a dense step over whole series and over windows, each layer at the rate of products of its shape."""
    whole = products(neurons, lambda reach: samples - reach)
    windows = products(neurons, lambda reach: drawn * (WINDOW - reach))
    loss = objectives * (3 * product(BATCH, DIMENSION, BATCH) + exponentials(BATCH * BATCH))
    numbers = UNITS * min(samples, drawn * WINDOW) * len(KERNELS)
    moved = 4 * numbers * 4  # written and read forward and backward, four bytes each
    return {"dense": min(whole, windows) + loss, "memory": moved / bandwidth()}


def products(neurons: int, rows: Callable[[int], int]) -> float:
    """Seconds of all layers' products: forward, for weights, and from the second layer on for the input."""
    total, reach, inputs = 0.0, 0, neurons
    for layer, kernel in enumerate(KERNELS):
        reach += kernel - 1
        outputs = DIMENSION if layer == len(KERNELS) - 1 else UNITS
        total += (2 if layer == 0 else 3) * product(rows(reach), kernel * inputs, outputs)
        inputs = outputs
    return total


def product(rows: int, inner: int, columns: int) -> float:
    a, b = torch.rand(rows, inner), torch.rand(inner, columns)
    out = torch.empty(rows, columns)
    return fastest(lambda: torch.mm(a, b, out=out))


def exponentials(number: int) -> float:
    x = torch.rand(number)
    return fastest(lambda: torch.exp(x, out=x).log_())


def bandwidth() -> float:
    """Bytes a second, read and written."""
    x = torch.rand(2**24)
    y = torch.empty_like(x)
    return 2 * 4 * len(x) / fastest(lambda: y.copy_(x))


def fastest(work: Callable[[], object], rounds: int = 7) -> float:
    """Seconds of processor; the least of some rounds, since others only add to it."""
    work()
    found = []
    for _ in range(rounds):
        begin = time.process_time()
        work()
        found.append(time.process_time() - begin)
    return max(min(found), 1e-9)


if __name__ == "__main__":
    main()
