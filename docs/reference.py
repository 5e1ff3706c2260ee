"""The reference of the public names, from their docstrings."""

from __future__ import annotations

import inspect
import warnings
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType

# module -> names beside those that its table or its text gives: bases that users derive from, the makers of registries
MAKERS = ("get_options", "init", "register", "parametrize")
BASES = ("Model", "_OffsetModel", "ConvolutionalModelMixin", "HasFeatureEncoder", "ParameterCountMixin")
REFERENCE: dict[str, tuple[str, ...]] = {
    "cebra_pipe": (),
    "cebra_pipe.data": (),
    "cebra_pipe.data.helper": (),
    "cebra_pipe.distributions": (),
    "cebra_pipe.models": MAKERS,
    "cebra_pipe.models.model": (*BASES, "ResampleModelMixin", "ClassifierModel"),
    "cebra_pipe.models.named": (),
    "cebra_pipe.models.criterions": (),
    "cebra_pipe.models.layers": (),
    "cebra_pipe.models.multiobjective": (),
    "cebra_pipe.models.multicriterions": (),
    "cebra_pipe.models.jacobian_regularizer": (),
    "cebra_pipe.models.interchange": (),
    "cebra_pipe.solver": MAKERS,
    "cebra_pipe.solver.schedulers": (),
    "cebra_pipe.solver.util": (),
    "cebra_pipe.sklearn": (),
    "cebra_pipe.sklearn.metrics": (),
    "cebra_pipe.datasets": MAKERS,
    "cebra_pipe.attribution": MAKERS,
    "cebra_pipe.grid_search": (),
    "cebra_pipe.registry": (),
    "cebra_pipe.helper": (),
    "cebra_pipe.errors": (),
}
METHODS = (FunctionType, property, classmethod, staticmethod)


def shown(name: str) -> tuple[ModuleType, list[str]]:
    """A module of the reference, and the names of it that are shown."""
    module = import_module(name)
    listed = getattr(module, "__all__", None) or (
        dir(module)
        if "__getattr__" in vars(module)
        else [key for key, value in vars(module).items() if _own(value, module)]
    )
    public = [each for each in listed if not each.startswith("_") and not inspect.ismodule(getattr(module, each))]
    return module, list(dict.fromkeys([*public, *REFERENCE[name]]))


def _own(value: object, module: ModuleType) -> bool:
    kinds = inspect.isclass(value) or inspect.isfunction(value)
    return kinds and value.__module__ == module.__name__


def undocumented() -> list[str]:
    """Names of the reference, and public methods of its classes, without a docstring."""
    told = []
    for name in REFERENCE:
        module, names = shown(name)
        told += [] if module.__doc__ else [name]
        for each in names:
            value = getattr(module, each)
            told += [] if (value.__doc__ or "").strip() else [f"{name}.{each}"]
            if inspect.isclass(value):
                methods = [(key, member) for key, member in vars(value).items() if inspect.isfunction(member)]
                told += [
                    f"{name}.{each}.{key}"
                    for key, m in methods
                    if key[0] != "_" and not inspect.getdoc(getattr(value, key))
                ]
    return told


def write_reference(to: Path) -> None:
    """A page a module. pdoc shows what stands in a module: names that come when they are first used are put there."""
    import pdoc

    for name in REFERENCE:
        module, names = shown(name)
        vars(module).update({each: getattr(module, each) for each in names})
        for each in filter(inspect.isclass, [getattr(module, each) for each in names]):
            complete(each)
        module.__all__ = [*names, *(each.rpartition(".")[2] for each in REFERENCE if each.rpartition(".")[0] == name)]
    pdoc.doc.safe_eval_type = as_written
    pdoc.render.configure(docformat="google", show_source=False, include_undocumented=False, footer_text="cebra_pipe")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pdoc.pdoc("cebra_pipe", output_directory=to)


def complete(kind: type) -> None:
    """Make a class show what its users call: pdoc lists what it inherits by name alone, and drops what has no text."""
    for key in [key for key, value in vars(kind).items() if type(value).__name__ == "RequestMethod"]:
        delattr(kind, key)  # scikit-learn's set_fit_request and the like: of every estimator, and of none
    for base in kind.__mro__[1:]:
        for key, member in vars(base).items() if base.__module__.startswith("cebra_pipe.") else ():
            if key[0] != "_" and isinstance(member, METHODS) and key not in vars(kind):
                setattr(kind, key, member)
    made = vars(kind).get("__init__")
    if inspect.isfunction(made) and not made.__doc__:
        made.__doc__ = "Arguments as above."


class Written(str):
    """A type as the code names it."""

    __repr__ = str.__str__


def as_written(annotation: object, *_: object) -> object:
    """In place of what pdoc evaluates: ArrayLike is to be read as such, not as the fifteen types that it stands for."""
    text = getattr(annotation, "__forward_arg__", annotation)
    return Written(text) if isinstance(text, str) else annotation
