"""Files of every format, written by the test that reads them."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from .xls import write_xls

# (time, neuron) and a vector: small integers, so that text formats keep them exactly.
SPIKES = np.arange(24, dtype=np.float64).reshape(8, 3) % 5
LAPS = np.repeat(np.arange(4), 2).astype(np.int64)


def write_npz(path: Path, **arrays) -> None:
    np.savez(path, **arrays)


def write_h5(path: Path, **arrays) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name] = values


def write_mat73(path: Path, **arrays) -> None:
    """As MATLAB does: columns first."""
    write_h5(path, **{name: np.atleast_2d(values).T for name, values in arrays.items()})


def write_mat(path: Path, **arrays) -> None:
    from scipy.io import savemat

    savemat(path, arrays)


def write_pt(path: Path, **arrays) -> None:
    import torch

    torch.save({name: torch.from_numpy(values) for name, values in arrays.items()}, path)


def write_jl(path: Path, compress=0, **arrays) -> None:
    import joblib

    joblib.dump(arrays, path, compress=compress)


def write_pkl(path: Path, protocol: int = 4, **arrays) -> None:
    path.write_bytes(pickle.dumps(arrays, protocol))


def write_xlsx(path: Path, **arrays) -> None:
    import pandas as pd

    with pd.ExcelWriter(path) as book:
        for name, values in arrays.items():
            pd.DataFrame(values).to_excel(book, sheet_name=name, header=False, index=False)


CONTAINERS = {  # suffix: how to write several named arrays
    "npz": write_npz,
    "h5": write_h5,
    "hdf": write_h5,
    "hdf5": write_h5,
    "h": write_h5,
    "nwb": write_h5,
    "mat": write_mat,
    "pt": write_pt,
    "pth": write_pt,
    "p": write_pt,
    "jl": write_jl,
    "joblib": write_jl,
    "pkl": write_pkl,
    "xlsx": write_xlsx,
    "xlsm": write_xlsx,
    "xls": write_xls,
}


def write_csv(path: Path, values: np.ndarray) -> None:
    np.savetxt(path, values, delimiter=",", fmt="%g")


def write_parquet(path: Path, values: np.ndarray) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({f"c{i}": column for i, column in enumerate(values.T)}), path)


def write_single_jl(path: Path, values: np.ndarray) -> None:
    import joblib

    joblib.dump(values, path)


SINGLES = {  # suffix: how to write one array
    "npy": np.save,
    "csv": write_csv,
    "parquet": write_parquet,
    "jl": write_single_jl,
    "pkl": lambda path, values: path.write_bytes(pickle.dumps(values)),
}


class Bomb:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.fixture
def bomb(tmp_path):
    """An object that tells when it went off: `bomb.path.exists()`."""
    return Bomb(tmp_path / "went_off")


def track(frames: int, parts=("hand", "tongue"), bad=(), scorer="net"):
    """A DeepLabCut frame, a random walk a body part; `bad` lists (frame, part) of low likelihood and wild position."""
    import pandas as pd

    rng = np.random.default_rng(5)
    columns = pd.MultiIndex.from_product(
        [[scorer], parts, ["x", "y", "likelihood"]], names=["scorer", "bodyparts", "coords"]
    )
    values = np.cumsum(rng.normal(size=(frames, 3 * len(parts))), axis=0)
    values[:, 2::3] = 0.99
    for frame, part in bad:
        values[frame, 3 * parts.index(part) : 3 * parts.index(part) + 3] = 1e6, -1e6, 0.1
    return pd.DataFrame(values, columns=columns)
