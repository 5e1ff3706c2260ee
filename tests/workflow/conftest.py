"""A checkout of its own with a finished tiny study, and what a dry-run says of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("Snakefile", "cebra_pipe", "workflow", "profiles", "envs")


def copy_checkout(target: Path) -> Path:
    """The files that a run needs, with the tiny config as the default."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            # What is compiled already goes along; a cache that is being written has a number at its end.
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("*.pyc.*"))
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    shutil.copy2(ROOT / "config" / "tiny.yaml", target / "config.yaml")
    return target


class Checkout:
    """A folder in which snakemake runs."""

    def __init__(self, folder: Path):
        self.folder = folder

    @property
    def tree(self) -> Path:
        return self.folder / "results" / "tiny"

    def run(
        self, *arguments: str, program: str = "snakemake", check: bool = True, **options
    ) -> subprocess.CompletedProcess:
        """A program of this checkout: its code comes before the installed one."""
        env = {
            **os.environ,
            "PYTHONPATH": str(self.folder),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        made = subprocess.run(
            [sys.executable, "-m", program, *arguments],
            cwd=self.folder,
            env=env,
            capture_output=True,
            text=True,
            **{"timeout": 600} | options,
        )
        if check and made.returncode:
            raise AssertionError(
                f"{program} {' '.join(arguments)} ended with {made.returncode}:\n{made.stdout}\n{made.stderr}"
            )
        return made

    def jobs(self, *arguments: str) -> set[str]:
        """The jobs that a dry-run would do, each as `rule first-output-without-root`."""
        out = self.run("--dry-run", *arguments)
        found = re.findall(r"^Job \d+: (\w+) (\S+)$", out.stdout + out.stderr, re.MULTILINE)
        return {f"{rule} {path.split('/', 2)[2]}" for rule, path in found}

    def config(self, change: Callable[[dict], None]) -> None:
        """Edit config.yaml as a user would."""
        path = self.folder / "config.yaml"
        data = yaml.safe_load(path.read_text())
        change(data)
        path.write_text(yaml.safe_dump(data, sort_keys=False))

    def edit(self, module: str, old: str, new: str) -> None:
        """Edit a line of the library."""
        path = self.folder / "cebra_pipe" / module
        text = path.read_text()
        assert old in text, f"{old!r} is not in {module}"
        path.write_text(text.replace(old, new, 1))


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Checkout:
    """The tiny study run to its end, once per session; tests work on copies."""
    checkout = Checkout(copy_checkout(tmp_path_factory.mktemp("finished") / "checkout"))
    checkout.run("--cores", "2")
    return checkout


@pytest.fixture
def checkout(finished, tmp_path) -> Checkout:
    """A copy of the finished study, times kept, to change at will."""
    shutil.copytree(finished.folder, tmp_path / "checkout", symlinks=True, copy_function=shutil.copy2)
    return Checkout(tmp_path / "checkout")
