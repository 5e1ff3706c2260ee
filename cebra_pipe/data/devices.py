"""Values that live on a device, and move there together."""

from __future__ import annotations

from typing import Self

import torch


class HasDevice:
    """Moves every tensor, module and nested HasDevice among its attributes on `.to(device)`."""

    _device = "cpu"

    @property
    def device(self) -> str:
        """Where the data lie; change it by `.to(device)`."""
        return self._device

    def to(self, device: str | torch.device) -> Self:
        """Move everything to `device`, in place; itself. ValueError where torch knows no such device."""
        try:
            torch.empty(0, device=device)
        except (RuntimeError, AssertionError) as error:
            raise ValueError(f"device: expected one that torch sees, found {str(device)!r}: {error}") from error
        for name, value in list(vars(self).items()):
            if isinstance(value, torch.Tensor | torch.nn.Module | HasDevice):
                setattr(self, name, value.to(device))
        self._device = str(device)
        return self
