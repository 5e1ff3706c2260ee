"""Seeds that are trained as one batch of models: whether the option has an effect."""

from __future__ import annotations

from ...errors import Problems
from .study import Resolved


def check_together(study: Resolved, where: str, problems: Problems) -> None:
    """`together` is for several seeds that share their data; given for all conditions it has to serve one of them."""
    expected, config, conditions = "several seeds, and no control", study.config, study.conditions
    for name, k in conditions.items():
        if "together" in config.conditions[name].model_fields_set and k.together and k.apart:
            remedy = "It has no effect here: remove it, or set together: false where `like` takes it over."
            problems.add(f"{where}: conditions.{name}.together", expected, k.apart, remedy)
    if config.defaults.together and not any(k.together and not k.apart for k in conditions.values()):
        problems.add(f"{where}: defaults.together", expected, "no condition with that", "It has no effect: remove it.")
