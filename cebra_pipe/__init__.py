"""Reproducible contrastive-embedding analysis of neural recordings.

Public names are imported when they are first used: `import cebra_pipe` loads neither torch nor numpy.
"""

from .lazy import exports

__version__ = "0.1.0"

# public name -> the module that holds it
NAMES = {
    "CEBRA": "sklearn.estimator",
    "KNNDecoder": "sklearn.decoder",
    "L1LinearRegressor": "sklearn.decoder",
    "compare_models": "plot.public_training",
    "plot_consistency": "plot.public_consistency",
    "plot_embedding": "plot.public_embedding",
    "plot_embedding_interactive": "plot.public_interactive",
    "plot_loss": "plot.public_training",
    "plot_overview": "plot.public_training",
    "plot_temperature": "plot.public_training",
    "load_data": "data.load",
    "load_deeplabcut": "data.load",
}

__all__ = ["__version__", *NAMES]
__getattr__, _names = exports(__name__, NAMES)


def __dir__() -> list[str]:
    return sorted(__all__)
