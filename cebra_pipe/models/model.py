"""The models by their documented names: each class is a row of `table`, run by the one `Encoder`.

A model of one's own derives from `_OffsetModel`, with layers, or from `Model`, with its own `forward`.
"""

from __future__ import annotations

# `X as X`: named here for users, who import the bases from this module
from .base import ClassifierModel as ClassifierModel
from .base import ConvolutionalModelMixin as ConvolutionalModelMixin
from .base import HasFeatureEncoder as HasFeatureEncoder
from .base import Model as Model
from .base import ParameterCountMixin as ParameterCountMixin
from .base import ResampleModelMixin as ResampleModelMixin
from .base import _OffsetModel as _OffsetModel
from .named import Clipped, Deep, Dropping, Named, Resampling, Supervised


class Offset10Model(Named, ConvolutionalModelMixin):
    """Window of 10 samples, embedding on the sphere."""

    row = "offset10-model"


class Offset10ModelMSE(Offset10Model):
    """Window of 10 samples, embedding of any length: for Euclidean criteria."""

    row = "offset10-model-mse"


class Offset10ModelMSETanH(Offset10Model):
    """Window of 10 samples, embedding between -1 and 1."""

    row = "offset10-model-mse-tanh"


class Offset5Model(Named, ConvolutionalModelMixin):
    """Window of 5 samples, embedding on the sphere."""

    row = "offset5-model"


class Offset15Model(Named, ConvolutionalModelMixin):
    """Window of 15 samples, embedding on the sphere."""

    row = "offset15-model"


class Offset20Model(Named, ConvolutionalModelMixin):
    """Window of 20 samples, embedding on the sphere."""

    row = "offset20-model"


class Offset36(Named, ConvolutionalModelMixin):
    """Window of 36 samples, embedding on the sphere."""

    row = "offset36-model"


class Offset40(Named, ConvolutionalModelMixin):
    """Window of 40 samples, embedding on the sphere."""

    row = "offset40-model"


class Offset50(Named, ConvolutionalModelMixin):
    """Window of 50 samples, embedding on the sphere."""

    row = "offset50-model"


class Offset36Dropout(Dropping):
    """Window of 36 samples; a share of channels is dropped after the first convolution in training."""

    inside = False


class Offset36Dropoutv2(Dropping):
    """Window of 36 samples; a share of channels is dropped before and after every convolution in training."""

    inside = True


class Offset0Model(Named):
    """One sample, embedding on the sphere."""

    row = "offset1-model"


class Offset0ModelMSE(Named):
    """One sample, embedding of any length; wide layers that do not depend on `num_units`."""

    row = "offset1-model-mse"


class Offset0Modelv2(Named):
    """One sample, embedding on the sphere; three hidden layers of equal width."""

    row = "offset1-model-v2"


class Offset0Modelv3(Named):
    """One sample, embedding on the sphere; two layers added to their input before the activation."""

    row = "offset1-model-v3"


class Offset0Modelv4(Named):
    """One sample, embedding on the sphere; four layers added to their input after the activation."""

    row = "offset1-model-v4"


class Offset0Modelv5(Named):
    """One sample, embedding on the sphere; four layers added to their input before the activation."""

    row = "offset1-model-v5"


class Offset0ModelMSETanH(Named):
    """As Offset0ModelMSE, embedding between -1 and 1."""

    row = "offset1-model-mse-tanh"


class Offset0ModelMSEClip(Clipped):
    """As Offset0ModelMSE, embedding between `clip_min` and `clip_max`."""


class Offset0ModelMSETanHv2(Deep):
    """One sample, embedding of any length; one hidden layer applied `n_intermediate_layers` times."""

    skip = False


class Offset0ModelResNetTanH(Deep):
    """As Offset0ModelMSETanHv2, each hidden layer added to its input."""

    skip = True


class ResampleModel(Resampling, ConvolutionalModelMixin):
    """Window of 40 samples, one embedding on the sphere for 4 samples."""

    row = "offset40-model-4x-subsample"


class Resample5Model(Resampling, ConvolutionalModelMixin):
    """Window of 20 samples, one embedding on the sphere for 4 samples."""

    row = "offset20-model-4x-subsample"


class Resample1Model(Resampling):
    """Window of 4 samples, one embedding on the sphere for 2 samples; for windows alone."""

    row = "offset4-model-2x-subsample"


class SupervisedNN10(Supervised):
    """Window of 10 samples, features for a classifier."""

    row = "supervised10-model"


class SupervisedNN1(Supervised):
    """One sample, features for a classifier."""

    row = "supervised1-model"
