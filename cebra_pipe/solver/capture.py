"""CUDA graphs: the lines of the training loop that need a device. None of them has run on one yet."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor

WARM = 3  # calls before the recording, in which libraries allocate what may not be allocated while recording
FAILED = []  # graphs whose recording failed, emptied: torch's allocator may ask them as long as the process lives


class Recorded:
    """What `step` does on `device`, recorded by its fourth call; later ones replay the recording.

    Every call does the work of one step, the first ones too, on a stream of their own as torch asks for. `step` reads
    and writes the same memory each time, and gives the same tensor, which the next call overwrites. `during` is entered
    while it is recorded. Where the recording fails, which computes nothing, `step` is called from then on: the numbers
    are the same, and the log says so.
    """

    def __init__(self, device: torch.device, step: Callable[[], Tensor], during: Callable[[], AbstractContextManager]):
        self._device, self._step, self._during, self._calls = device, step, during, 0
        self._graph: Any = None
        self._aside = torch.cuda.Stream(device)

    def __call__(self) -> Tensor:
        """What one step gives."""
        # A stream of another device would record nothing, while the work of one step was done: replays would do none.
        with torch.cuda.device(self._device):
            self._calls += 1
            if self._calls <= WARM:
                return self._warm()
            if self._calls == WARM + 1:
                self._graph = self._recorded()
            if self._graph is None:
                return self._step()
            self._graph.replay()
            return self._out

    def _warm(self) -> Tensor:
        here = torch.cuda.current_stream()
        self._aside.wait_stream(here)
        with torch.cuda.stream(self._aside):
            out = self._step()
        here.wait_stream(self._aside)
        return out

    def _recorded(self) -> Any:
        """The graph of a step, of which nothing is computed yet; None where it cannot be recorded.

        On the stream of the calls before: what libraries keep for a stream is there already, and a node of autograd
        that outlived them knows no other. It is entered here too, because torch does not leave it where a recording
        fails.
        """
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.stream(self._aside), self._during(), torch.cuda.graph(graph, stream=self._aside):
                self._out = self._step()
        except RuntimeError as error:
            graph.reset()
            FAILED.append(graph)
            _tell(error)
            return None
        return graph


def _tell(error: RuntimeError) -> None:
    """Why a step was not recorded, for the log; Ctrl-C goes on its way.

    Ending a recording that has failed is an error too, which says nothing.
    """
    first = error.__context__ or error
    if not isinstance(first, RuntimeError):
        raise first from None
    told = (str(first).strip() or type(first).__name__).splitlines()[0]
    line = f"fit: a step could not be recorded, so that they are launched one by one: {told}"
    print(line, file=sys.stderr, flush=True)
