"""The embedding of a series or of windows, by any model."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ..data.base import is_count
from ..data.datatypes import Offset
from ..errors import short
from ..models.encoder import Encoder
from ..models.model import ConvolutionalModelMixin, ResampleModelMixin
from .adapters import encoder_of

ROWS = 2**16  # samples embedded at a time where nothing else is asked for


@torch.no_grad()
def embed(model: nn.Module, inputs: Tensor, pad: bool = True, batch_size: int | None = None) -> Tensor:
    """(time, neuron) or windows (n, neuron, window) -> (time or n, dimension), in eval mode; the mode is restored."""
    if not isinstance(inputs, Tensor):
        raise ValueError(f"inputs: expected a torch.Tensor, found {type(inputs).__name__}.")
    if batch_size is not None and not is_count(batch_size):
        raise ValueError(f"batch_size: expected a whole number of rows above 0, found {short(batch_size)}.")
    place = next(model.parameters(), torch.empty(0))
    inputs = inputs.to(place.device, place.dtype)
    training = model.training
    model.eval()
    try:
        if inputs.ndim == 3:
            return _of_windows(model, _oriented(model, inputs), batch_size or ROWS)
        return _of_series(model, _checked(model, inputs), pad, batch_size or ROWS)
    finally:
        model.train(training)


def _checked(model: nn.Module, series: Tensor) -> Tensor:
    if series.ndim != 2 or series.shape[1] != model.num_input:
        raise ValueError(
            f"inputs: expected (time, {model.num_input}), the neurons of the fit, found {tuple(series.shape)}."
        )
    return series


def _oriented(model: nn.Module, windows: Tensor) -> Tensor:
    wanted = (model.num_input, len(model.get_offset()))
    if tuple(windows.shape[1:]) != wanted:
        raise ValueError(f"inputs: expected windows (n, {wanted[0]}, {wanted[1]}), found {tuple(windows.shape)}.")
    return windows


def _of_windows(model: nn.Module, windows: Tensor, rows: int) -> Tensor:
    parts = [model(part) for part in windows.split(max(1, rows // windows.shape[2]))]
    return torch.cat([part.flatten(1) for part in parts])


def _of_series(model: nn.Module, series: Tensor, pad: bool, rows: int) -> Tensor:
    offset = model.get_offset()
    reach = len(offset) - 1
    if len(series) + pad * reach <= reach:
        raise ValueError(f"inputs: expected at least {len(offset)} samples, the window, found {len(series)}.")
    encoder = encoder_of(model)
    if isinstance(encoder, Encoder):
        return torch.cat([encoder.finish(encoder(block)) for block in _blocks(series, offset, pad, rows)])
    if isinstance(model, ConvolutionalModelMixin) and not isinstance(model, ResampleModelMixin):
        blocks = _blocks(series, offset, pad, rows)
        return torch.cat([model(block.T[None])[0].view(-1, len(block) - reach).T for block in blocks])
    if pad:
        series = _padded(series, offset.left, offset.right - 1)
    if isinstance(model, ResampleModelMixin) and isinstance(model, ConvolutionalModelMixin):
        return model(series.T[None])[0].reshape(model.num_output, -1).T  # a single embedding comes without its axis
    windows = series.unfold(0, len(offset), 1)  # (n, neuron, window), a view
    return _of_windows(model, windows, rows)


def _blocks(series: Tensor, offset: Offset, pad: bool, rows: int) -> Iterator[Tensor]:
    """Pieces that give `rows` embeddings each. Only what lies at an edge is copied, to be padded."""
    left, right = (offset.left, offset.right - 1) if pad else (0, 0)
    reach, length = len(offset) - 1, len(series)
    for begin in range(-left, length + right - reach, rows):
        end = min(begin + rows + reach, length + right)
        block = series[max(begin, 0) : min(end, length)]
        early, late = max(-begin, 0), max(end - length, 0)
        yield _padded(block, early, late) if early + late else block


def _padded(series: Tensor, left: int, right: int) -> Tensor:
    """Edges repeated."""
    return torch.cat([series[:1].expand(left, -1), series, series[-1:].expand(right, -1)])
