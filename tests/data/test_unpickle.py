"""Nothing in a file executes, and nothing that a file declares is believed before it is seen."""

from __future__ import annotations

import os
import pickle
import struct
import zipfile
import zlib
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

import joblib
import numpy as np
import pytest

from cebra_pipe.data import unpickle
from cebra_pipe.data.formats import entries
from cebra_pipe.data.formats.entries import Refusal
from cebra_pipe.data.load import load_data
from cebra_pipe.errors import UserError

from .conftest import SPIKES, write_h5


def plant(path: Path, value: object) -> None:
    """`value` pickled into a file of the format that the suffix names."""
    {
        ".pkl": lambda: path.write_bytes(pickle.dumps(value)),
        ".p": lambda: path.write_bytes(pickle.dumps(value)),
        ".jl": lambda: joblib.dump(value, path),
        ".joblib": lambda: joblib.dump(value, path, compress=3),
        ".npy": lambda: np.save(path, np.array([value], object), allow_pickle=True),
        ".npz": lambda: np.savez(path, spikes=np.array([value], object)),
        ".pt": lambda: plant_torch(path, value),
        ".h5": lambda: plant_frame(path, value),
    }[path.suffix]()


def plant_torch(path: Path, value: object) -> None:
    import torch

    torch.save({"spikes": torch.from_numpy(SPIKES), "bomb": value}, path)


def plant_frame(path: Path, value: object) -> None:
    """A pandas table whose columns' names are a pickle, which PyTables would load."""
    import h5py
    import pandas as pd

    pd.DataFrame({"x": [1.0, 2.0]}).to_hdf(path, key="frame", format="table")
    with h5py.File(path, "a") as file:
        file["frame"].attrs["non_index_axes"] = np.bytes_(pickle.dumps(value, 0))


@pytest.mark.parametrize("suffix", [".pkl", ".p", ".jl", ".joblib", ".npy", ".npz", ".pt", ".h5"])
def test_malicious_file_does_not_execute(suffix, bomb, tmp_path):
    plant(tmp_path / f"evil{suffix}", bomb)
    with pytest.raises(UserError, match="evil"):
        load_data(tmp_path / f"evil{suffix}")
    assert not bomb.path.exists()


@pytest.mark.parametrize("suffix", [".jl", ".pt"])
def test_the_way_to_trust_a_file_is_told_for_both_ways_of_reading(suffix, bomb, tmp_path):
    plant(tmp_path / f"evil{suffix}", bomb)
    with pytest.raises(UserError, match=r"you wrote the file, trust it \(trust=True in Python, `trust: true` in"):
        load_data(tmp_path / f"evil{suffix}")


@pytest.mark.parametrize("suffix", [".pkl", ".jl", ".npy", ".npz"])
def test_the_bomb_is_a_real_one(suffix, bomb, tmp_path):
    """The same files go off under `trust`: else the test above would prove nothing."""
    plant(tmp_path / f"evil{suffix}", bomb)
    with suppress(UserError):
        load_data(tmp_path / f"evil{suffix}", trust=True)
    assert bomb.path.exists()


@pytest.mark.parametrize(
    "program",
    [
        b"cos\nsystem\n(S'true'\ntR.",
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.",
        b"(S'true'\nios\nsystem\n.",
        b"(cos\nsystem\nS'true'\no.",
        b"cnumpy\nload\n(S'x'\ntR.",
        b"\x80\x02\x82\x01.",
        b"cnumpy\ndtype\n(S'f8'\nI0\nI1\ntR}S'value'\nI1\nsb.",
        b"cnumpy\ndtype\n(dS'__call__'\ncnumpy\nndarray\nsb.",
        b"cnumpy\nndarray\n((I1000000000\ntR.",
        b"cbuiltins\nbytearray\n(I1000000000000\ntR.",
        b"Pid\n.",
    ],
)
def test_programs_that_reach_for_more_than_arrays_are_refused(program):
    with pytest.raises(Refusal):
        unpickle.loads(program)
    assert unpickle.loads(pickle.dumps(np.arange(3))).values.tolist() == [0, 1, 2]  # and change nothing that stays


@pytest.mark.parametrize("dtype", ["O", "V8", "M8[s]", "f8,f8"])
def test_dtypes_that_are_no_numbers_or_text(dtype):
    with pytest.raises(Refusal):
        unpickle.loads(pickle.dumps(np.zeros(2, dtype)))


def test_every_admitted_name_is_one_that_numpy_or_joblib_writes():
    values = [
        np.ones(2),
        np.ones((2, 2), order="F"),
        np.float64(1),
        b"x",
        bytearray(b"x"),
        OrderedDict(a=1),
        {1},
        frozenset((1,)),
        np.arange(4)[::2],
    ]
    for protocol in range(6):
        unpickle.loads(pickle.dumps(values, protocol))


