"""Weights of objectives and regularisers over the steps of a fit; a registry."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import Problem, Problems, UserError
from ..registry import add_helper_functions

add_helper_functions(
    __name__,
    {
        "constant-weight": "solver.schedulers:ConstantScheduler",
        "linear-scheduler": "solver.schedulers:LinearScheduler",
        "linear-ramp-up": "solver.schedulers:LinearRampUp",
    },
)


class Scheduler(ABC):
    """A weight an objective, step by step."""

    @abstractmethod
    def get_weights(self, step: int = 0) -> list[float] | None:
        """The weights at a step, the first of which is 0; None where nothing is weighted in."""


@dataclass
class ConstantScheduler(Scheduler):
    """The same weights at every step."""

    initial_weights: Sequence[float]

    def __post_init__(self):
        if not len(self.initial_weights):
            raise UserError(Problem("initial_weights", "one weight an objective", "none"))

    def get_weights(self, step: int = 0) -> list[float]:
        """`initial_weights`"""
        return [float(weight) for weight in self.initial_weights]


@dataclass
class LinearScheduler(Scheduler):
    """None before the step of switching on, a straight line from `start_weight` to `end_weight`, None afterwards.

    n_splits: objectives, all of which get the same weight. With `stay_constant_after_switch_off` the end weight stays.
    """

    n_splits: int
    step_to_switch_on_reg: int
    step_to_switch_off_reg: int
    start_weight: float
    end_weight: float
    stay_constant_after_switch_off: bool = False

    def __post_init__(self):
        problems = Problems()
        if self.n_splits < 1:
            problems.add("n_splits", "one objective or more", str(self.n_splits))
        if not 0 <= self.step_to_switch_on_reg < self.step_to_switch_off_reg:
            found = f"{self.step_to_switch_on_reg} and {self.step_to_switch_off_reg}"
            problems.add("step_to_switch_on_reg, step_to_switch_off_reg", "a step from 0 on and a later one", found)
        problems.raise_any()

    def get_weights(self, step: int = 0) -> list[float] | None:
        """`n_splits` equal weights, or None."""
        on, off = self.step_to_switch_on_reg, self.step_to_switch_off_reg
        if step < on or (step > off and not self.stay_constant_after_switch_off):
            return None
        share = min((step - on) / (off - on), 1.0)
        return [self.start_weight + share * (self.end_weight - self.start_weight)] * self.n_splits


@dataclass
class LinearRampUp(LinearScheduler):
    """As LinearScheduler; the end weight stays."""

    def __post_init__(self):
        super().__post_init__()
        self.stay_constant_after_switch_off = True
