"""What a solver notes of its steps."""

from __future__ import annotations

import math

import torch
from torch import Tensor

LOGGED = ("pos", "neg", "total", "temperature")


class Logged:
    """The losses of each step: a solver has `criterion`, `spans`, `log` and `history`."""

    @torch.no_grad()  # a node of autograd made here would bring its own stream into the recording of a step
    def _temperature(self) -> Tensor:
        scale = getattr(self.criterion, "scale", None)
        if isinstance(scale, Tensor):  # trained: read from the device along with the losses
            return 1 / scale
        return torch.as_tensor(getattr(self.criterion, "temperature", 1.0), dtype=torch.float32)

    def _note(self, rows: Tensor) -> None:
        """rows: (step, 3 objectives + 1): total, align and uniform of each objective, and the temperature."""
        for row in rows.tolist():
            losses, temperature = row[:-1], row[-1]
            sums = [sum(losses[i::3]) for i in range(3)]
            self._append(dict(zip(LOGGED, (sums[1], sums[2], sums[0], temperature), strict=True)))
            names = [name for name, *_ in self.spans]
            if len(names) > 1:
                for i, name in enumerate(names):
                    for key, value in zip(("total", "pos", "neg"), losses[3 * i : 3 * i + 3], strict=True):
                        self.log.setdefault(f"{name}_{key}", []).append(value)

    def _append(self, stats: dict[str, float]) -> None:
        if not all(math.isfinite(value) for value in stats.values()):
            raise FloatingPointError(
                f"step {len(self.history)}: expected finite losses, found NaN or infinite ones. Lower the learning "
                "rate, raise the temperature, or scale the data."
            )
        self.history.append(stats["total"])
        for name, value in stats.items():
            self.log.setdefault(name, []).append(value)
