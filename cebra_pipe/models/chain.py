"""Valid convolutions over rows of time, one after another, written as matrix products.

Rows are laid out time first, then lane: `lanes` windows side by side, or one lane for a whole series. A shift by one
sample is then a shift by `lanes` rows, so every tap of a kernel is one product of a contiguous slab: no copy is made of
the input, neither for windows nor for a series.

All layers are one operation of autograd: less is kept and moved, and a gradient that passes a skip stays where it lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .bags import SparseSeries

NARROW = 8  # outputs up to which products with time as their long last side were measured to be faster
Room = tuple[int, int] | None  # rows before and behind; None: nothing is to be added


class Link(NamedTuple):
    """One layer: gelu(sum_j x[t + j] W[j] + b) + x[t + crop], with activation and skip optional."""

    weight: Tensor  # (kernel, input, output)
    bias: Tensor  # (output,)
    gelu: bool
    skip: bool

    def edges(self, lanes: int) -> tuple[int, int]:
        """Rows of the input before and behind those that a skip adds."""
        edge = (self.kernel - 1) * lanes
        return edge // 2, edge - edge // 2

    @property
    def kernel(self) -> int:
        return self.weight.shape[0]

    @property
    def narrow(self) -> bool:
        """Whether there are few outputs, which products with time as their long last side are faster for."""
        return self.weight.shape[2] <= NARROW and not (self.gelu or self.skip)


def chain(x: Tensor | SparseSeries, links: Sequence[Link], lanes: int = 1) -> Tensor:
    """(time * lanes, input) -> ((time - window + 1) * lanes, output)"""
    if not torch.is_grad_enabled():
        for link in links:
            x = _ahead(x, link, lanes)[0]
        return x
    flags = [(link.gelu, link.skip) for link in links]
    return _Chain.apply(x, lanes, flags, *(each for link in links for each in (link.weight, link.bias)))


class _Chain(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, lanes, flags, *parameters):
        inputs, linears = [], []
        for link in _links(flags, parameters):
            inputs.append(x)
            x, linear = _ahead(x, link, lanes)
            linears.append(linear)
        series = inputs[0] if isinstance(inputs[0], SparseSeries) else None
        ctx.settings = lanes, flags, series
        ctx.save_for_backward(*parameters, inputs[0] if series is None else None, *inputs[1:], *linears)
        return x

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):
        (lanes, flags, series), needs, saved = ctx.settings, ctx.needs_input_grad, ctx.saved_tensors
        n, found = len(flags), []
        links, inputs, linears = _links(flags, saved[: 2 * n]), [*saved[2 * n : 3 * n]], saved[3 * n :]
        inputs[0] = inputs[0] if series is None else series
        rooms = [None, *_rooms(links, lanes)]
        gradient = _Gradient.of(grad, rooms[-1])
        for i in reversed(range(n)):
            inner = gradient.rows
            if links[i].gelu:
                inner = torch.ops.aten.gelu_backward(inner, linears[i])
            of_parameters = _of_parameters(inner, inputs[i], links[i], lanes) if needs[3 + 2 * i] else (None, None)
            found = [*of_parameters, *found]
            if i or needs[0]:
                gradient = _of_input(gradient, inner, links[i], lanes, rooms[i])
        return (gradient.rows if needs[0] else None), None, None, *found


def _links(flags: Sequence[tuple[bool, bool]], parameters: Sequence[Tensor]) -> list[Link]:
    return [Link(*each) for each in zip(parameters[::2], parameters[1::2], *zip(*flags, strict=True), strict=True)]


def _ahead(x: Tensor | SparseSeries, link: Link, lanes: int) -> tuple[Tensor, Tensor | None]:
    """What a layer gives, and what its activation was given."""
    linear = x.linear(link.weight, link.bias) if isinstance(x, SparseSeries) else _linear(x, link, lanes)
    out = nn.functional.gelu(linear) if link.gelu else linear
    if link.skip:
        begin = link.edges(lanes)[0]
        out = out.add_(x[begin : begin + out.shape[0]])
    return out, linear if link.gelu else None


def _linear(x: Tensor, link: Link, lanes: int) -> Tensor:
    """sum_j x[t + j] W[j] + b"""
    (first, *others), rows = link.weight.unbind(), x.shape[0] - (link.kernel - 1) * lanes
    if link.narrow:
        out = torch.addmm(link.bias[:, None], first.T, x[:rows].T)
        for j, tap in enumerate(others, 1):
            out.addmm_(tap.T, x[j * lanes : j * lanes + rows].T)
        return out.T
    out = torch.addmm(link.bias, x[:rows], first)
    for j, tap in enumerate(others, 1):
        out.addmm_(x[j * lanes : j * lanes + rows], tap)
    return out


class _Gradient(NamedTuple):
    """Rows of a gradient, with room before and behind for those that skips have to add at the edges."""

    held: Tensor
    begin: int
    end: int

    @classmethod
    def empty(cls, rows: int, columns: int, room: Room, like: Tensor) -> _Gradient:
        before, behind = room or (0, 0)
        return cls(like.new_empty(before + rows + behind, columns), before, before + rows)

    @classmethod
    def of(cls, rows: Tensor, room: Room) -> _Gradient:
        """`rows` themselves where nothing will be added to them."""
        if room is None:
            return cls(rows, 0, rows.shape[0])
        made = cls.empty(*rows.shape, room, rows)
        made.rows.copy_(rows)
        return made

    @property
    def rows(self) -> Tensor:
        return self.held[self.begin : self.end]

    def wider(self, before: int, behind: int) -> _Gradient:
        """With so many rows of zeros more."""
        self.held[self.begin - before : self.begin] = 0
        self.held[self.end : self.end + behind] = 0
        return _Gradient(self.held, self.begin - before, self.end + behind)


def _rooms(links: Sequence[Link], lanes: int) -> list[Room]:
    """What the gradient of each layer's output needs: the edges of all skips that it passes on its way back."""
    rooms, room = [], None
    for link in links:
        room = tuple(map(sum, zip(room or (0, 0), link.edges(lanes), strict=True))) if link.skip else None
        rooms.append(room)
    return rooms


