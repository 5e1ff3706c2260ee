"""Classes by name: a package's own as rows of a table, a user's by decorator.

A package calls `add_helper_functions` once and has `register`, `parametrize`, `init` and `get_options`. The rows of its
own classes hold addresses, so that names are listed and checked before anything heavy is imported.
"""

from __future__ import annotations

import itertools
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from importlib import import_module
from types import ModuleType

from .errors import Problem, UserError, did_you_mean

HELPERS = ("register", "parametrize", "init", "get_options")


@dataclass(frozen=True)
class Option:
    """What one name stands for."""

    target: type | str  # a class, or "module:Class" below this package, imported when first used
    kwargs: Mapping[str, object] = field(default_factory=dict)  # defaults for the constructor
    family: bool = False  # a further member of a family, left out where families are not expanded
    current: str = ""  # of a deprecated name: the one to use

    def load(self) -> type:
        """The class itself."""
        return _at(self.target) if isinstance(self.target, str) else self.target

    def is_of(self, kind: type) -> bool:
        """Whether this is `kind`, found without importing anything."""
        return self.target in (kind, _address(kind))


def add_helper_functions(
    module_name: str | ModuleType,
    table: Mapping[str, Option | str] | str = {},
    check: str = "",
) -> None:
    """Give a module `register`, `parametrize`, `init` and `get_options`.

    Args:
        module_name: an imported module, or its name.
        table: name -> "module:Class" (below this package) or `Option`; or the address "module:TABLE" of such a mapping.
        check: the address of a function (name, instance) that raises where a fresh instance is not as it has to be.

    Raises:
        ValueError: no such module is imported.
        RuntimeError: the module has one of these functions already.
    """
    module = sys.modules.get(module_name) if isinstance(module_name, str) else module_name
    if not isinstance(module, ModuleType):
        raise UserError(Problem("add_helper_functions", "the name of an imported module", repr(module_name)))
    if taken := [name for name in HELPERS if name in vars(module)]:
        raise RuntimeError(f"{module.__name__} has {', '.join(taken)} already: add_helper_functions is called once.")
    registry = Registry(module.__name__, table, check)
    for name in HELPERS:
        setattr(module, name, getattr(registry, name))


class Registry:
    """The options of one package, in the order of their registration."""

    def __init__(self, package: str, table: Mapping[str, Option | str] | str, check: str):
        self._package, self._table, self._check = package, table, check
        self._read: dict[str, Option] | None = None

    @property
    def _options(self) -> dict[str, Option]:
        if self._read is None:  # at first use: the table may lie in a module that is costly to import
            rows = _at(self._table) if isinstance(self._table, str) else self._table
            self._read = {name: row if isinstance(row, Option) else Option(row) for name, row in rows.items()}
        return self._read

    def register(
        self, name: str, base: str | type | None = None, override: bool = False, deprecated: bool = False
    ) -> Callable[[type], type]:
        """Decorator that adds a class under a name.

        Args:
            name: the name for `init`.
            base: an option, or a class, that the new one has to derive from.
            override: replace what the name stood for.
            deprecated: a further, old name of a class that has one; `init` warns and tells the current name.

        Raises:
            ValueError: the name is no text or taken, or this is no class, or has a name already, or not the base.
        """

        def add(kind: type) -> type:
            self._check_new(name, kind, override)
            current = next((other for other, option in self._options.items() if option.is_of(kind)), "")
            if current and not (deprecated or (override and current == name)):
                remedy = "Derive a class of its own, or pass deprecated=True for an old name."
                self._refuse(
                    f"a class without a name, for {name!r}", f"{kind.__name__}, registered as {current!r}", remedy
                )
            if base is not None and not issubclass(kind, wanted := self._class(base)):
                self._refuse(f"a class that derives from {wanted.__name__}", kind.__name__)
            self._options[name] = Option(kind, current=current if deprecated else "")
            return kind

        return add

    def parametrize(
        self, pattern: str, *, kwargs: Sequence[Mapping[str, object]] = (), **all_kwargs: Sequence[object]
    ) -> Callable[[type], type]:
        """Decorator that adds a class once for each combination of constructor arguments.

        Args:
            pattern: the names, filled by `str.format`: "my-model-{layers}layers".
            kwargs: sets of arguments, each a mapping.
            all_kwargs: lists of values; combined with one another and with `kwargs`.

        Raises:
            ValueError: as `register`; or the pattern names what is not given, or gives a name twice.
        """
        lists = [[{key: value} for value in values] for key, values in all_kwargs.items()]
        sets = [list(kwargs), *lists] if kwargs else lists
        rows = [{key: value for part in parts for key, value in part.items()} for parts in itertools.product(*sets)]

        def add(kind: type) -> type:
            try:
                names = [pattern.format(**row) for row in rows]
            except LookupError as error:
                self._refuse(f"an argument for each field of {pattern!r}", f"none for {error}")
            if len(set(names)) < len(names):
                self._refuse(f"a field in {pattern!r} for each argument that varies", f"a name twice: {names}")
            for name in names:
                self._check_new(name, kind, override=False)
            self._options.update(
                (name, Option(kind, row, family=i > 0)) for i, (name, row) in enumerate(zip(names, rows, strict=True))
            )
            return kind

        return add

    def init(self, name: str, *args: object, **kwargs: object) -> object:
        """An instance of the class registered as `name`, made with these arguments; ValueError for an unknown name."""
        option = self._option(name)
        if option.current:
            warnings.warn(f"{name!r} is an old name, use {option.current!r}.", DeprecationWarning, stacklevel=2)
        made = option.load()(*args, **{**option.kwargs, **kwargs})
        if self._check:
            _at(self._check)(name, made)
        return made

    def get_options(
        self, pattern: str | None = None, limit: int | None = None, expand_parametrized: bool = True
    ) -> list[str]:
        """Registered names in the order of their registration.

        Args:
            pattern: a glob with * and ?, or None for all.
            limit: at most so many of those that match.
            expand_parametrized: False to have only the first name of each parametrized family.
        """
        if limit is not None and limit < 0:
            self._refuse("limit: None or a number from 0 on", str(limit))
        wanted = [name for name, option in self._options.items() if expand_parametrized or not option.family]
        return [name for name in wanted if pattern is None or fnmatchcase(name, pattern)][:limit]

    def _check_new(self, name: str, kind: type, override: bool) -> None:
        if not isinstance(name, str):
            self._refuse("a name that is a text", repr(name))
        if not isinstance(kind, type):
            self._refuse(f"a class for {name!r}", repr(kind), "Put the decorator on a class.")
        if name in self._options and not override:
            self._refuse("a name that is not taken", repr(name), "Choose another, or pass override=True to replace it.")

    def _option(self, name: str) -> Option:
        if name not in self._options:
            self._refuse("a registered name", repr(name), did_you_mean(name, self._options))
        return self._options[name]

    def _class(self, base: str | type) -> type:
        return base if isinstance(base, type) else self._option(base).load()

    def _refuse(self, expected: str, found: str, remedy: str = "") -> None:
        raise UserError(Problem(self._package, expected, found, remedy))


def _at(address: str) -> object:
    module, _, name = address.partition(":")
    return getattr(import_module(f".{module}", __package__), name)


def _address(kind: type) -> str:
    return f"{kind.__module__.removeprefix(f'{__package__}.')}:{kind.__qualname__}"
