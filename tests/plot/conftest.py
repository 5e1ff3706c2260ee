"""The study that most tests of figures read."""

from __future__ import annotations

import pytest

from .artifacts import Made, build, make_recording


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Two rats, all conditions, one fold."""
    return build(tmp_path_factory.mktemp("study"), {f"rat{i}": make_recording(i, 1200 + 75 * i) for i in (1, 2)})
