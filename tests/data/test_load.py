"""Every documented format gives back what was written into it."""

from __future__ import annotations

import numpy as np
import pytest

from cebra_pipe.data.load import FORMATS, load_data, open_file
from cebra_pipe.errors import UserError

from .conftest import CONTAINERS, LAPS, SINGLES, SPIKES, write_h5, write_mat73, write_pkl


def test_every_format_is_tested_here():
    assert {f".{suffix}" for suffix in (*CONTAINERS, *SINGLES)} == set(FORMATS)


@pytest.mark.parametrize("suffix", CONTAINERS)
def test_container_gives_each_array_by_key_and_the_first_without(suffix, tmp_path):
    path = tmp_path / f"rat.{suffix}"
    CONTAINERS[suffix](path, laps=LAPS, spikes=SPIKES)
    np.testing.assert_array_equal(load_data(path, "spikes"), SPIKES)
    np.testing.assert_array_equal(np.ravel(load_data(path, key="laps")), LAPS)
    np.testing.assert_array_equal(load_data(path), load_data(path, "laps"))
    np.testing.assert_array_equal(load_data(path, "spikes", [2, 0]), SPIKES[:, [2, 0]])


@pytest.mark.parametrize("suffix", SINGLES)
def test_single_array(suffix, tmp_path):
    path = tmp_path / f"rat.{suffix}"
    SINGLES[suffix](path, SPIKES)
    np.testing.assert_array_equal(load_data(path), SPIKES)
    np.testing.assert_array_equal(load_data(path, columns=[1]), SPIKES[:, [1]])


@pytest.mark.parametrize("suffix", ["npz", "h5", "pt", "jl", "pkl", "mat"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.float64, bool])
def test_dtype_of_the_file_is_kept_and_the_array_may_be_written(suffix, dtype, tmp_path):
    path = tmp_path / f"rat.{suffix}"
    CONTAINERS[suffix](path, spikes=SPIKES.astype(dtype))
    values = load_data(path, "spikes")
    assert values.dtype == (np.uint8 if suffix == "mat" and dtype is bool else dtype)
    values[0, 0] = 1


@pytest.mark.parametrize("suffix", ["npz", "jl", "pkl", "npy"])
@pytest.mark.parametrize(
    "array", [np.asfortranarray(SPIKES), SPIKES.astype(">f4"), SPIKES[:0], SPIKES[::2, ::2], np.array(3.0)]
)
def test_layouts_in_memory(suffix, array, tmp_path):
    path = tmp_path / f"rat.{suffix}"
    (SINGLES[suffix] if suffix in SINGLES else lambda p, a: np.savez(p, a))(path, array)
    np.testing.assert_array_equal(load_data(path), array)


def test_suffix_in_any_case(tmp_path):
    np.save(tmp_path / "a.npy", SPIKES)
    (tmp_path / "a.npy").rename(tmp_path / "A.NPY")
    np.testing.assert_array_equal(load_data(tmp_path / "A.NPY"), SPIKES)