def test_protocols_agree_with_the_ordinary_unpickler():
    rng = np.random.default_rng(1)
    for dtype in ("u1", ">i2", "f4", ">f8", "c8", "?", "U3", "S2"):
        array = rng.integers(0, 2, (3, 4)).astype(dtype)
        for layout in (array, np.asfortranarray(array), array[:, ::2], array[:0]):
            for protocol in range(6):
                found = unpickle.loads(pickle.dumps(layout, protocol)).values
                np.testing.assert_array_equal(found, layout)
                assert found.dtype.newbyteorder("=") == layout.dtype.newbyteorder("=")


def forged_joblib(shape: tuple[int, ...]) -> bytes:
    """A joblib file of a few bytes that declares an array of `shape`."""
    real = _dumped(np.zeros((7, 11)))
    old = b"K\x07K\x0b\x86"
    assert old in real
    return real.replace(old, b"".join(b"\x8a\x08" + struct.pack("<q", n) for n in shape) + b"\x86")


def _dumped(value: object, compress: int = 0) -> bytes:
    import io

    buffer = io.BytesIO()
    joblib.dump(value, buffer, compress=compress)
    return buffer.getvalue()


@pytest.mark.parametrize("shape", [(1 << 40, 1 << 10), (1 << 62, 1 << 62), (-1, 8), (1000, 1000)])
@pytest.mark.parametrize("compress", [False, True])
def test_declared_shape_is_checked_before_memory_is_asked_for(shape, compress, tmp_path):
    data = forged_joblib(shape)
    # The declared array would follow the frame; a forged length of the frame's is no help either.
    (tmp_path / "a.jl").write_bytes(zlib.compress(data) if compress else data)
    with pytest.raises(UserError, match=r"a\.jl"):
        load_data(tmp_path / "a.jl")


def test_npy_that_declares_more_than_it_holds(tmp_path):
    for shape in ((99_999_999_999, 8), (-2, 8), (3, 8)):
        with open(tmp_path / "b.npy", "wb") as file:
            np.lib.format.write_array_header_1_0(file, {"shape": shape, "fortran_order": False, "descr": "<f8"})
            file.write(bytes(128))
        with pytest.raises(UserError, match=r"b\.npy.*declares"):
            load_data(tmp_path / "b.npy")


