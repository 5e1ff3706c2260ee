"""Recordings: reading files, tables on disk, epochs, parts, controls; data sets and loaders."""

from ..lazy import exports

__getattr__, __dir__ = exports(
    __name__,
    {
        "Batch": "datatypes",
        "BatchIndex": "datatypes",
        "Offset": "datatypes",
        "Dataset": "base",
        "Loader": "base",
        "TensorDataset": "datasets",
        "DatasetCollection": "datasets",
        "DatasetxCEBRA": "datasets",
        "UnifiedDataset": "unified",
        "SingleSessionDataset": "single_session",
        "DiscreteDataLoader": "single_session",
        "ContinuousDataLoader": "single_session",
        "MixedDataLoader": "single_session",
        "HybridDataLoader": "single_session",
        "FullDataLoader": "single_session",
        "MultiSessionDataset": "multi_session",
        "MultiSessionLoader": "multi_session",
        "ContinuousMultiSessionDataLoader": "multi_session",
        "DiscreteMultiSessionDataLoader": "multi_session",
        "MixedMultiSessionDataLoader": "multi_session",
        "HybridMultiSessionDataLoader": "multi_session",
        "ContrastiveMultiObjectiveLoader": "multiobjective",
        "SupervisedMultiObjectiveLoader": "multiobjective",
        "load_data": "load",
        "load_deeplabcut": "load",
    },
)
