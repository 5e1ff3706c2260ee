"""Two objectives on one embedding: behaviour on its first dimensions, time on all of them or on the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from ..data.datatypes import Batch
from .training import Solver

MODES = ("overlapping", "separate")


@dataclass
class MultiobjectiveSolver(Solver):
    """Behaviour shapes the first `num_behavior_features` dimensions.

    output_mode: `overlapping`, where time shapes all dimensions, or `separate`, where it shapes the others.
    renormalize_features: bring either part of a vector to length one before similarities are taken.
    """

    num_behavior_features: int = 3
    renormalize_features: bool = False
    output_mode: str = "overlapping"
    ignore_deprecation_warning: bool = False  # taken for the documented signature: nothing here is deprecated

    def __post_init__(self):
        super().__post_init__()
        self._check_dimensions()

    def _check_dimensions(self) -> None:
        """ValueError where the embedding has too few dimensions for its objectives."""
        if self.output_mode not in MODES:
            raise ValueError(f"output_mode: expected one of {', '.join(MODES)}, found {self.output_mode!r}.")
        wanted = self.num_behavior_features + (self.output_mode == "separate")
        if self.models[0].num_output < wanted:
            raise ValueError(
                f"num_output: expected at least {wanted} dimensions for {self.num_behavior_features} of behaviour "
                f"({self.output_mode}), found {self.models[0].num_output}."
            )
        for name, _, dimensions, renormalize in self.spans:
            if renormalize and dimensions < 2:
                raise ValueError(f"renormalize_features: expected at least 2 dimensions of {name}, found {dimensions}.")

    @property
    def spans(self):
        whole, labels = self.models[0].num_output, self.num_behavior_features
        first = 0 if self.output_mode == "overlapping" else labels
        return [
            ("behavior", 0, labels, self.renormalize_features),
            ("time", first, whole - first, self.renormalize_features),
        ]

    def _losses(self, batch: Batch) -> Sequence[Tensor]:
        """The halves of a batch are behaviour and time."""
        embedded, losses = self._inference(batch), []
        for i, (_, first, dimensions, renormalize) in enumerate(self.spans):
            parts = []
            for each in (embedded.reference, embedded.positive, embedded.negative):
                z = each.chunk(2)[i][..., first : first + dimensions]
                parts.append(z / z.norm(dim=-1, keepdim=True).clamp(min=1e-12) if renormalize else z)
            losses.append(self.criterion(*parts))
        return [sum(each) for each in zip(*losses, strict=True)]
