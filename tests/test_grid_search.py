"""Grids: what varies, what is scored, what compares, what lies on disk."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from matplotlib import pyplot as plt

from cebra_pipe.errors import UserError
from cebra_pipe.grid_search import GridSearch
from cebra_pipe.sklearn.goodness import goodness_of_fit_score, infonce_loss

RNG = np.random.default_rng(0)
PLACE = np.cumsum(RNG.normal(size=(200, 1)), axis=0) / 5
X = (PLACE @ RNG.normal(size=(1, 5)) + 0.3 * RNG.normal(size=(200, 5))).astype(np.float32)
FIXED = {"max_iterations": 2, "batch_size": 32, "num_hidden_units": 8, "random_state": 0, "device": "cpu"}


def params(**varied):
    return FIXED | {"output_dimension": 3} | varied


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A grid of two learning rates on two data sets, with held-out data."""
    folder = tmp_path_factory.mktemp("grid")
    data = {"by_place": (X[:150], PLACE[:150]), "by time": X[:150]}
    unseen = {"by_place": (X[150:], PLACE[150:]), "by time": (X[150:],)}
    grid = params(learning_rate=[1e-3, 3e-2], max_iterations=40)
    return GridSearch().fit_models(data, grid, folder, held_out=unseen), folder


@pytest.mark.parametrize("kind", [list, tuple])
def test_lists_and_tuples_vary_whatever_they_hold(kind):
    grid = params(distance=kind(["cosine", "euclidean"]), model_architecture=kind(["offset1-model", "offset5-model"]))
    models, rows = GridSearch().generate_models(grid)
    assert len(models) == 4
    assert rows[1] == {"distance": "cosine", "model_architecture": "offset5-model"}
    first = models["distance_cosine_model_architecture_offset5-model"]
    assert (first.distance, first.model_architecture, first.batch_size) == ("cosine", "offset5-model", 32)


def test_values_that_are_sequences_stay_whole():
    models, rows = GridSearch().generate_models(params(optimizer_kwargs=(("eps", 1e-8),), label_weights=[1.0, 2.0]))
    assert rows == [{}]
    assert models["model"].optimizer_kwargs == (("eps", 1e-8),)
    assert len(GridSearch().generate_models(params(label_weights=[[1.0], [2.0]]))[0]) == 2


