"""What loaders of one session and of several draw alike: a class says the aims of one mode, from the loader's fields.

A loader has `conditional`, `time_offset`, `delta` and `prior` as far as its mode reads them.
"""

from __future__ import annotations

from .sampling import PRIORS, Aim

CONTINUOUS = {"time": "time", "time_delta": "time_delta", "delta_normal": "delta_normal", "delta": "delta_normal"}
BY_LABEL = [name for name in CONTINUOUS if name != "time"]


def check_option(name: str, value: str, known: object) -> None:
    """ValueError where `value` is none of `known`."""
    if value not in known:
        raise ValueError(f"{name}: expected one of {', '.join(known)}, found {value!r}.")


class ContinuousAims:
    """Positives by the continuous index, or by time alone."""

    conditionals = CONTINUOUS

    def __post_init__(self):
        check_option("conditional", self.conditional, self.conditionals)
        super().__post_init__()

    def _aim(self, **more: object) -> Aim:
        return Aim(CONTINUOUS[self.conditional], lag=self.time_offset, delta=self.delta, **more)

    @property
    def aims(self) -> tuple[Aim, ...]:
        """What is drawn."""
        return (self._aim(),)


class DiscreteAims:
    """Positives of the reference's class."""

    def __post_init__(self):
        check_option("prior", self.prior, PRIORS)
        super().__post_init__()

    @property
    def aims(self) -> tuple[Aim, ...]:
        """What is drawn."""
        return (Aim("discrete", labels=False, classes=True, prior=self.prior),)


class MixedAims(ContinuousAims):
    """Positives of the reference's class, inside it by the continuous index."""

    conditionals = BY_LABEL

    def __post_init__(self):
        check_option("prior", self.prior, PRIORS)
        super().__post_init__()

    @property
    def aims(self) -> tuple[Aim, ...]:
        """What is drawn."""
        return (self._aim(classes=True, prior=self.prior),)


class HybridAims(ContinuousAims):
    """Two objectives: positives by the continuous index, and by time."""

    conditionals = BY_LABEL

    @property
    def aims(self) -> tuple[Aim, ...]:
        """What is drawn."""
        return (self._aim(), Aim("time", lag=self.time_offset))
