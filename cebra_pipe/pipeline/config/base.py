"""What values of the config are made of: names, numbers, lines, paths, and parts that refuse unknown keys."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")
CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # what no path, figure or table can hold
LARGEST = 2**53  # above it floats skip whole numbers


def _name(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("a name in quotes (YAML takes this one for something else)")
    if not NAME.fullmatch(value):
        raise ValueError("a name of at most 40 characters from a-z, 0-9 and _ that starts with a letter or digit")
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number")
    if isinstance(value, int | float) and LARGEST < abs(value) < math.inf:
        raise ValueError(f"a number of at most {LARGEST:.0e} in size")
    return value


def _line(value: str) -> str:
    if CONTROL.search(value) or len(value) > 200:
        raise ValueError("one line of at most 200 characters")
    return value


def _path(value: str) -> str:
    if CONTROL.search(value) or not value.strip() or len(value) > 4000:
        raise ValueError("a path")
    return value


Name = Annotated[str, BeforeValidator(_name)]
Int = Annotated[int, BeforeValidator(_number)]
Float = Annotated[float, BeforeValidator(_number)]
Line = Annotated[str, AfterValidator(_line)]
Path = Annotated[str, AfterValidator(_path)]
Value = bool | Int | Float | Line  # of a cell of a table


class Model(BaseModel):
    """A frozen part of the config; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
