"""The simulators of recordings, by where the animal runs."""

from __future__ import annotations

from ..data.recording import Recording
from . import open_field, rats

ENVIRONMENTS = {"track": rats.simulate, "open_field": open_field.simulate}


def simulate(environment: str, **recipe: float) -> Recording:
    """The recording of one simulated rat; the recipe is that of `rats.simulate`."""
    return ENVIRONMENTS[environment](**recipe)
