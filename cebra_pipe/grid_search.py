"""Fits over a grid of parameters, scored alike: held-out data where there are some, and bits beside losses.

For many models, on a cluster or with null distributions, the workflow is the better place: there every fit is a job.
"""

from __future__ import annotations

import itertools
import json
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .errors import MissingPackage, Problem, Problems, UserError, did_you_mean
from .sklearn.estimator import CEBRA
from .sklearn.goodness import goodness_of_fit_score, infonce_loss

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

INDEX = "grid.json"
BATCHES = 100  # of a score
SEQUENCES = ("optimizer_kwargs", "label_weights", "label_periods")  # whose single value is a sequence itself
# Losses and bits compare only where these are equal; losses also need equal numbers of negatives.
COMPARABLE = {
    "goodness_of_fit": (
        "dataset_name",
        "temperature",
        "temperature_mode",
        "distance",
        "output_dimension",
        "conditional",
    )
    + ("time_offsets", "delta", "hybrid", "prior", "label_weights", "label_periods"),
}
COMPARABLE["infonce_loss"] = (*COMPARABLE["goodness_of_fit"], "batch_size", "num_negatives")


@dataclass(frozen=True)
class Fit:
    """One model of a grid: its name, what varied, and what it scores; NaN where there is no such score."""

    name: str
    dataset_name: str
    parameters: dict[str, object]
    loss: float  # nats, on the data of the fit
    bits: float
    held_out_loss: float
    held_out_bits: float


class GridSearch:
    """Trains the models of a grid one after the other and compares them.

    Lists and tuples of a parameter vary, all else is fixed; `random_state=[0, 1, 2]` varies the seed.
    """

    def __init__(self) -> None:
        self._models: dict[str, CEBRA] = {}
        self._fits: list[Fit] = []

    def generate_models(self, params: Mapping[str, object]) -> tuple[dict[str, CEBRA], list[dict[str, object]]]:
        """By name a model for each combination of `params`, and the parameters that vary, in the same order."""
        lists = {name: list(value) for name, value in params.items() if _varies(name, value)}
        _check(params, lists)
        grid = [dict(zip(lists, values, strict=True)) for values in itertools.product(*lists.values())]
        models = {_name(row) or "model": CEBRA(**{**params, **row}) for row in grid}
        if len(models) < len(grid):
            raise UserError(Problem("params", "values with names of their own", "two with the same", str(list(models))))
        return models, grid

    def fit_models(
        self,
        datasets: Mapping[str, object],
        params: Mapping[str, object],
        models_dir: str | Path | None = "saved_models",
        held_out: Mapping[str, object] | None = None,
    ) -> GridSearch:
        """Itself, with every model of the grid fitted to every data set.

        Args:
            datasets: by name X, or (X, *y) as `CEBRA.fit` takes them.
            params: parameters of `CEBRA`; a list or tuple varies.
            models_dir: a folder for the models and `grid.json`; None keeps them in memory alone.
            held_out: by the same names data that no model learns from, and that the best is chosen by.
        """
        _check_data(datasets, held_out)
        self._models, self._fits = {}, []
        for dataset_name, data in datasets.items():
            models, grid = self.generate_models(params)
            for (name, model), row in zip(models.items(), grid, strict=True):
                name = f"{name}_{_safe(dataset_name)}"
                model.fit(*_parts(data))
                unseen = None if held_out is None else _parts(held_out[dataset_name])
                self._models[name] = model
                self._fits.append(Fit(name, dataset_name, row, *_scores(model, _parts(data)), *_scores(model, unseen)))
        if models_dir is not None:
            _write(Path(models_dir), self._models, self._fits)
        return self

    @classmethod
    def load(cls, models_dir: str | Path) -> tuple[dict[str, CEBRA], list[dict[str, object]]]:
        """By name the models of a folder, and the parameters that vary, in the same order."""
        models, fits = _read(Path(models_dir))
        return models, [fit.parameters for fit in fits]

    def get_best_model(
        self,
        scoring: str = "infonce_loss",
        dataset_name: str | None = None,
        models_dir: str | Path | None = None,
    ) -> tuple[CEBRA, str]:
        """The best model and its name, by held-out data where there were some, else by the data of the fit.

        Args:
            scoring: infonce_loss (the lowest), or goodness_of_fit (the most bits), for models of different batch sizes.
            dataset_name: only models of this data set.
            models_dir: a folder of an earlier search; the last search of this object where none is given.
        """
        if scoring not in COMPARABLE:
            raise UserError(Problem("scoring", " or ".join(COMPARABLE), repr(scoring)))
        models, fits = self._held(models_dir)
        names = list(dict.fromkeys(fit.dataset_name for fit in fits))
        if dataset_name is not None and dataset_name not in names:
            raise UserError(
                Problem("dataset_name", "a data set", repr(dataset_name), did_you_mean(dataset_name, names))
            )
        fits = [fit for fit in fits if dataset_name in (None, fit.dataset_name)]
        _warn_of_differences(fits, models, scoring)
        key, sign = {"infonce_loss": ("loss", 1), "goodness_of_fit": ("bits", -1)}[scoring]
        unseen = not np.isnan([fit.held_out_loss for fit in fits]).all()
        if not unseen and len(fits) > 1:
            text = "chosen by the data of the fit, which favours what fits its noise. Give fit_models held_out data"
            warnings.warn(text, stacklevel=2)
        values = np.array([getattr(fit, "held_out_" * unseen + key) for fit in fits])
        if np.isnan(values).all():
            remedy = "Bits of two objectives do not add up: use scoring='infonce_loss'."
            raise UserError(Problem("scoring", "models with one objective", "hybrid models", remedy))
        best = fits[int(np.nanargmin(sign * values))].name
        return models[best], best

    def get_df_results(self, models_dir: str | Path | None = None) -> pd.DataFrame:
        """A row a model: name, data set, what varied, nats and bits on the data of the fit and on held-out ones."""
        try:
            import pandas as pd
        except ImportError as error:
            raise MissingPackage(Problem("get_df_results", "pandas", "none", "pip install pandas")) from error
        rows = [asdict(fit) for fit in self._held(models_dir)[1]]
        return pd.DataFrame([row.pop("parameters") | row for row in rows])

    def plot_loss_comparison(self, models_dir: str | Path | None = None, **kwargs: object) -> Axes:
        """Axes with the training losses of all models; `kwargs` for `cebra_pipe.compare_models`."""
        from .plot.public_training import compare_models

        models, _ = self._held(models_dir)
        return compare_models(list(models.values()), **({"labels": list(models)} | kwargs))

    def _held(self, models_dir: str | Path | None) -> tuple[dict[str, CEBRA], list[Fit]]:
        if models_dir is not None:
            return _read(Path(models_dir))
        if not self._fits:
            remedy = "Call fit_models first, or give models_dir."
            raise UserError(Problem("models_dir", "a search to look at", "None before fit_models", remedy))
        return self._models, self._fits


