"""Downloads from a server on this machine: whole or nothing, checked, http only."""

from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from cebra_pipe import helper, load_data
from cebra_pipe.data.download import download, md5_of
from cebra_pipe.errors import UserError

CONTENT = bytes(range(256)) * 3000
MD5 = hashlib.md5(CONTENT).hexdigest()
PAGES = {  # path: status, headers, body
    "/rat.jl": (200, {"Content-Length": str(len(CONTENT))}, CONTENT),
    "/short.jl": (200, {"Content-Length": str(len(CONTENT))}, CONTENT[:1000]),
    "/old/rat.jl": (302, {"Location": "/rat.jl"}, b""),
    "/leads/out": (302, {"Location": "file:///etc/hostname"}, b""),
    "/leads/ftp": (302, {"Location": "ftp://127.0.0.1/rat.jl"}, b""),
}


class Pages(BaseHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012

    def do_GET(self):
        path = self.path.split("?")[0]
        self.asked.append(path)
        status, headers, body = PAGES.get(path, (404, {}, b"no"))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    """The address of the pages above."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    Pages.asked.clear()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("page", ["rat.jl", "old/rat.jl"])
def test_file_comes_whole(page, server, tmp_path):
    path = download(f"{server}/{page}", tmp_path / "new" / "folder" / "rat.jl", MD5, progress=False)
    assert path.read_bytes() == CONTENT
    assert md5_of(path) == MD5
    assert [p.name for p in path.parent.iterdir()] == ["rat.jl"]


def test_file_with_the_checksum_is_not_fetched_again(server, tmp_path):
    (tmp_path / "rat.jl").write_bytes(CONTENT)
    download(f"{server}/rat.jl", tmp_path / "rat.jl", MD5, progress=False)
    assert Pages.asked == []
    (tmp_path / "rat.jl").write_bytes(b"damaged")
    assert download(f"{server}/rat.jl", tmp_path / "rat.jl", MD5, progress=False).read_bytes() == CONTENT


FAILURES = {
    "/short.jl": "the connection ended early",
    "/nothing.jl": "404",
    "/leads/out": "file:",
    "/leads/ftp": "unknown url type",
}


@pytest.mark.parametrize("page", FAILURES)
def test_failure_leaves_what_was_there(page, server, tmp_path):
    (tmp_path / "rat.jl").write_bytes(b"before")
    with pytest.raises(UserError, match=FAILURES[page]) as caught:
        download(server + page, tmp_path / "rat.jl", progress=False)
    assert isinstance(caught.value, OSError)
    assert [p.name for p in tmp_path.iterdir()] == ["rat.jl"]
    assert (tmp_path / "rat.jl").read_bytes() == b"before"


def test_other_checksum(server, tmp_path):
    with pytest.raises(OSError, match=MD5):
        download(f"{server}/rat.jl", tmp_path / "rat.jl", "0" * 32, progress=False)
    assert not list(tmp_path.iterdir())


def test_no_connection(server, tmp_path):
    port = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    address = f"http://127.0.0.1:{port.server_port}/rat.jl"
    port.server_close()
    with pytest.raises(OSError, match="Check the connection"):
        download(address, tmp_path / "rat.jl", progress=False)


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://host/rat.jl", "rat.jl", "", "https:///rat.jl"])
def test_other_addresses_are_refused(url, tmp_path):
    for fetch in (lambda: download(url, tmp_path / "a"), lambda: helper.download_file_from_url(url)):
        with pytest.raises(UserError, match="https://"):
            fetch()
    assert not list(tmp_path.iterdir())


def test_documented_helper(server, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    np.save(tmp_path / "x.npy", np.eye(3))
    body = (tmp_path / "x.npy").read_bytes()
    monkeypatch.setitem(PAGES, "/CollectedData.npy", (200, {}, body))
    file = helper.download_file_from_url(f"{server}/CollectedData.npy?raw=true")
    assert isinstance(file, str)
    assert file.endswith("/CollectedData.npy")
    np.testing.assert_array_equal(load_data(file), np.eye(3))
    assert helper.download_file_from_url(f"{server}/CollectedData.npy", tmp_path / "b.npy") == str(tmp_path / "b.npy")
    assert "CollectedData.npy" in capsys.readouterr().err
    with pytest.raises(UserError, match="filename"):
        helper.download_file_from_url(f"{server}/")


def test_fetch_for_a_data_set(server, tmp_path):
    assert helper.fetch(f"{server}/rat.jl", MD5, tmp_path / "new", "rat.jl").read_bytes() == CONTENT
    helper.fetch(f"{server}/rat.jl", MD5, tmp_path / "new", "rat.jl")
    helper.fetch(f"{server}/rat.jl", None, tmp_path / "new", "rat.jl")
    assert Pages.asked == ["/rat.jl"]
    with pytest.raises(UserError, match="no data_url, file_name"):
        helper.fetch(None, MD5, tmp_path, None)


def test_data_set_that_is_fetched(server, tmp_path):
    from cebra_pipe.data import SingleSessionDataset

    class Fetched(SingleSessionDataset):
        input_dimension = 1

        def __getitem__(self, index):
            raise NotImplementedError

    where = {"data_url": f"{server}/rat.jl", "data_checksum": MD5, "location": str(tmp_path), "file_name": "rat.jl"}
    Fetched(**where)
    assert Pages.asked == []
    Fetched(download=True, **where)
    assert (tmp_path / "rat.jl").read_bytes() == CONTENT
    with pytest.raises(UserError, match="no data_url"):
        Fetched(download=True, location=str(tmp_path), file_name="rat.jl")
