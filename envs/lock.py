"""Writes the lock file from the packages installed here, and the conda environment file from the lock file.

Local versions (+cpu) are cut off: the same pin takes a CUDA build where the index offers one.
"""

from __future__ import annotations

import sys
from importlib.metadata import distributions
from pathlib import Path

HERE = Path(__file__).parent
LOCK, CONDA = HERE / "requirements.lock", HERE / "cebra_pipe.yaml"
LEFT_OUT = {"cebra-pipe", "pip"}


def lock() -> str:
    """Every installed package at its version, one a line."""
    found = {d.metadata["Name"].lower().replace("_", "-"): d.version.partition("+")[0] for d in distributions()}
    lines = [f"{name}=={version}" for name, version in sorted(found.items()) if name not in LEFT_OUT]
    return "# Written by envs/lock.py (make lock).\n" + "\n".join(lines) + "\n"


def conda(locked: str) -> str:
    """The environment file for --software-deployment-method conda: Python from conda, the rest as locked."""
    pins = [line for line in locked.splitlines() if line and not line.startswith("#")]
    head = "# Written by envs/lock.py from requirements.lock.\nchannels:\n  - conda-forge\n  - nodefaults\n"
    body = "dependencies:\n  - python=3.11\n  - pip\n  - pip:\n" + "".join(f"      - {pin}\n" for pin in pins)
    return head + body


if __name__ == "__main__":
    text = LOCK.read_text() if "--conda" in sys.argv else lock()
    LOCK.write_text(text)
    CONDA.write_text(conda(text))
