"""The names of `cebra_pipe.models.init`: each row of the table with its class and what the class is made with."""

from __future__ import annotations

from ..registry import Option
from .table import CLIPS, DEPTHS, MODELS

CLASSES = {
    "offset10-model": "Offset10Model",
    "offset10-model-mse": "Offset10ModelMSE",
    "offset5-model": "Offset5Model",
    "offset1-model-mse": "Offset0ModelMSE",
    "offset1-model": "Offset0Model",
    "offset1-model-v2": "Offset0Modelv2",
    "offset1-model-v3": "Offset0Modelv3",
    "offset1-model-v4": "Offset0Modelv4",
    "offset1-model-v5": "Offset0Modelv5",
    "offset40-model-4x-subsample": "ResampleModel",
    "resample-model": "ResampleModel",
    "offset20-model-4x-subsample": "Resample5Model",
    "resample5-model": "Resample5Model",
    "offset4-model-2x-subsample": "Resample1Model",
    "resample1-model": "Resample1Model",
    "supervised10-model": "SupervisedNN10",
    "supervised1-model": "SupervisedNN1",
    "offset36-model": "Offset36",
    "offset36-model-dropout": "Offset36Dropout",
    "offset36-model-more-dropout": "Offset36Dropoutv2",
    "offset40-model": "Offset40",
    "offset50-model": "Offset50",
    "offset15-model": "Offset15Model",
    "offset20-model": "Offset20Model",
    "offset10-model-mse-tanh": "Offset10ModelMSETanH",
    "offset1-model-mse-tanh": "Offset0ModelMSETanH",
}


def _option(name: str, kind: str, family: bool = False, **kwargs: object) -> tuple[str, Option]:
    return name, Option(f"models.model:{kind}", kwargs, family)


_ROWS = dict(
    [
        *(_option(name, kind) for name, kind in CLASSES.items()),
        *(
            _option(f"offset1-model-mse-clip-{a}-{b}", "Offset0ModelMSEClip", i > 0, clip_min=-a, clip_max=b)
            for i, (a, b) in enumerate(CLIPS)
        ),
        *(
            _option(
                f"offset1-model-mse-{short}-{n}layers{'-tanh' * tanh}", kind, i > 0, tanh=tanh, n_intermediate_layers=n
            )
            for short, kind in (("v2", "Offset0ModelMSETanHv2"), ("resnet", "Offset0ModelResNetTanH"))
            for i, (n, tanh) in enumerate(DEPTHS)
        ),
    ]
)
OPTIONS = {name: _ROWS[name] for name in MODELS}
