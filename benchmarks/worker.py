"""One measurement of one program in a process of its own: `worker.py PROGRAM KIND DATA OPTIONS STEPS` prints JSON.

The same lines run both programs: a user of one changes the import. Times are of the processor, which others on the
machine disturb less, and of the clock. A step costs what a fit of many takes more than a fit of one: set-up is apart.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np

SMALL = 3000  # samples of the fit that warms up
SEEDS = 10

Sessions = tuple[list[np.ndarray], list[list[np.ndarray]]]  # X a session, label sets a session


def main() -> None:
    """Measure and print."""
    name, kind, path, options, steps = sys.argv[1:6]
    warnings.simplefilter("ignore")
    program = importlib.import_module(name)
    given = read(path)
    print(json.dumps(KINDS[kind](program, given, json.loads(options), int(steps))))


def read(path: str) -> Sessions:
    with np.load(path) as arrays:
        count = sum(name.startswith("X") for name in arrays.files)
        signals = [arrays[f"X{s}"] for s in range(count)]
        signals = [x.astype(np.float32) if x.dtype == np.uint8 else x for x in signals]
        labels = [[arrays[n] for n in sorted(arrays.files) if n.startswith(f"y{s}_")] for s in range(count)]
    return signals, labels


def fit(program: ModuleType, given: Sessions, options: dict, steps: int) -> dict:
    """Seconds a step, and of all that comes before the first; the last loss."""
    _fitted(program, _cut(given), options, 2)
    once, _ = timed(lambda: _fitted(program, given, options, 1))
    many, model = timed(lambda: _fitted(program, given, options, steps))
    step = {name: (many[name] - once[name]) / (steps - 1) for name in once}
    return {
        **step,
        "set_up": once["cpu"] - step["cpu"],
        "loss": float(np.mean(model.solver_.log["total"][-20:])),
        "peak": peak(),
    }


def memory(program: ModuleType, given: Sessions, options: dict, steps: int) -> dict:
    """Peak memory (bytes) of a fit, the data included."""
    took, _ = timed(lambda: _fitted(program, given, options, steps))
    return {**took, "peak": peak()}


def transform(program: ModuleType, given: Sessions, options: dict, steps: int) -> dict:
    """Seconds to embed all samples, and what memory it takes on top of what is there, as a share of input + output."""
    model = _fitted(program, _cut(given), options, 2)
    before = peak()
    took, out = timed(lambda: model.transform(given[0][0]))
    return {**took, "peak": peak(), "added": (peak() - before) / (given[0][0].nbytes + out.nbytes)}


def align(program: ModuleType, given: Sessions, options: dict, steps: int) -> dict:
    """Seconds to turn one embedding onto another by labels."""
    (reference, moved), ((ref_label,), (label,)) = given
    took, _ = timed(lambda: program.data.helper.OrthogonalProcrustesAlignment().fit(reference, moved, ref_label, label))
    return {**took, "peak": peak()}


def consistency(program: ModuleType, given: Sessions, options: dict, steps: int) -> dict:
    """Seconds for all pairs of recordings, ten times."""
    score = program.sklearn.metrics.consistency_score

    def seeds(given: Sessions, number: int) -> None:
        labels = [np.ascontiguousarray(y[:, 0]) for y, *_ in given[1]]
        names = [f"rat{s}" for s in range(len(labels))]
        for _ in range(number):
            score(given[0], between="datasets", labels=labels, dataset_ids=names)

    return _warm(seeds, given)


def decoding(program: ModuleType, given: Sessions, options: dict, steps: int) -> dict:
    """Seconds to fit a decoder on four fifths of each recording and score it on the rest, ten times."""

    def seeds(given: Sessions, number: int) -> None:
        for _ in range(number):
            for x, (y, *_) in zip(*given, strict=True):
                cut = len(x) * 4 // 5
                program.KNNDecoder(n_neighbors=25).fit(x[:cut], y[:cut, 0]).score(x[cut:], y[cut:, 0])

    return _warm(seeds, given)


def _warm(seeds: Callable[[Sessions, int], None], given: Sessions) -> dict:
    """Seconds of ten seeds after one on little data, which imports what is imported late."""
    seeds(_cut(given), 1)
    return {**timed(lambda: seeds(given, SEEDS))[0], "peak": peak()}


def timed(work: Callable) -> tuple[dict[str, float], object]:
    """Seconds of processor (all threads) and clock, and what came out."""
    cpu, wall = time.process_time(), time.perf_counter()
    out = work()
    return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}, out


def peak() -> int:
    """Bytes of the largest resident set so far."""
    status = Path("/proc/self/status")
    told = dict(line.split(":", 1) for line in status.read_text().splitlines()) if status.exists() else {}
    if "VmHWM" in told:  # what rusage tells on Linux includes the process that started this one
        return 1024 * int(told["VmHWM"].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _fitted(program: ModuleType, given: Sessions, options: dict, steps: int):
    model, (signals, labels) = program.CEBRA(max_iterations=steps, **options), given
    if options.get("conditional") == "time":
        return model.fit(signals[0])
    if len(signals) == 1:
        return model.fit(signals[0], *labels[0])
    return model.fit(signals, [sets[0] for sets in labels])


def _cut(given: Sessions) -> Sessions:
    return [x[:SMALL] for x in given[0]], [[y[:SMALL] for y in sets] for sets in given[1]]


KINDS = {each.__name__: each for each in (fit, memory, transform, align, consistency, decoding)}

if __name__ == "__main__":
    main()