def test_every_model_is_scored_on_the_data_of_the_fit_and_on_held_out_data(searched):
    search, folder = searched
    models, rows = GridSearch.load(folder)
    assert list(models) == [f"learning_rate_{r}_{d}" for d in ("by_place", "by-time") for r in (0.001, 0.03)]
    assert rows == [{"learning_rate": r} for _ in range(2) for r in (0.001, 0.03)]
    table = search.get_df_results()
    assert table["dataset_name"].tolist() == ["by_place"] * 2 + ["by time"] * 2
    for i, (name, model) in enumerate(models.items()):
        data, unseen = (((X[:150], PLACE[:150]), (X[150:], PLACE[150:])), ((X[:150],), (X[150:],)))[i // 2]
        assert table.loc[i, "name"] == name
        assert table.loc[i, "loss"] == pytest.approx(infonce_loss(model, *data, num_batches=100), abs=1e-6)
        assert table.loc[i, "held_out_loss"] == pytest.approx(infonce_loss(model, *unseen, num_batches=100), abs=1e-6)
        bits = goodness_of_fit_score(model, *unseen, num_batches=100)
        assert table.loc[i, "held_out_bits"] == pytest.approx(bits, abs=1e-6)
    again = GridSearch().get_df_results(folder)
    assert again.equals(table)


def test_the_best_is_that_of_held_out_data(searched):
    search, folder = searched
    table = search.get_df_results()
    for name in ("by_place", "by time"):
        part = table[table["dataset_name"] == name]
        model, best = search.get_best_model(dataset_name=name)
        assert best == part.loc[part["held_out_loss"].idxmin(), "name"]
        assert search.get_best_model("goodness_of_fit", name, folder)[1] == best
        assert model is search._models[best]


def test_a_model_that_only_fits_its_own_data_is_not_the_best(searched):
    search, own = GridSearch(), searched[0]
    search._models = own._models
    search._fits = [
        dataclasses.replace(fit, loss=float(i), held_out_loss=-float(i), bits=-float(i), held_out_bits=float(i))
        for i, fit in enumerate(own._fits[:2])
    ]
    assert search.get_best_model()[1] == search.get_best_model("goodness_of_fit")[1] == own._fits[1].name


@pytest.mark.filterwarnings("ignore:chosen by the data of the fit")
def test_what_does_not_compare_is_told(searched):
    with pytest.warns(UserWarning, match="compares only models of equal dataset_name"):
        searched[0].get_best_model()
    search = GridSearch().fit_models({"a": X}, params(temperature=[0.5, 1.0], batch_size=(16, 32)), None)
    with pytest.warns(UserWarning, match="infonce_loss compares only models of equal temperature, batch_size"):
        search.get_best_model()
    with pytest.warns(UserWarning, match="goodness_of_fit compares only models of equal temperature: "):
        search.get_best_model("goodness_of_fit")


def test_without_held_out_data_it_is_that_of_the_fit():
    search = GridSearch().fit_models({"a": (X, PLACE)}, params(learning_rate=[1e-9, 3e-2], max_iterations=60), None)
    with pytest.warns(UserWarning, match="chosen by the data of the fit.* held_out data") as caught:
        assert search.get_best_model()[1] == "learning_rate_0.03_a"
    assert caught[0].filename == __file__
    assert search.get_df_results()["held_out_loss"].isna().all()


def test_seeds_vary():
    search = GridSearch().fit_models({"a": X}, params(random_state=[0, 1]), None)
    again = GridSearch().fit_models({"a": X}, params(random_state=[0, 1]), None)
    losses = search.get_df_results()["loss"]
    assert losses[0] != losses[1]
    assert losses.tolist() == again.get_df_results()["loss"].tolist()


@pytest.mark.filterwarnings("ignore:chosen by the data of the fit")
def test_sessions_and_hybrid_models():
    data = {"both": ([X, X[:150]], [PLACE, PLACE[:150]])}
    assert np.isfinite(GridSearch().fit_models(data, params(), None).get_df_results()["bits"]).all()
    hybrid = GridSearch().fit_models({"a": (X, PLACE)}, params(hybrid=True, learning_rate=[1e-3, 1e-2]), None)
    assert hybrid.get_df_results()["bits"].isna().all()
    assert hybrid.get_best_model()[1].startswith("learning_rate")
    with pytest.raises(UserError, match="use scoring='infonce_loss'"):
        hybrid.get_best_model("goodness_of_fit")


def test_losses_are_drawn(searched):
    ax = searched[0].plot_loss_comparison(searched[1], cmap="viridis")
    assert [text.get_text() for text in ax.get_legend().texts] == list(searched[0]._models)
    assert ax.lines[0].get_ydata().tolist() == searched[0]._models["learning_rate_0.001_by_place"].solver_.log["total"]
    plt.close("all")


MISTAKES = {
    "name": (lambda: GridSearch().generate_models({"distanse": "cosine"}), "Did you mean 'distance'"),
    "empty": (lambda: GridSearch().generate_models({"distance": []}), "params.distance: expected one value or more"),
    "twice": (lambda: GridSearch().generate_models({"learning_rate": [1e-3, 0.001]}), "values with names of their own"),
    "data": (lambda: GridSearch().fit_models(X, params()), "a dictionary of data by name, found ndarray"),
    "no data": (lambda: GridSearch().fit_models({}, params()), "datasets: expected data by name, found none"),
    "alike": (lambda: GridSearch().fit_models({"a b": X, "a-b": X}, params()), "names that differ"),
    "held out": (lambda: GridSearch().fit_models({"a": X}, params(), held_out={"b": X}), "the names of datasets: a"),
    "scoring": (lambda: GridSearch().get_best_model("accuracy"), "infonce_loss"),
    "nothing": (lambda: GridSearch().get_best_model(), "Call fit_models first"),
    "folder": (lambda: GridSearch.load("nowhere"), "a folder with grid.json"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_told(name):
    call, message = MISTAKES[name]
    with pytest.raises(UserError, match=message):
        call()


def test_unknown_data_set(searched):
    with pytest.raises(UserError, match="Did you mean 'by_place'"):
        searched[0].get_best_model(dataset_name="by_plac")
