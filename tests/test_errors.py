"""What messages propose and count."""

from __future__ import annotations

import pytest

from cebra_pipe.errors import counted, did_you_mean


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("rat1", ["rat01", "rat10", "rat11", "rat12"], "rat01"),
        ("rat01", ["rat1", "rat10", "rat011"], "rat1"),
        ("Rat-1", ["rat_2", "rat_1"], "rat_1"),
        ("postion", ["direction", "position"], "position"),
        ("0" * 5000, ["rat1"], None),
    ],
)
def test_the_name_that_was_meant(name, known, meant):
    told = did_you_mean(name, known)
    assert told.startswith(f"Did you mean {meant!r}? " if meant else "Known: ")


def test_one_is_singular():
    assert (counted(1, "sample"), counted(0, "sample")) == ("1 sample", "0 samples")
