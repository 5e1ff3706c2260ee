"""The named data sets as rows: no torch is needed to list them."""

from __future__ import annotations

from ..registry import Option

RATS = ("achilles", "buddy", "cicero", "gatsby")
NOISE = ("t", "uniform", "laplace", "poisson", "gaussian", "refractory-poisson")
FOLDS = range(3)
SHUFFLES = range(1000)
SIMULATED = {  # the recordings of the default study (config.yaml)
    1: {"seed": 12, "neurons": 66, "samples": 7000, "place_cells": 0.62, "interneurons": 0.0},
    2: {"seed": 1, "neurons": 48, "samples": 6600, "place_cells": 0.42, "interneurons": 0.03},
    3: {"seed": 16, "neurons": 54, "samples": 6400, "place_cells": 0.37, "interneurons": 0.04},
    4: {"seed": 9, "neurons": 64, "samples": 6800, "place_cells": 0.50, "interneurons": 0.02},
}


def _family(target: str, rows: dict[str, dict]) -> dict[str, Option]:
    """Rows of one class; all but the first are left out where families are not expanded."""
    return {
        name: Option(f"datasets.sessions:{target}", kwargs, family=i > 0)
        for i, (name, kwargs) in enumerate(rows.items())
    }


def _demo(target: str, *kinds: str) -> Option:
    return Option(f"datasets.sessions:{target}", {"kinds": kinds})


DATASETS = {
    "demo-discrete": _demo("Demo", "discrete"),
    "demo-continuous": _demo("Demo", "continuous"),
    "demo-mixed": _demo("Demo", "continuous", "discrete"),
    "demo-discrete-multisession": _demo("DemoSessions", "discrete"),
    "demo-continuous-multisession": _demo("DemoSessions", "continuous"),
    "demo-continuous-unified": Option("datasets.sessions:DemoUnified"),
    **_family("Rat", {f"rat-hippocampus-single-{rat}": {"rat": rat} for rat in RATS}),
    "rat-hippocampus-multisession": Option("datasets.sessions:Rats"),
    **_family(
        "RatPart",
        {
            f"rat-hippocampus-{rat}-3fold-trial-split-{fold}": {"rat": rat, "split_no": fold}
            for rat in RATS
            for fold in FOLDS
        },
    ),
    **_family(
        "RatsPart", {f"rat-hippocampus-multisubjects-3fold-trial-split-{fold}": {"split_no": fold} for fold in FOLDS}
    ),
    **_family(
        "RatShuffled",
        {f"rat-hippocampus-{rat}-corrupt-{seed}": {"rat": rat, "seed": seed} for rat in RATS for seed in SHUFFLES},
    ),
    **_family("SimulatedRat", {f"simulated-rat-{i}": recipe for i, recipe in SIMULATED.items()}),
    **_family("Benchmark", {f"continuous-label-{noise}": {"noise": noise} for noise in NOISE}),
}
