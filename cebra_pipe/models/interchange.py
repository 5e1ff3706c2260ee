"""Weights from and to cebra's models, which name and lay out their tensors otherwise.

Tensors are matched by their order and shape: (output, input, kernel) or (output, input) there, (kernel, input, output)
here; a layer that is applied several times is listed several times there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor, equal, nn

from ..errors import Problem, UserError
from .blocks import Block
from .layers import Taps


def from_cebra(state: Mapping[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """The `state_dict` for `model` with the weights of a cebra model of the same architecture and sizes.

    UserError where number or shapes of the tensors, or the copies of a repeated layer, do not fit.
    """
    theirs, made = list(state.items()), dict(model.state_dict())
    _check_number(len(theirs), 2 * sum(times for _, _, times in _layers(model)))
    for name, layer, times in _layers(model):
        here, theirs = theirs[: 2 * times], theirs[2 * times :]
        for i, part in enumerate(("weight", "bias")):
            key, value = here[i]
            if not all(equal(value, other) for _, other in here[i::2]):
                raise UserError(Problem(key, f"{times} equal copies, of one layer that is repeated", "others"))
            turned = _turned(layer, value)
            if turned.shape != made[f"{name}{part}"].shape:
                expected = f"{tuple(made[f'{name}{part}'].shape)} as (kernel, input, output) or (output,)"
                raise UserError(Problem(key, expected, f"{tuple(turned.shape)}"))
            made[f"{name}{part}"] = turned.contiguous()
    return made


def to_cebra(model: nn.Module, like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of `model` under the names and in the shapes of `like`, the `state_dict` of such a cebra model."""
    ours = [
        getattr(layer, part) for _, layer, times in _layers(model) for _ in range(times) for part in ("weight", "bias")
    ]
    _check_number(len(like), len(ours))
    return {key: _shaped(value.detach(), like[key]) for key, value in zip(like, ours, strict=True)}


def _layers(model: nn.Module) -> Iterator[tuple[str, nn.Module, int]]:
    """(prefix of its tensors, layer, how often it is applied), in order."""
    inside = {id(m.taps): m.layer.repeat for m in model.modules() if isinstance(m, Block)}
    for name, module in model.named_modules():
        if isinstance(module, (Taps, nn.Linear)):
            yield f"{name}.", module, inside.get(id(module), 1)


def _turned(layer: nn.Module, value: Tensor) -> Tensor:
    if value.ndim == 1 or isinstance(layer, nn.Linear):
        return value
    return (value if value.ndim == 3 else value[..., None]).permute(2, 1, 0)


def _shaped(value: Tensor, like: Tensor) -> Tensor:
    if value.ndim == 3:
        value = value.permute(2, 1, 0)
        value = value[..., 0] if like.ndim == 2 else value
    if value.shape != like.shape:
        raise UserError(Problem("weights", f"the shape {tuple(like.shape)}", f"{tuple(value.shape)}"))
    return value.contiguous()


def _check_number(found: int, expected: int) -> None:
    if found != expected:
        remedy = "Give the state of the same architecture."
        raise UserError(Problem("weights", f"{expected} tensors", str(found), remedy))
