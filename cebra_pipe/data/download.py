"""Files from the web: over http(s) alone, checked, and whole or not there at all."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.client
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from urllib import request
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit

from ..errors import NotDownloaded, Problem, UserError

CHUNK = 1 << 18  # bytes
TIMEOUT = 30.0  # s without a byte
# urllib's usual opener also follows a redirection to ftp.
HANDLERS = (
    request.ProxyHandler,
    request.HTTPHandler,
    request.HTTPSHandler,
    request.HTTPRedirectHandler,
    request.HTTPDefaultErrorHandler,
    request.HTTPErrorProcessor,
    request.UnknownHandler,
)


def download(url: str, path: str | Path, md5: str | None = None, progress: bool = True) -> Path:
    """The file behind `url` at `path`, whose folders are made. With `md5`, a file there that has it stays as it is.

    The bytes go to a temporary name beside it, so that a broken download leaves what was there.

    Raises:
        NotDownloaded: (a UserError and OSError) no connection, no such page, cut short, or another checksum.
        UserError: the address is not http or https.
    """
    path = Path(path)
    if md5 is not None and path.is_file() and md5_of(path) == md5:
        return path
    check_url(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _beside(path) as (file, temporary):
        found = _receive(url, file, path.name, progress)
        if md5 is not None and found != md5:
            _refuse(url, f"a file with md5 {md5}", found, "The source was changed or damaged; tell its host.")
        file.close()
        os.replace(temporary, path)
    return path


def unpack(packed: str | Path, path: str | Path, md5: str) -> Path:
    """What a gzip file holds, at `path`; `packed` should have been checked: it may unpack to any size.

    Raises:
        NotDownloaded: (a UserError and OSError) no gzip file, or another checksum of what it holds.
    """
    path = Path(path)
    with _beside(path) as (file, temporary):
        try:
            with gzip.open(packed) as source:
                shutil.copyfileobj(source, file, CHUNK)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            _refuse(str(packed), "a whole gzip file", str(error), "Remove it and try again.")
        file.close()
        if (found := md5_of(temporary)) != md5:
            _refuse(str(packed), f"a file with md5 {md5} inside", found, "Remove it and try again.")
        os.replace(temporary, path)
    return path


def md5_of(path: str | Path) -> str:
    """The checksum of a file, in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def name_in(url: str) -> str:
    """The file name at the end of an address, without its query."""
    name = Path(unquote(urlsplit(url).path)).name
    if name in ("", ".", ".."):
        raise UserError(Problem(url, "an address that ends in a file's name", "none", "Give `filename`."))
    return name


def check_url(url: str) -> None:
    """A UserError unless the address is one of http or https."""
    parts = urlsplit(str(url))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UserError(Problem(repr(url), "an address that begins with https:// or http://", parts.scheme or "none"))


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[tuple[BinaryIO, str]]:
    """A new file in the same folder, removed again unless it was renamed."""
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file, temporary
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def _receive(url: str, file: BinaryIO, name: str, progress: bool) -> str:
    """Write what comes to `file`; its checksum."""
    digest = hashlib.md5(usedforsecurity=False)
    try:
        with _opener().open(url, timeout=TIMEOUT) as answer:
            length = int(answer.headers.get("Content-Length") or 0)
            came = 0
            for piece in _pieces(answer, name, length, progress):
                digest.update(piece)
                file.write(piece)
                came += len(piece)
    except HTTPError as error:
        error.close()
        _refuse(url, "a file", f"{error.code} {error.reason}", "Check the address.")
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "reason", error)
        _refuse(
            url, "to download it", f"{type(error).__name__}: {why}", "Check the connection, or copy the file by hand."
        )
    if came < length:
        _refuse(url, f"{length} bytes", f"{came}: the connection ended early", "Try again.")
    return digest.hexdigest()


def _pieces(answer: http.client.HTTPResponse, name: str, length: int, progress: bool) -> Iterator[bytes]:
    from tqdm import tqdm

    with tqdm(total=length or None, desc=name, unit="B", unit_scale=True, disable=not progress) as bar:
        while piece := answer.read(CHUNK):
            bar.update(len(piece))
            yield piece


def _opener() -> request.OpenerDirector:
    opener = request.OpenerDirector()
    for handler in HANDLERS:
        opener.add_handler(handler())
    return opener


def _refuse(url: str, expected: str, found: str, remedy: str) -> None:
    raise NotDownloaded(Problem(url, expected, found, remedy)) from None
