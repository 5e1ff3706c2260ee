"""What a step must cost: its multiplications at the rate of this machine for such matrices, and its memory traffic."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence

import torch

KERNELS, UNITS, DIMENSION, BATCH = (2, 3, 3, 3, 3), 32, 3, 512  # offset10-model of cases.OPTIONS
WINDOW = sum(KERNELS) - len(KERNELS) + 1


def main() -> None:
    """Print the floor of a step as JSON: `floor.py DRAWN OBJECTIVES SAMPLESxNEURONS …`, one size a session."""
    drawn, objectives, *sizes = sys.argv[1:]
    print(json.dumps(floor([tuple(map(int, size.split("x"))) for size in sizes], int(drawn), int(objectives))))


def floor(sizes: Sequence[tuple[int, int]], drawn: int, objectives: int) -> dict:
    """Seconds of a dense step on sessions of (samples, neurons), `drawn` samples of each.

    Each layer runs over the whole series or over windows, the first ones over series, whichever is least in all.
    """
    encoders = sum(encoder(samples, neurons, drawn) for samples, neurons in sizes)
    pairs = len(sizes) * BATCH
    loss = objectives * (3 * product(pairs, DIMENSION, pairs) + exponentials(pairs**2))
    numbers = sum(UNITS * min(samples, drawn * WINDOW) * len(KERNELS) for samples, _ in sizes)
    moved = 4 * numbers * 4  # written and read forward and backward, four bytes each
    return {"dense": encoders + loss, "memory": moved / bandwidth()}


def encoder(samples: int, neurons: int, drawn: int) -> float:
    """Seconds of products and activations, forward and back."""
    whole = layers(neurons, lambda reach: samples - reach)
    windows = layers(neurons, lambda reach: drawn * (WINDOW - reach))
    return min(sum(whole[:depth]) + sum(windows[depth:]) for depth in range(len(KERNELS) + 1))


def layers(neurons: int, rows: Callable[[int], int]) -> list[float]:
    """Seconds of each layer: products forward, for weights, and from the second on for the input; its activation."""
    found, reach, inputs = [], 0, neurons
    for layer, kernel in enumerate(KERNELS):
        reach += kernel - 1
        last = layer == len(KERNELS) - 1
        outputs = DIMENSION if last else UNITS
        took = (2 if layer == 0 else 3) * product(rows(reach), kernel * inputs, outputs)
        found.append(took + (0.0 if last else activation(rows(reach) * outputs)))
        inputs = outputs
    return found


def activation(numbers: int) -> float:
    """Seconds forward and back."""
    x = torch.randn(numbers)
    back = torch.ops.aten.gelu_backward
    return fastest(lambda: torch.nn.functional.gelu(x)) + fastest(lambda: back(x, x))


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
    """Seconds of processor with one thread, of the clock with several, as steps are timed.

    The least of some rounds, since others only add to it.
    """
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    work()
    found = []
    for _ in range(rounds):
        begin = clock()
        work()
        found.append(clock() - begin)
    return max(min(found), 1e-9)


if __name__ == "__main__":
    main()