# ---- the grid --------------------------------------------------------------------------------------------------------
def _varies(name: str, value: object) -> bool:
    if not isinstance(value, list | tuple):
        return False
    if name in SEQUENCES:  # a list of sequences varies, a sequence of plain values or of pairs is one value
        return isinstance(value, list) and all(isinstance(each, list | tuple | type(None)) for each in value)
    return True


def _check(params: Mapping[str, object], lists: Mapping[str, Sequence]) -> None:
    problems, known = Problems(), CEBRA().get_params()
    for name in params:
        if name not in known:
            problems.add(f"params.{name}", "a parameter of CEBRA", repr(name), did_you_mean(name, known))
    for name, values in lists.items():
        if not values:
            problems.add(f"params.{name}", "one value or more", "none")
    problems.raise_any()


def _name(row: Mapping[str, object]) -> str:
    return "_".join(f"{key}_{_safe(value)}" for key, value in row.items())


def _safe(value: object) -> str:
    """A text that every file system takes."""
    return re.sub(r"[^\w.+-]+", "-", str(value)).strip("-")


def _check_data(datasets: Mapping[str, object], held_out: Mapping[str, object] | None) -> None:
    problems = Problems()
    if not isinstance(datasets, Mapping):
        problems.add("datasets", "a dictionary of data by name", type(datasets).__name__)
    elif not datasets:
        problems.add("datasets", "data by name", "none")
    elif held_out is not None and set(held_out) != set(datasets):
        problems.add("held_out", f"the names of datasets: {', '.join(datasets)}", ", ".join(held_out) or "none")
    problems.raise_any()
    if len({_safe(name) for name in datasets}) < len(datasets):
        raise UserError(Problem("datasets", "names that differ in letters and digits", ", ".join(datasets)))


def _parts(data: object) -> tuple:
    """(X, *y)"""
    return data if isinstance(data, tuple) else (data,)


def _scores(model: CEBRA, data: tuple | None) -> tuple[float, float]:
    """Loss in nats and bits; a hybrid model has no single value in bits."""
    if data is None:
        return np.nan, np.nan
    loss = infonce_loss(model, *data, num_batches=BATCHES)
    return loss, np.nan if model.hybrid else goodness_of_fit_score(model, *data, num_batches=BATCHES)


def _warn_of_differences(fits: Sequence[Fit], models: Mapping[str, CEBRA], scoring: str) -> None:
    rows = [{"dataset_name": fit.dataset_name} | models[fit.name].get_params() for fit in fits]
    differ = [name for name in COMPARABLE[scoring] if len({repr(row[name]) for row in rows}) > 1]
    if differ:
        text = f"{scoring} compares only models of equal {', '.join(differ)}: the best is not known to be better"
        warnings.warn(text, stacklevel=3)


# ---- on disk ---------------------------------------------------------------------------------------------------------
def _write(folder: Path, models: Mapping[str, CEBRA], fits: Sequence[Fit]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in models.items():
        model.save(folder / f"{name}.pt")
    (folder / INDEX).write_text(json.dumps([asdict(fit) for fit in fits], indent=1) + "\n")


def _read(folder: Path) -> tuple[dict[str, CEBRA], list[Fit]]:
    path = folder / INDEX
    if not path.is_file():
        raise UserError(Problem("models_dir", f"a folder with {INDEX}, as fit_models writes it", str(folder)))
    fits = [Fit(**row) for row in json.loads(path.read_text())]
    return {fit.name: CEBRA.load(folder / f"{fit.name}.pt") for fit in fits}, fits
