"""Where data sets are looked for, and what is said where they are not."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from cebra_pipe.datasets.folder import VARIABLES, Source, get_datapath, set_datapath
from cebra_pipe.errors import NotDownloaded, Problem, UserError


@pytest.fixture(autouse=True)
def no_folder(monkeypatch, tmp_path):
    for name in VARIABLES:
        monkeypatch.setenv(name, "")  # not delenv: what a test sets has to be taken back, too
    monkeypatch.chdir(tmp_path)


def test_folder_of_the_data_sets(monkeypatch):
    assert get_datapath() == "data"
    assert get_datapath("rat/a.jl") == "data/rat/a.jl"
    assert get_datapath("/elsewhere/a.jl") == "/elsewhere/a.jl"
    for name in ("CEBRA_DATADIR", "CEBRA_PIPE_DATA", "CEBRA_PIPE_DATADIR"):
        monkeypatch.setenv(name, f"/{name}")
        assert get_datapath() == f"/{name}"
        assert get_datapath("a.jl") == f"/{name}/a.jl"


def test_folder_that_is_set_holds_here_and_in_processes_from_here(monkeypatch, tmp_path):
    monkeypatch.setenv("CEBRA_DATADIR", "/other")
    set_datapath(tmp_path)
    assert get_datapath() == str(tmp_path)
    code = "from cebra_pipe.datasets.folder import get_datapath; print(get_datapath())"
    root = Path(__file__).parents[2]
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert out.stdout.strip() == str(tmp_path)


def test_folder_that_is_none(tmp_path):
    with pytest.raises(FileNotFoundError, match="Make it first"):
        set_datapath(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="a file"):
        set_datapath(tmp_path / "file")
    assert get_datapath() == "data"


SOURCE = Source(("rats/a.jl", "rats/a.npz"), "the archive", hashlib.md5(b"right").hexdigest())


def test_file_under_any_of_its_names():
    Path("data/rats").mkdir(parents=True)
    Path("data/rats/a.npz").write_bytes(b"another")
    assert SOURCE.find() == Path("data/rats/a.npz")
    Path("data/rats/a.jl").write_bytes(b"right")
    assert SOURCE.find() == Path("data/rats/a.jl")


def test_file_that_differs_from_the_published_one():
    Path("data/rats").mkdir(parents=True)
    Path("data/rats/a.jl").write_bytes(b"wrong")
    with pytest.warns(UserWarning, match="differs from the published file"):
        assert SOURCE.find() == Path("data/rats/a.jl")


def test_missing_file_says_where_to_put_it(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"data/rats/a\.jl or data/rats/a\.npz.*the archive.*set_datapath"
    ) as told:
        SOURCE.find()
    assert isinstance(told.value, UserError)


def test_file_with_an_address_is_fetched_only_where_allowed(monkeypatch):
    asked = []
    monkeypatch.setattr("cebra_pipe.datasets.folder.download", lambda *args: asked.append(args) or Path("there"))
    source = Source(("rats/a.jl",), "the archive", "0" * 32, "https://host/a.jl")
    with pytest.raises(FileNotFoundError):
        source.find(fetch=False)
    assert source.find() == Path("there")
    assert asked == [("https://host/a.jl", Path("data/rats/a.jl"), "0" * 32)]


PACKED = gzip.compress(b"right", mtime=0)
FETCHED = Source(("rats/a.jl",), "the archive", SOURCE.md5, "https://host/a.jl.gz", hashlib.md5(PACKED).hexdigest())


def sends(content: bytes):
    """A `download` to which the host sends `content`."""

    def download(url: str, path: Path, md5: str) -> Path:
        assert (url, md5) == (FETCHED.url, FETCHED.packed_md5)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return download


def test_a_packed_file_is_unpacked_and_found_again(monkeypatch):
    monkeypatch.setattr("cebra_pipe.datasets.folder.download", sends(PACKED))
    assert FETCHED.find().read_bytes() == b"right"
    assert [p.name for p in Path("data/rats").iterdir()] == ["a.jl"]
    assert FETCHED.find(fetch=False) == Path("data/rats/a.jl")


@pytest.mark.parametrize(
    "content",
    [b"no archive", PACKED[:-9], gzip.compress(b"another", mtime=0)],
    ids=["no archive", "cut short", "another content"],
)
def test_what_unpacks_to_something_else_is_not_taken(monkeypatch, content):
    monkeypatch.setattr("cebra_pipe.datasets.folder.download", sends(content))
    with pytest.raises(FileNotFoundError, match=r"a\.jl\.gz"):
        FETCHED.find()
    assert not Path("data/rats/a.jl").exists()


def test_without_a_network_the_message_tells_where_to_put_the_file(monkeypatch):
    def offline(*arguments):
        raise NotDownloaded(Problem("https://host/a.jl.gz", "to download it", "URLError: no route"))

    monkeypatch.setattr("cebra_pipe.datasets.folder.download", offline)
    with pytest.raises(
        FileNotFoundError, match=r"(?s)no route.*data/rats/a\.jl.*the archive.*set_datapath.*CEBRA_PIPE_DATADIR"
    ):
        FETCHED.find()
