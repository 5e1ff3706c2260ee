"""Files from the web."""

from __future__ import annotations

import tempfile
from pathlib import Path

from .data.download import check_url, download, name_in
from .errors import Problem, UserError


def download_file_from_url(url: str, filename: str | Path | None = None) -> str:
    """Where the file behind `url` was saved: at `filename`, else under its own name in a new temporary folder.

    Raises:
        UserError: the address is not http(s), or ends in no file's name and there is no `filename`.
        NotDownloaded: (a UserError and OSError) no connection, no such page, or a file cut short.
    """
    check_url(url)
    target = Path(filename) if filename is not None else Path(tempfile.mkdtemp()) / name_in(url)
    return str(download(url, target))


def fetch(url: str | None, md5: str | None, location: str | Path | None, file_name: str | None) -> Path:
    """The file of a data set at `location/file_name`, downloaded unless it is there with this checksum.

    Where there is no checksum, a file that is there is taken as it is.

    Raises:
        UserError: no address, folder or name; or as download_file_from_url.
    """
    given = {"data_url": url, "location": location, "file_name": file_name}
    if missing := [name for name, value in given.items() if value is None]:
        raise UserError(Problem("download", " and ".join(given), f"no {', '.join(missing)}", "Give all three."))
    target = Path(location) / file_name
    return target if md5 is None and target.is_file() else download(url, target, md5)