def test_npz_that_declares_more_than_it_holds(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive, archive.open("spikes.npy", "w") as file:
        header = {"shape": (1 << 40, 8), "fortran_order": False, "descr": "<f8"}
        np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(UserError, match=r"a\.npz.*declares"):
        load_data(tmp_path / "a.npz")


def test_frame_that_declares_more_than_it_can_hold(tmp_path):
    import h5py
    import pandas as pd

    pd.DataFrame({"x": [1.0, 2.0]}).to_hdf(tmp_path / "a.h5", key="frame", format="table")
    with h5py.File(tmp_path / "a.h5", "a") as file:
        table = file["frame/table"]
        dtype, attributes = table.dtype, dict(table.attrs)
        del file["frame/table"]
        forged = file.create_dataset("frame/table", shape=(1 << 40,), dtype=dtype, chunks=(1024,))
        forged.attrs.update(attributes)
    with pytest.raises(UserError, match="an array that declares"):
        load_data(tmp_path / "a.h5")


def test_hdf5_that_declares_more_than_it_can_hold(tmp_path):
    import h5py

    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("spikes", shape=(1 << 40, 1 << 10), dtype="f8", chunks=(1024, 1024))
    with pytest.raises(UserError, match="an array that declares"):
        load_data(tmp_path / "a.h5")


def test_hdf5_links_are_told_and_not_followed(tmp_path):
    import h5py

    write_h5(tmp_path / "secret.h5", key=SPIKES)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["spikes"] = SPIKES
        file["elsewhere"] = h5py.ExternalLink("secret.h5", "/key")
        file["soft"] = h5py.SoftLink("/elsewhere")
        file["group/soft"] = h5py.SoftLink("/spikes")
        file["round/and/round"] = file["/"]
    np.testing.assert_array_equal(load_data(tmp_path / "a.h5", "spikes"), SPIKES)
    for key, told in {"elsewhere": "another file", "soft": "a link", "group/soft": "a link"}.items():
        with pytest.raises(UserError, match=told):
            load_data(tmp_path / "a.h5", key)


def test_hdf5_values_in_another_file(tmp_path):
    """A virtual dataset, and raw bytes of any file on the disk."""
    import h5py

    write_h5(tmp_path / "secret.h5", key=SPIKES)
    layout = h5py.VirtualLayout(SPIKES.shape, SPIKES.dtype)
    layout[:] = h5py.VirtualSource(str(tmp_path / "secret.h5"), "key", SPIKES.shape)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["here"] = SPIKES
        file.create_virtual_dataset("virtual", layout)
        file.create_dataset("raw", (8,), "u1", external=[(str(tmp_path / "secret.h5"), 0, 8)])
    for key in ("virtual", "raw"):
        with pytest.raises(UserError, match=f"{key}'.*another file.*Copy the values"):
            load_data(tmp_path / "a.h5", key)
    with pytest.raises(UserError, match=r"virtual \(values that lie in another file\)"):
        load_data(tmp_path / "a.h5", "nothing")


@pytest.mark.parametrize("form", ["fixed", "table"])
@pytest.mark.parametrize("kind", ["link", "virtual"])
def test_frames_in_another_file(tmp_path, form, kind):
    import h5py
    import pandas as pd

    frame = pd.DataFrame(SPIKES, columns=["a", "b", "c"])
    for name in ("secret", "a"):
        frame.to_hdf(tmp_path / f"{name}.h5", key="f", format=form)
    inner = "f/block0_values" if form == "fixed" else "f/table"
    with h5py.File(tmp_path / "a.h5", "a") as file, h5py.File(tmp_path / "secret.h5", "r") as secret:
        attributes, shape, dtype = dict(file[inner].attrs), secret[inner].shape, secret[inner].dtype
        del file[inner]
        if kind == "link":
            file[inner] = h5py.ExternalLink("secret.h5", f"/{inner}")
        else:
            layout = h5py.VirtualLayout(shape, dtype)
            layout[:] = h5py.VirtualSource(str(tmp_path / "secret.h5"), inner, shape)
            file.create_virtual_dataset(inner, layout).attrs.update(attributes)
    with pytest.raises(UserError, match="another file"):
        load_data(tmp_path / "a.h5", columns=["a"])


@pytest.mark.parametrize("kind", ["zlib", "gzip", "bz2", "xz"])
def test_decompression_bomb_is_stopped(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(entries, "SLACK", 1 << 16)
    monkeypatch.setattr(entries, "EXPANSION", 10)
    joblib.dump({"spikes": np.zeros((4000, 1000))}, tmp_path / "a.jl", compress=(kind, 9))
    with pytest.raises(UserError, match="an array that declares"):
        load_data(tmp_path / "a.jl")


def test_references_do_not_multiply(tmp_path):
    """A few hundred bytes that name one list over and over describe 2**60 numbers."""
    row = [1.0] * 100
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"spikes": [row] * 100}))
    with pytest.raises(UserError, match="an array of numbers"):
        load_data(tmp_path / "a.pkl")
    value = [1.0, 2.0]
    for _ in range(60):
        value = [value, value]
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"spikes": value}))
    with pytest.raises(UserError, match="an array of numbers"):
        load_data(tmp_path / "a.pkl")


def test_keys_that_take_for_ever_to_hash(tmp_path):
    key = ()
    for _ in range(200):
        key = (key, key)
    program = pickle.dumps(key)[:-1]
    with pytest.raises(Refusal, match="keys"):
        unpickle.loads(b"\x80\x04}" + program[program.index(b")") :] + b"K\x01s.")


@pytest.mark.parametrize("suffix", [".pkl", ".jl", ".joblib", ".npy", ".npz", ".pt", ".h5"])
def test_file_cut_short_anywhere(suffix, tmp_path):
    """Every prefix either fails with a message that names the file, or (csv excepted) does not exist."""
    path = tmp_path / f"a{suffix}"
    value = {"spikes": SPIKES}
    {
        ".npy": lambda: np.save(path, SPIKES),
        ".npz": lambda: np.savez(path, **value),
        ".h5": lambda: write_h5(path, **value),
        ".pt": lambda: plant_torch(path, 1),
    }.get(suffix, lambda: plant(path, value))()
    whole = path.read_bytes()
    for length in sorted({*range(1, len(whole) - 1, max(len(whole) // 40, 1))}):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match=os.path.basename(path)):
            load_data(path)


def test_random_damage_never_gives_a_foreign_exception(tmp_path):
    rng = np.random.default_rng(7)
    whole = np.frombuffer(_dumped({"spikes": SPIKES, "names": ["a", "b"], "n": 3}), np.uint8)
    for _ in range(400):
        broken = whole.copy()
        broken[rng.integers(0, len(whole), 3)] = rng.integers(0, 256, 3)
        (tmp_path / "a.jl").write_bytes(broken.tobytes())
        with suppress(UserError):
            load_data(tmp_path / "a.jl")