def test_documented_example(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    neural, trial = np.random.default_rng(0).normal(size=(2, 100, 3))
    np.savez("data", neural=neural, trial=trial)
    np.testing.assert_array_equal(load_data(file="data.npz", key="neural"), neural)
    np.testing.assert_array_equal(load_data(file="data.npz", key="trial"), trial)


def test_matlab_v73_has_the_shape_that_matlab_shows(tmp_path):
    write_mat73(tmp_path / "rat.mat", spikes=SPIKES)
    np.testing.assert_array_equal(load_data(tmp_path / "rat.mat", "spikes"), SPIKES)


def test_matlab_struct_by_dotted_name(tmp_path):
    CONTAINERS["mat"](tmp_path / "rat.mat", session={"spikes": SPIKES, "info": {"lap": LAPS}, "name": "rat"})
    np.testing.assert_array_equal(load_data(tmp_path / "rat.mat", "session.spikes"), SPIKES)
    np.testing.assert_array_equal(load_data(tmp_path / "rat.mat", "session.info.lap").ravel(), LAPS)


def test_nested_groups_of_hdf5(tmp_path):
    write_h5(tmp_path / "rat.h5", **{"session/spikes": SPIKES, "laps": LAPS})
    np.testing.assert_array_equal(load_data(tmp_path / "rat.h5", "/session/spikes"), SPIKES)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_pickle_protocols(protocol, tmp_path):
    write_pkl(
        tmp_path / "a.pkl",
        protocol,
        spikes=SPIKES,
        order=np.asfortranarray(SPIKES),
        number=np.float32(2),
        text="x",
        raw=b"\xff",
        tags={"a", "b"},
    )
    np.testing.assert_array_equal(load_data(tmp_path / "a.pkl", "spikes"), SPIKES)
    np.testing.assert_array_equal(load_data(tmp_path / "a.pkl", "order"), SPIKES)


def test_lists_of_numbers_in_a_pickle(tmp_path):
    write_pkl(tmp_path / "a.pkl", spikes=SPIKES.tolist(), laps=LAPS.tolist(), nested={"x": [SPIKES, LAPS]})
    np.testing.assert_array_equal(load_data(tmp_path / "a.pkl", "spikes"), SPIKES)
    np.testing.assert_array_equal(load_data(tmp_path / "a.pkl", "laps"), LAPS)
    np.testing.assert_array_equal(load_data(tmp_path / "a.pkl", "nested.x.1"), LAPS)


@pytest.mark.parametrize("compress", [("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)])
def test_compressed_joblib(compress, tmp_path):
    big = np.random.default_rng(0).poisson(0.1, size=(3000, 100)).astype(np.float64)
    CONTAINERS["jl"](tmp_path / "a.jl", compress, spikes=big, laps=LAPS)
    np.testing.assert_array_equal(load_data(tmp_path / "a.jl", "spikes"), big)
    np.testing.assert_array_equal(load_data(tmp_path / "a.jl", "laps"), LAPS)


def test_torch_half_precision_of_brains(tmp_path):
    import torch

    torch.save(torch.from_numpy(SPIKES).bfloat16().requires_grad_(), tmp_path / "a.pt")
    np.testing.assert_array_equal(load_data(tmp_path / "a.pt"), SPIKES)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("header", ["", "a{0}b{0}c\n", "# a{0}b{0}c\n", '"a"{0}"b"{0}"c"\n', "\ufeffa{0}b{0}c\n"])
def test_csv_separator_and_header_are_found_out(separator, header, tmp_path):
    path = tmp_path / "a.csv"
    rows = "".join(separator.join(f"{v:g}" for v in row) + "\n" for row in SPIKES)
    path.write_text(header.format(separator) + rows, encoding="utf-8")
    np.testing.assert_array_equal(load_data(path), SPIKES)
    if header:
        np.testing.assert_array_equal(load_data(path, columns=["c", "a"]), SPIKES[:, [2, 0]])


def test_csv_of_excel_with_decimal_commas(tmp_path):
    (tmp_path / "a.csv").write_text("x;größe\n1,5;2\n2,25;3\n", encoding="latin-1")
    np.testing.assert_array_equal(load_data(tmp_path / "a.csv"), [[1.5, 2], [2.25, 3]])
    np.testing.assert_array_equal(load_data(tmp_path / "a.csv", columns=["größe"]), [[2], [3]])


def test_csv_integer_column_stays_integer_beside_a_real_one(tmp_path):
    (tmp_path / "a.csv").write_text("x,lap\n1.5,2\n,3\n")
    assert load_data(tmp_path / "a.csv", columns=["lap"]).dtype == np.int64
    assert np.isnan(load_data(tmp_path / "a.csv", columns=["x"])[1, 0])


def test_csv_rows_may_be_long(tmp_path):
    (tmp_path / "a.csv").write_text("x,note\n" + "".join(f"{i},{'long ' * 500_000}\n" for i in range(2)))
    np.testing.assert_array_equal(load_data(tmp_path / "a.csv", columns=["x"]), [[0], [1]])


def test_csv_types_follow_from_the_whole_file(tmp_path):
    (tmp_path / "a.csv").write_text("1\n" * 700_000 + "1.5\n")
    assert load_data(tmp_path / "a.csv")[-1, 0] == 1.5


def test_csv_single_row_and_forced_header(tmp_path):
    (tmp_path / "a.csv").write_text("1,2\n3,4\n")
    np.testing.assert_array_equal(load_data(tmp_path / "a.csv", header=True), [[3, 4]])
    np.testing.assert_array_equal(load_data(tmp_path / "a.csv", header=True, columns=["2"]), [[4]])
    (tmp_path / "b.csv").write_text("1,2")
    np.testing.assert_array_equal(load_data(tmp_path / "b.csv"), [[1, 2]])


def test_excel_with_header_and_sheet_by_number(tmp_path):
    import pandas as pd

    with pd.ExcelWriter(tmp_path / "a.xlsx") as book:
        pd.DataFrame({"x": [1.5, None], "lap": [1, 2], "note": ["p", "q"]}).to_excel(
            book, sheet_name="one", index=False
        )
        pd.DataFrame(SPIKES).to_excel(book, sheet_name="two", index=False, header=False)
    np.testing.assert_array_equal(load_data(tmp_path / "a.xlsx", columns=["x", "lap"]), [[1.5, 1], [np.nan, 2]])
    np.testing.assert_array_equal(load_data(tmp_path / "a.xlsx", 1), SPIKES)
    with pytest.raises(UserError, match=r"'p' \(line 2\) in column 'note'"):
        load_data(tmp_path / "a.xlsx", "one")


def test_parquet_of_pandas_without_its_index(tmp_path):
    import pandas as pd

    frame = pd.DataFrame({"x": SPIKES[:, 0], "good": SPIKES[:, 1] > 2, "name": "a"}, index=np.arange(8) * 3)
    frame.to_parquet(tmp_path / "a.parquet")
    np.testing.assert_array_equal(
        load_data(tmp_path / "a.parquet", columns=["good", "x"]), np.stack([SPIKES[:, 1] > 2, SPIKES[:, 0]], axis=1)
    )
    assert open_file(tmp_path / "a.parquet").entries[""].columns == ("x", "good", "name")


@pytest.mark.parametrize("suffix", ["npz", "jl", "pkl", "pt"])
def test_trust_reads_what_only_an_ordinary_unpickler_can(suffix, tmp_path):
    import joblib
    import torch

    content = {"spikes": SPIKES, "sets": frozenset((1, 2)), "objects": np.array([1, 2.5], object)}
    path = tmp_path / f"a.{suffix}"
    {
        "npz": lambda: np.savez(path, **content),
        "jl": lambda: joblib.dump(content, path),
        "pkl": lambda: write_pkl(path, **content),
        "pt": lambda: torch.save(content, path),
    }[suffix]()
    np.testing.assert_array_equal(load_data(path, "spikes", trust=True), SPIKES)
    np.testing.assert_array_equal(load_data(path, "objects", trust=True), [1, 2.5])


def test_trust_opens_data_frames_and_saved_dictionaries(tmp_path):
    import pandas as pd

    frame = pd.DataFrame({"x": SPIKES[:, 0], "lap": LAPS})
    frame.to_pickle(tmp_path / "a.pkl")
    assert load_data(tmp_path / "a.pkl", columns=["lap"], trust=True).dtype == np.int64
    np.save(tmp_path / "a.npy", {"spikes": SPIKES})
    np.testing.assert_array_equal(load_data(tmp_path / "a.npy", "spikes", trust=True), SPIKES)
