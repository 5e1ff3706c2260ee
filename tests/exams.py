"""Fits of tests are scored on few references."""

from __future__ import annotations

import pytest

from cebra_pipe.solver import lessons


@pytest.fixture(scope="package", autouse=True)
def small_exams():
    """Scores on 64 references: those on 512 take longer than the fits of tests, whose scores mean nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lessons, "EXAM", 64)
        yield
