"""Files that are no archive and no artifact are told; those of a whole study: tests/workflow/test_equal_bytes.py."""

from __future__ import annotations

import json
import zipfile

import pytest

from cebra_pipe.cli import main


def zipped(path, manifest):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
    return path


@pytest.mark.parametrize(
    ("manifest", "found"),
    [
        ({"format": 9}, "format 1, found 9"),
        ({"format": 1, "artifacts": {"../../etc/passwd": {}}}, "files below one folder"),
        ({"format": 1, "artifacts": {"/etc/passwd": {}}}, "files below one folder"),
    ],
)
def test_forged_archives_are_refused(tmp_path, capsys, manifest, found):
    assert main(["verify", str(zipped(tmp_path / "a.zip", manifest))]) == 2
    assert found in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["verify", "explain"])
def test_other_files_are_told(tmp_path, capsys, verb):
    path = tmp_path / "notes.txt"
    assert main([verb, str(path)]) == 2
    assert "no such file" in capsys.readouterr().err
    path.write_text("words")
    assert main([verb, str(path)]) == 2
    assert "notes.txt" in capsys.readouterr().err