def _of_parameters(inner: Tensor, x: Tensor | SparseSeries, link: Link, lanes: int) -> tuple[Tensor, Tensor]:
    """Gradients of weight and bias from that of the layer before its activation."""
    if isinstance(x, SparseSeries):
        return x.gradients(inner, link.weight.shape)
    weight, rows = torch.empty_like(link.weight), inner.shape[0]
    for j, tap in enumerate(weight.unbind()):
        torch.mm(x[j * lanes : j * lanes + rows].T, inner, out=tap)
    return weight, inner.sum(0)


def _of_input(gradient: _Gradient, inner: Tensor, link: Link, lanes: int, room: Room) -> _Gradient:
    """The gradient of a layer's input, from that of its output, whose memory a skip takes over."""
    rows, (first, *others) = inner.shape[0], link.weight.mT.unbind()
    if link.skip:
        inner = inner if link.gelu else inner.clone()  # it lies where the sum will
        gradient = gradient.wider(*link.edges(lanes))
        gradient.rows[:rows].addmm_(inner, first)
    else:
        gradient = _Gradient.empty(rows + len(others) * lanes, first.shape[1], room, inner)
        torch.mm(inner, first, out=gradient.rows[:rows])
    x, apart = gradient.rows, rows == lanes and not link.skip  # taps of windows of one row each
    if not (apart or link.skip):
        x[rows:] = 0
    for j, tap in enumerate(others, 1):
        if apart:
            torch.mm(inner, tap, out=x[j * lanes : j * lanes + rows])
        else:
            x[j * lanes : j * lanes + rows].addmm_(inner, tap)
    return gradient
