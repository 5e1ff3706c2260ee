"""MATLAB files of versions 4 to 7, against scipy, which wrote them."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from scipy.io import loadmat, savemat
from scipy.sparse import csc_array

from cebra_pipe.data.formats import entries
from cebra_pipe.data.load import load_data, open_file
from cebra_pipe.errors import UserError

from .conftest import LAPS, SPIKES

RNG = np.random.default_rng(2)
ARRAYS = {
    **{np.dtype(t).name: (SPIKES * 3).astype(t) for t in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8")},
    "truth": SPIKES > 2,
    "one": np.array([[7.5]]),
    "row": LAPS[None],
    "empty": np.zeros((0, 3)),
    "deep": RNG.normal(size=(2, 3, 4, 2)),
    "a_name_of_a_good_length": RNG.normal(size=(5, 1)),
}


@pytest.mark.parametrize("compressed", [True, False])
def test_arrays_as_scipy_reads_them(compressed, tmp_path):
    savemat(tmp_path / "a.mat", ARRAYS, do_compression=compressed)
    wanted, contents = loadmat(tmp_path / "a.mat"), open_file(tmp_path / "a.mat")
    assert set(contents.entries) == set(ARRAYS)
    for name in ARRAYS:
        values = contents.read(name)
        assert (values.dtype, values.shape) == (wanted[name].dtype, wanted[name].shape)
        np.testing.assert_array_equal(values, wanted[name])


@pytest.mark.parametrize("kind", [np.float64, bool])
def test_sparse_matrices_are_filled(kind, tmp_path):
    dense = np.where(RNG.random((40, 7)) < 0.1, RNG.normal(size=(40, 7)), 0).astype(kind)
    savemat(tmp_path / "a.mat", {"spikes": csc_array(dense), "nothing": csc_array((3, 2))})
    np.testing.assert_array_equal(load_data(tmp_path / "a.mat", "spikes"), dense)
    np.testing.assert_array_equal(load_data(tmp_path / "a.mat", "nothing"), np.zeros((3, 2)))


def test_structs_and_what_is_no_array_of_numbers(tmp_path):
    cells = np.empty((1, 2), object)
    cells[0, 0], cells[0, 1] = SPIKES, LAPS
    many = np.zeros((2,), [("x", object)])
    savemat(
        tmp_path / "a.mat",
        {"s": {"spikes": SPIKES, "in": {"laps": LAPS, "name": "rat"}}, "cells": cells, "many": many, "z": SPIKES * 1j},
    )
    np.testing.assert_array_equal(load_data(tmp_path / "a.mat", "s.spikes"), SPIKES)
    np.testing.assert_array_equal(load_data(tmp_path / "a.mat", "s.in.laps"), LAPS[None])
    for key, told in {"s.in.name": "text", "cells": "Python objects", "many": "Python", "z": "complex"}.items():
        with pytest.raises(UserError, match=told):
            load_data(tmp_path / "a.mat", key)


def big_endian(name: bytes, values: np.ndarray) -> bytes:
    """A file as a machine of the other byte order writes it."""

    def element(kind: int, data: bytes) -> bytes:
        return struct.pack(">II", kind, len(data)) + data + bytes(-len(data) % 8)

    shape = element(5, np.array(values.shape, ">i4").tobytes())
    body = element(6, struct.pack(">II", 6, 0)) + shape
    body += struct.pack(">HH", len(name), 1) + name.ljust(4, b"\0") + element(9, values.T.astype(">f8").tobytes())
    return b"MATLAB".ljust(124) + struct.pack(">H", 0x0100) + b"MI" + element(14, body)


def test_the_other_byte_order(tmp_path):
    (tmp_path / "a.mat").write_bytes(big_endian(b"abc", SPIKES))
    np.testing.assert_array_equal(loadmat(tmp_path / "a.mat")["abc"], SPIKES)
    np.testing.assert_array_equal(load_data(tmp_path / "a.mat", "abc"), SPIKES)


@pytest.mark.parametrize("kind", ["f8", "f4", "i4", "i2", "u2", "u1", "c16"])
def test_version_4(kind, tmp_path):
    sparse = csc_array(np.where(SPIKES > 2, SPIKES, 0))
    value = {"spikes": SPIKES.astype(kind), "laps": LAPS.astype(float), "few": sparse, "text": "a rat"}
    savemat(tmp_path / "a.mat", value, format="4")
    if kind == "c16":
        with pytest.raises(UserError, match="complex"):
            load_data(tmp_path / "a.mat", "spikes")
        return
    wanted = loadmat(tmp_path / "a.mat")
    for name in ("spikes", "laps"):
        values = load_data(tmp_path / "a.mat", name)
        assert (values.dtype, values.shape) == (wanted[name].dtype, wanted[name].shape)
        np.testing.assert_array_equal(values, wanted[name])
    np.testing.assert_array_equal(load_data(tmp_path / "a.mat", "few"), sparse.toarray())
    with pytest.raises(UserError, match="text"):
        load_data(tmp_path / "a.mat", "text")


def test_a_shape_that_the_numbers_do_not_fill(tmp_path):
    data = big_endian(b"abc", SPIKES)
    lie = data.replace(np.array(SPIKES.shape, ">i4").tobytes(), np.array([2**31 - 1, 2**31 - 1], ">i4").tobytes())
    (tmp_path / "a.mat").write_bytes(lie)
    with pytest.raises(UserError, match="24 numbers for a shape of 2147483647 × 2147483647"):
        load_data(tmp_path / "a.mat")


def test_what_is_compressed_cannot_fill_the_memory(tmp_path, monkeypatch):
    savemat(tmp_path / "a.mat", {"zeros": np.zeros((1000, 1000))}, do_compression=True)
    savemat(tmp_path / "b.mat", {"zeros": csc_array((10_000, 10_000))}, do_compression=True)
    assert load_data(tmp_path / "a.mat").shape == (1000, 1000)
    monkeypatch.setattr(entries, "SLACK", 1 << 16)
    monkeypatch.setattr(entries, "EXPANSION", 10)
    for name in ("a.mat", "b.mat"):
        with pytest.raises(UserError, match="an array that declares"):
            load_data(tmp_path / name)
