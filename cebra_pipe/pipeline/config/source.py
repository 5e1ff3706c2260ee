"""Where an array lies: a file, and what is taken of it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from .base import Float, Int, Line, Model, Path


def key_only(value: Any) -> Any:
    """`neural: spikes` is short for `neural: {key: spikes}`."""
    return {"key": value} if isinstance(value, str) else value


class Source(Model):
    """Where an array lies: a file, and inside it a key and a column."""

    file: Path | None = Field(
        None, description="Path, relative to `data_folder`; the recording's `file` where it is left out."
    )
    key: Line | Int | None = Field(
        None,
        description="Name of the array in a npz, h5, mat, jl, pkl or pt file; the sheet of an Excel file; the path of "
        "a series or table in an NWB file.",
    )
    column: Int | Line | None = Field(
        None, description="One column of a 2-D array or table, by number (from 0) or name."
    )
    columns: list[Int | Line] | None = Field(
        None,
        min_length=1,
        description="Several columns of a 2-D array or table of neurons, by number or name (a label, a clock or trials "
        "take one `column`); n0..n99 and 0..99 are ranges, both "
        "ends included.",
    )
    header: bool | None = Field(
        None, description="CSV and Excel: whether the first row holds names; found out where it is left out."
    )
    separator: str | None = Field(
        None, min_length=1, max_length=1, description="CSV: the separator; found out where it is left out."
    )
    transpose: bool = Field(False, description="The array lies as (neuron, time).")
    trust: bool = Field(
        False, description="Unpickle freely: runs what the file says. Only for files that you wrote yourself."
    )
    keypoints: list[Line] | None = Field(None, min_length=1, description="DeepLabCut h5: the body parts to read.")
    minimum_likelihood: Float | None = Field(
        None, ge=0, le=1, description="DeepLabCut h5: frames below it are interpolated from good ones (0.6)."
    )


ShortSource = Annotated[Source, BeforeValidator(key_only)]
