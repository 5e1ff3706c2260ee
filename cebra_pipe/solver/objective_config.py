"""What several objectives of one embedding are: ranges, losses, and what positives are drawn by."""

from __future__ import annotations

from ..data.multiobjective import MultiObjectiveLoader
from ..errors import Problem, UserError
from ..models.multicriterions import MultiCriterions

PARTS = ("slice", "loss", "distribution")


class MultiObjectiveConfig:
    """Objectives one by one: `set_slice`, `set_loss`, `set_distribution`, `push`; at the end `finalize`.

    RuntimeError for a part given twice, or missing. Afterwards `criterion` and `feature_ranges` go to the solver.
    """

    def __init__(self, loader: MultiObjectiveLoader):
        self.loader = loader
        self.criterion: MultiCriterions | None = None
        self.feature_ranges: list[slice] = []
        self._pushed: list[dict] = []
        self._current: dict[str, object] = {}

    def set_slice(self, start: int, end: int) -> None:
        """The dimensions of the embedding that the objective shapes: from `start` to before `end`."""
        if not 0 <= start < end:
            raise UserError(Problem("slice", "0 <= start < end", f"{start} to {end}"))
        self._set("slice", slice(start, end))

    def set_loss(self, loss_name: str, **kwargs: object) -> None:
        """A criterion of `models.criterions`, or a loss of torch such as "nn.MSELoss", and its arguments."""
        self._set("loss", {"name": loss_name, "kwargs": kwargs})

    def set_distribution(self, distribution_name: str, **kwargs: object) -> None:
        """What positives are drawn by: time (time_offset), time_delta (time_delta, label_name), delta_normal (delta,
        label_name); for supervised learning: label (label_name)."""
        self._set("distribution", {"distribution": distribution_name, "kwargs": kwargs})

    def push(self) -> None:
        """The objective is complete."""
        if missing := [part for part in PARTS if part not in self._current]:
            raise RuntimeError(
                f"objective {len(self._pushed)}: expected {', '.join(PARTS)}; {', '.join(missing)} missing."
            )
        self._pushed.append(self._current)
        self._current = {}

    def finalize(self) -> None:
        """All objectives are told: the loader draws for them, and the criterion is made."""
        states = (
            (self.criterion is not None, "a config that is finalized already"),
            (bool(self._current), "an objective that was not pushed"),
            (not self._pushed, "none"),
        )
        for wrong, found in states:
            if wrong:
                raise RuntimeError(f"finalize: expected pushed objectives, once; found {found}.")
        key = f"{self.loader.mode}_loss"
        criterion = MultiCriterions([{key: each["loss"]} for each in self._pushed], mode=self.loader.mode)
        for each in self._pushed:
            self.loader.add_config(each["distribution"])
        self.criterion, self.feature_ranges = criterion, [each["slice"] for each in self._pushed]

    def _set(self, part: str, value: object) -> None:
        if part in self._current:
            raise RuntimeError(
                f"objective {len(self._pushed)}: {part} is given twice. Call push() before the next objective."
            )
        self._current[part] = value
