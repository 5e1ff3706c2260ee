"""Models that cebra's estimator saved, read without cebra and without executing anything in the file.

Such a file is a zip archive with a pickle and the bytes of its tensors. A pickle may call any name; here names come
from a short table and stand for inert builders, and any other class is a record of what the file says about it.
"""

from __future__ import annotations

import math
import pickle
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from ..errors import Problem, UserError
from ..models.interchange import from_cebra
from ..models.table import MODELS
from .parameters import DEFAULTS

CLASSES = ("cebra.", "torch.nn.modules.", "torch.optim.")  # whose instances are read as records
DTYPES = {
    f"{name}Storage": getattr(torch, dtype)
    for name, dtype in {
        "Float": "float32", "Double": "float64", "Half": "float16", "BFloat16": "bfloat16", "Long": "int64",
        "Int": "int32", "Short": "int16", "Char": "int8", "Byte": "uint8", "Bool": "bool",
    }.items()
}  # fmt: skip


class Record:
    """What a file says about an instance of a class that is not loaded: the arguments and the state."""

    def __new__(cls, *args: object) -> Record:
        made = super().__new__(cls)
        made.args, made.state = args, {}
        return made

    def __init__(self, *args: object):
        pass

    def __setstate__(self, state: object) -> None:
        self.state = state

    def append(self, item: object) -> None:
        """Of a list or a set: nothing here reads them."""

    def __setitem__(self, key: object, value: object) -> None:
        """Of a mapping: nothing here reads them."""


class _Mapping(dict):
    def __setstate__(self, state: object) -> None:
        """Attributes of an OrderedDict, such as a state's metadata: not read."""


class _Storage:
    """The bytes of one tensor or of several."""

    def __init__(self, values: Tensor):
        self.values = values


def _tensor(storage: _Storage, offset: int, size: tuple, stride: tuple, *_: object) -> Tensor:
    if min((*size, *stride, offset), default=0) < 0 or math.prod(size) > len(storage.values):
        raise pickle.UnpicklingError(f"a tensor of shape {size} over {len(storage.values)} numbers")
    return torch.as_strided(storage.values, size, stride, offset).clone()


def _default(factory: object = None) -> _Mapping:
    return _Mapping()


def _parameter(data: Tensor, *_: object) -> Tensor:
    return data


BUILDERS = {
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("collections", "OrderedDict"): _Mapping,
    ("collections", "defaultdict"): _default,
    **{(module, "dict"): _Mapping for module in ("builtins", "__builtin__")},
    **{(module, name): Record for module in ("builtins", "__builtin__") for name in ("set", "slice")},
    ("numpy", "dtype"): Record,
    ("torch.torch_version", "TorchVersion"): Record,
    **{("torch", name): dtype for name, dtype in DTYPES.items()},
}


class _Reader(pickle.Unpickler):
    def __init__(self, archive: zipfile.ZipFile, folder: str):
        super().__init__(archive.open(f"{folder}/data.pkl"))
        self.archive, self.folder = archive, folder

    def find_class(self, module: str, name: str) -> object:
        if (module, name) in BUILDERS:
            return BUILDERS[module, name]
        if module.startswith(CLASSES):
            return type(name, (Record,), {"module": module})
        raise pickle.UnpicklingError(f"the file names {module}.{name}, which no saved model needs")

    def persistent_load(self, key: tuple) -> _Storage:
        _, dtype, name, _, length = key
        entry = self.archive.getinfo(f"{self.folder}/data/{name}")
        if entry.compress_type != zipfile.ZIP_STORED:
            raise pickle.UnpicklingError(f"{entry.filename} is compressed, which torch never does")
        values = (
            torch.frombuffer(bytearray(self.archive.read(entry)), dtype=dtype) if entry.file_size else torch.empty(0)
        )
        if len(values) != length:
            raise pickle.UnpicklingError(f"{entry.filename} has {len(values)} numbers, not {length}")
        return _Storage(values)


