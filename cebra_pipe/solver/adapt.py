"""A fitted model adapted to other neurons: a new first layer, all later ones as they were fitted."""

from __future__ import annotations

from torch import nn

from ..errors import Problem, UserError


def adopt(made: nn.Module, base: nn.Module, wider: nn.Module) -> None:
    """Weights of `base` for all of `made` but what depends on the neurons; they stay as they are in training.

    wider: a model of the same kind for another number of neurons than `base` reads. Means and variances that a later
    layer keeps of what passes (BatchNorm) go on following the data. UserError where nothing depends on the neurons, or
    all does.
    """
    state, new = base.state_dict(), read_neurons(base, wider)
    made.load_state_dict({name: value for name, value in state.items() if name not in new}, strict=False)
    for name, parameter in made.named_parameters():
        parameter.requires_grad_(name in new)


def read_neurons(base: nn.Module, wider: nn.Module) -> set[str]:
    """Entries of the state that depend on the number of neurons, with all others of their very modules (a bias).

    More than one layer has such where the first one hands neurons on beside its own channels, as those do that thin
    their input, or where the neurons are normalized before.
    """
    shapes, others = ({name: v.shape for name, v in model.state_dict().items()} for model in (base, wider))
    if shapes.keys() != others.keys():
        raise _unfit("the same layers for any number of neurons", f"one without {min(shapes.keys() ^ others.keys())}")
    modules = {_module(name) for name, shape in shapes.items() if shape != others[name]}
    new = {name for name in shapes if _module(name) in modules}
    trained = {name for name, _ in base.named_parameters()}
    if not new & trained:
        raise _unfit("a layer with a weight for each neuron, to train anew", "none")
    if not trained - new:
        raise _unfit("layers that do not depend on the neurons, to take over", "none")
    return new


def _module(entry: str) -> str:
    return entry.rpartition(".")[0]


def _unfit(expected: str, found: str) -> UserError:
    return UserError(Problem("adapt: model_architecture", expected, found, "Fit the new recording by itself."))
