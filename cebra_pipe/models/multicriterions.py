"""One criterion for each range of an embedding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from ..data.datatypes import Batch
from ..errors import Problem, UserError, did_you_mean
from . import criterions

# mode -> the key under which a loss is given, and what of a batch it is called with
MODES = {
    "supervised": ("supervised_loss", ("reference", "positive")),
    "contrastive": ("contrastive_loss", ("reference", "positive", "negative")),
}
CONTRASTIVE = {
    name: kind
    for name, kind in vars(criterions).items()
    if isinstance(kind, type) and issubclass(kind, criterions.ContrastiveLoss)
}


class MultiCriterions(nn.Module):
    """Calls one criterion a range.

    Args:
        losses: for each range a mapping that holds, under "supervised_loss" or "contrastive_loss", the criterion:
            {"name": of a criterion here or of a loss of torch ("nn.MSELoss"), "kwargs": its arguments}.
        mode: "supervised": criteria of (reference, positive); "contrastive": of (reference, positive, negative).
    """

    def __init__(self, losses: Sequence[Mapping[str, object]], mode: str):
        super().__init__()
        if mode not in MODES:
            raise UserError(Problem("mode", " or ".join(MODES), repr(mode)))
        self.mode, (key, self._fields) = mode, MODES[mode]
        self.criterions = nn.ModuleList(_criterion(i, loss, key) for i, loss in enumerate(losses))

    def forward(self, predictions: Sequence[Batch]) -> list[Tensor]:
        """One batch of embeddings a range -> the loss of each."""
        if len(predictions) != len(self.criterions):
            raise UserError(Problem("predictions", f"{len(self.criterions)} batches", str(len(predictions))))
        made = []
        for criterion, batch in zip(self.criterions, predictions, strict=True):
            loss = criterion(*(getattr(batch, field) for field in self._fields))
            made.append(loss[0] if isinstance(loss, tuple) else loss)
        return made


def _criterion(number: int, loss: Mapping[str, object], key: str) -> nn.Module:
    where = f"losses[{number}]"
    given = loss.get(key)
    if not isinstance(given, Mapping) or "name" not in given:
        raise UserError(Problem(f"{where}[{key!r}]", '{"name": …, "kwargs": {…}}', repr(given)))
    name = str(given["name"])
    kind = CONTRASTIVE.get(name) or getattr(nn, name.removeprefix("nn."), None)
    if kind is None:
        raise UserError(Problem(f"{where}[{key!r}]", "a criterion or a loss of torch.nn", name, _near(name)))
    return kind(**given.get("kwargs") or {})


def _near(name: str) -> str:
    return did_you_mean(name, [*CONTRASTIVE, *(f"nn.{loss}" for loss in dir(nn) if loss.endswith("Loss"))])