def is_foreign(path: Path) -> bool:
    """Whether the file is one of cebra's: a torch archive whose pickle names one of its classes."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        found = [entry for entry in archive.infolist() if entry.filename.endswith("/data.pkl")]
        if len(found) != 1 or found[0].compress_type != zipfile.ZIP_STORED or found[0].file_size > path.stat().st_size:
            return False  # torch compresses nothing, and what is no more than the file cannot fill the memory
        return b"cebra.data.datatypes" in archive.read(found[0])


def read(path: Path) -> tuple[dict, dict, dict]:
    """Parameters of the estimator, what it noted of its fit, and the state of its solver."""
    content = _content(path)
    if isinstance(content, Record):  # an estimator pickled whole
        solver = content.state["solver_"].state
        weights = {name: dict(_weights(solver[name], "")) for name in ("model", "criterion")}
        return content.state, content.state, weights | {"log": solver["log"], "loss": torch.tensor(solver["history"])}
    return content["args"], content["state"], content["state_dict"]


def versions(path: Path) -> dict[str, str]:
    """The packages that the file names, with their versions; an estimator pickled whole names none."""
    content = _content(path)
    said = content.get("metadata", {}) if isinstance(content, dict) else {}
    texts = {name: value.args[0] if isinstance(value, Record) else value for name, value in said.items()}
    return {name.removesuffix("_version"): str(text) for name, text in texts.items() if name.endswith("_version")}


def _content(path: Path) -> object:
    with zipfile.ZipFile(path) as archive:
        (pickled,) = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        return _Reader(archive, pickled.removesuffix("/data.pkl")).load()


def _weights(module: Record, prefix: str) -> Iterator[tuple[str, Tensor]]:
    """Names and tensors of a module's record and of those inside, as its `state_dict` would give them."""
    for name, value in module.state["_parameters"].items():
        if value is not None:
            yield f"{prefix}{name}", value
    for name, inner in module.state["_modules"].items():
        yield from _weights(inner, f"{prefix}{name}.")


def kinds(label_types: list, several: bool) -> tuple[bool, int]:
    """Whether there was a discrete label, and how many continuous columns, from what cebra notes of its labels."""
    types = [each[0] if several else each for each in label_types]
    columns = [shape[1] if len(shape) > 1 else 1 for dtype, shape in types if _is_float(dtype)]
    return any(not _is_float(dtype) for dtype, _ in types), sum(columns)


def _is_float(dtype: Record) -> bool:
    return str(dtype.args[0]).startswith("f")


def unread(args: Mapping[str, object], label_kinds: tuple[bool, int], several: bool) -> dict[str, object]:
    """Options that cebra did not read in a fit with such labels, although set: name -> the value of the same effect.

    `time_offsets` beside classes stay: the documents set them there.
    """
    discrete, columns = label_kinds
    by_label = bool(columns) and not discrete and not several  # all others are trained one way whatever is asked for
    normal = by_label and args.get("conditional") in ("delta", "delta_normal")
    row = MODELS.get(args["model_architecture"])
    idle = {
        "conditional": not by_label,
        "delta": not normal,
        "time_offsets": normal and not args.get("hybrid"),
        "min_temperature": args.get("temperature_mode") == "constant" and args.get("min_temperature") is not None,
        "num_hidden_units": row is not None and not row.free,
    }
    neutral = {"conditional": None, "delta": None, **DEFAULTS}
    return {name: neutral[name] for name in idle if idle[name] and args.get(name, neutral[name]) != neutral[name]}


def state_for(model: nn.Module, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a model, or of one model a session, under our names."""
    if not isinstance(model, nn.ModuleList):
        return from_cebra(state, model)
    made = {}
    for s, each in enumerate(model):
        mine = {name: value for name, value in state.items() if name.startswith(f"{s}.")}
        made |= {f"{s}.{name}": value for name, value in from_cebra(mine, each).items()}
    return made


def check_read(path: Path, args: object, parameters: set[str]) -> dict:
    """The parameters that an estimator here has; a UserError where the file has no estimator in it."""
    if not isinstance(args, dict) or "model_architecture" not in args:
        raise UserError(Problem(str(path), "a model that CEBRA.save wrote", "another object"))
    return {name: value for name, value in args.items() if name in parameters}
