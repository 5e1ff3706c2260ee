"""Solvers: a model, a criterion and an optimizer, trained on a loader. Open for subclassing.

A built-in loader is handed to the engine (solver/engine.py), whatever the mode. A loader, data set, `step` or
`_inference` of one's own takes the plain way: batches of windows, one by one.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn

from .. import __version__
from ..data.base import Loader
from ..data.datatypes import Batch
from ..data.devices import HasDevice
from ..data.masking import masked_batches
from . import checkpoints
from .adapters import network_of
from .embed import embed
from .engine import score, train
from .handover import Handover, hand_over, own_parts
from .util import ProgressBar

LOGGED = ("pos", "neg", "total", "temperature")
FLUSH = {"cpu": 1, "cuda": 50}  # steps after which losses are read from the device


@dataclass
class Solver(ABC, HasDevice):
    """Training of `model` by `criterion` and `optimizer`.

    log: a list a value, one entry a step: pos, neg and total in nats, temperature. history: the totals.
    """

    model: nn.Module
    criterion: nn.Module
    optimizer: torch.optim.Optimizer
    history: list[float] = field(default_factory=list)
    decode_history: list = field(default_factory=list)
    log: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in LOGGED})
    tqdm_on: bool = True

    plain: ClassVar[tuple[str, ...]] = ()  # methods of a built-in variant that the engine does not know

    def __post_init__(self):
        self.n_features: int | list[int] | None = None
        self.num_sessions: int | None = None
        self.best_step: int | None = None  # of the lowest loss on the validation loader

    # What the variants say ------------------------------------------------------------------------------------------

    @property
    def models(self) -> list[nn.Module]:
        """One model a session."""
        return [self.model]

    @property
    def spans(self) -> list[tuple[str, int, int, bool]]:
        """One objective each: name, first dimension, dimensions, whether the part is brought to length one."""
        return [("", 0, self.models[0].num_output, False)]

    @abstractmethod
    def _inference(self, batch: Batch) -> Batch:
        """Windows -> aligned embeddings."""

    # Training -------------------------------------------------------------------------------------------------------

    def fit(
        self,
        loader: Loader,
        valid_loader: Loader | None = None,
        *,
        save_frequency: int | None = None,
        valid_frequency: int | None = None,
        decode: bool = False,
        logdir: str | Path | None = None,
        save_hook: Callable[[int, Solver], None] | None = None,
        patience: int | None = None,
        restore_best: bool = False,
    ) -> None:
        """Train for `loader.num_steps` steps.

        Every `save_frequency` steps `save_hook(step, solver)` is called and a checkpoint goes to `logdir`. Every
        `valid_frequency` steps the loss on `valid_loader` is noted in `log["valid"]`, the best model goes to `logdir`;
        after `patience` scores without a better one training stops, and with `restore_best` the best model is taken.
        """
        _check_fit(decode, valid_loader, valid_frequency, save_frequency, logdir, save_hook, patience, restore_best)
        self._note_data(loader)
        best, stale = (torch.inf, None), 0
        self.model.train()
        run = self._steps(loader)
        bar = ProgressBar(_Counted(run, len(loader)), "tqdm" if self.tqdm_on else "off")
        for number, read in bar:
            due = save_frequency and number % save_frequency == 0
            valid = valid_frequency and number % valid_frequency == 0
            if read(bool(due or valid)):
                bar.set_description({name: self.log[name][-1] for name in LOGGED})
            if due:
                if save_hook:
                    save_hook(number, self)
                if logdir is not None:
                    self.save(logdir, f"checkpoint_{number:07d}.pth")
            if valid:
                loss, stale = self.validation(valid_loader), stale + 1
                self.log.setdefault("valid", []).append((number, loss))
                if loss < best[0]:
                    best, stale, self.best_step = (loss, checkpoints.copied(self) if restore_best else None), 0, number
                    if logdir is not None:
                        self.save(logdir, "checkpoint_best.pth")
                if patience is not None and stale >= patience:
                    break
        read(True)
        if restore_best and best[1] is not None:
            checkpoints.put_back(self, best[1])

    def _steps(self, loader: Loader) -> Iterator[Callable[[bool], bool]]:
        """After each step a function that notes the losses so far, when told to or now and then, and says if it did."""
        own = self._own_parts(loader)
        if own:
            print(f"fit: batch by batch, because of {', '.join(own)}", file=sys.stderr, flush=True)
            for batch in masked_batches(loader):
                self.step(batch)
                yield lambda _: True
            return
        given = self.hand_over(loader)
        pending: list[Tensor] = []
        every = FLUSH.get(given.network.device.type, FLUSH["cuda"])

        def read(now: bool) -> bool:
            if pending and (now or len(pending) >= every):
                self._note(torch.stack(pending).double().cpu())
                pending.clear()
                return True
            return False

        parts = given.network, given.encoding, given.objectives, given.batch, given.steps
        for losses, _ in train(*parts, self.optimizer, given.stream):
            pending.append(torch.cat([losses.flatten(), self._temperature().to(losses).view(1)]))
            yield read

    def hand_over(self, loader: Loader) -> Handover:
        """The engine's view of a built-in loader."""
        network = network_of(self.models, self.criterion)
        return hand_over(network, loader, self.models[0].get_offset(), self.spans)

    def _own_parts(self, loader: Loader) -> list[str]:
        mine = [
            f"{type(self).__name__}.{name}"
            for name in ("step", "_inference")
            if not getattr(type(self), name).__module__.startswith("cebra_pipe.solver.") or name in self.plain
        ]
        return mine + own_parts(loader)

    def _temperature(self) -> Tensor:
        value = getattr(self.criterion, "temperature", 1.0)
        return torch.as_tensor(value, dtype=torch.float32)

    def _note(self, rows: Tensor) -> None:
        """rows: (step, 3 objectives + 1): total, align and uniform of each objective, and the temperature."""
        for row in rows.tolist():
            losses, temperature = row[:-1], row[-1]
            if not all(abs(value) < torch.inf for value in losses):
                raise FloatingPointError(
                    f"step {len(self.history)}: expected finite losses, found NaN or infinite ones. Lower the learning "
                    "rate, raise the temperature, or scale the data."
                )
            sums = [sum(losses[i::3]) for i in range(3)]
            self._append(dict(zip(LOGGED, (sums[1], sums[2], sums[0], temperature), strict=True)))
            names = [name for name, *_ in self.spans]
            if len(names) > 1:
                for i, name in enumerate(names):
                    for key, value in zip(("total", "pos", "neg"), losses[3 * i : 3 * i + 3], strict=True):
                        self.log.setdefault(f"{name}_{key}", []).append(value)

    def _append(self, stats: dict[str, float]) -> None:
        self.history.append(stats["total"])
        for name, value in stats.items():
            self.log.setdefault(name, []).append(value)

    def step(self, batch: Batch) -> dict[str, float]:
        """One gradient update on a batch of windows; what it scored."""
        self.optimizer.zero_grad()
        losses = self._losses(batch)
        losses[0].backward()
        self.optimizer.step()
        total, align, uniform = (float(value.detach()) for value in losses)
        stats = {"pos": align, "neg": uniform, "total": total, "temperature": float(self._temperature())}
        self._append(stats)
        return stats

    def _losses(self, batch: Batch) -> Sequence[Tensor]:
        prediction = self._inference(batch)
        return self.criterion(prediction.reference, prediction.positive, prediction.negative)

    # Use ------------------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def validation(self, loader: Loader, session_id: int | None = None) -> float:
        """The mean total loss over the batches of `loader`, in nats, in eval mode; the mode is restored."""
        training = self.model.training
        self.model.eval()
        try:
            own = self._own_parts(loader)
            if own:
                losses = [float(self._losses(batch)[0]) for batch in loader]
            else:
                given = self.hand_over(loader)
                parts = given.network, given.encoding, given.objectives, given.batch, given.steps
                losses = [float(each[:, 0].sum()) for each, _ in score(*parts, given.stream)]
            return sum(losses) / len(losses)
        finally:
            self.model.train(training)

    def decoding(self, train_loader: Loader, valid_loader: Loader) -> None:
        """Removed: decode embeddings with cebra_pipe.KNNDecoder."""
        raise NotImplementedError(
            "decoding: use cebra_pipe.KNNDecoder on the embeddings, or `save_hook` during training."
        )

    @torch.no_grad()
    def transform(
        self,
        inputs: Tensor,
        pad_before_transform: bool = True,
        session_id: int | None = None,
        batch_size: int | None = None,
    ) -> Tensor:
        """The embedding, in eval mode.

        inputs: a series (time, neuron) -> (time, dimension), edges padded with their own values, or without
        `pad_before_transform` (time - window + 1, dimension); or windows (n, neuron, window), or the same with the last
        two axes swapped as numpy's sliding windows give them -> (n, dimension). `batch_size`: rows embedded at a time.
        ValueError where the shape does not fit, or nothing was fitted.
        """
        model = self._chosen(session_id)
        if self.n_features is None:
            raise ValueError("transform: expected a fitted solver, found one without data. Call fit or load first.")
        return embed(model, inputs, pad_before_transform, batch_size)

    def _chosen(self, session_id: int | None) -> nn.Module:
        if session_id not in (None, 0):
            raise RuntimeError(f"session_id: expected None or 0 for a single session, found {session_id}.")
        return self.model

    @property
    def num_parameters(self) -> int:
        """Numbers that are trained, of encoders and criterion."""
        return sum(p.numel() for p in self.parameters())

    def parameters(self) -> Iterator[nn.Parameter]:
        """All parameters of encoders and criterion."""
        yield from self.model.parameters()
        yield from self.criterion.parameters()

    # State ----------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict:
        """All that `load_state_dict` needs: model, optimizer, criterion, log, version, sizes."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "criterion": self.criterion.state_dict(),
            "loss": torch.tensor(self.history),
            "decode": list(self.decode_history),
            "log": {name: list(values) for name, values in self.log.items()},
            "version": __version__,
            "n_features": self.n_features,
            "num_sessions": self.num_sessions,
        }

    def load_state_dict(self, state_dict: dict, strict: bool = True) -> None:
        """Take the state of `state_dict`; KeyError where `strict` and a part is missing."""
        checkpoints.restore(self, state_dict, strict)

    def save(self, logdir: str | Path, filename: str = "checkpoint_last.pth") -> Path:
        """Write the state to `logdir`/`filename`, whole or not at all."""
        return checkpoints.write(self.state_dict(), Path(logdir) / filename)

    def load(self, logdir: str | Path, filename: str = "checkpoint_last.pth") -> None:
        """Take the state of a file that `save` wrote; nothing in it is executed. FileNotFoundError where it is not."""
        self.load_state_dict(checkpoints.read(Path(logdir) / filename, self.device))

    def _note_data(self, loader: Loader) -> None:
        dataset = loader.dataset
        self.n_features = dataset.input_dimension
        self.num_sessions = None
        self.to(dataset.device)


class _Counted:
    """An iterator that knows its length, for the bar."""

    def __init__(self, items: Iterator, length: int):
        self._items, self._length = items, length

    def __iter__(self) -> Iterator:
        return self._items

    def __len__(self) -> int:
        return self._length


def _check_fit(
    decode, valid_loader, valid_frequency, save_frequency, logdir, save_hook, patience, restore_best
) -> None:
    """ValueError for an option that would have no effect."""
    problems = []
    if decode:
        problems.append("decode: decoding in fit is gone; use save_hook, or decode afterwards.")
    if (valid_loader is None) != (valid_frequency is None):
        problems.append("valid_loader and valid_frequency: expected both or neither.")
    if valid_frequency is None and (patience is not None or restore_best):
        problems.append("patience and restore_best: expected a valid_loader and a valid_frequency beside them.")
    if save_frequency is None and save_hook is not None:
        problems.append("save_hook: expected a save_frequency beside it.")
    if save_frequency is not None and save_hook is None and logdir is None:
        problems.append("save_frequency: expected a logdir or a save_hook beside it.")
    if logdir is not None and save_frequency is None and valid_frequency is None:
        problems.append("logdir: expected a save_frequency or a valid_frequency beside it; or call save after fit.")
    if problems:
        raise ValueError("\n".join(problems))
