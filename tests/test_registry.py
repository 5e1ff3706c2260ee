"""The registry of a package: rows, decorators, errors."""

from __future__ import annotations

import pickle
import sys
import types

import pytest

from cebra_pipe.errors import UserError
from cebra_pipe.registry import Option, add_helper_functions


class Kept:
    def __init__(self, *args, **kwargs):
        self.args, self.kwargs = args, kwargs


def fresh(table=None, check=""):
    module = types.ModuleType("toys")
    sys.modules["toys"] = module
    add_helper_functions(module, table or {}, check)
    return module


def kind():
    return type("Toy", (Kept,), {})


def test_registered_names_give_instances_in_order():
    toys, first, second = fresh(), kind(), kind()
    assert toys.register("b")(first) is first
    toys.register("a")(second)
    made = toys.init("b", 1, x=2)
    assert (type(made), made.args, made.kwargs) == (first, (1,), {"x": 2})
    assert toys.get_options() == ["b", "a"]


def test_patterns_and_limits():
    toys = fresh()
    for name in ("offset1", "offset10", "other"):
        toys.register(name)(kind())
    assert toys.get_options("offset*") == ["offset1", "offset10"]
    assert toys.get_options("offset?") == ["offset1"]
    assert toys.get_options("o*", limit=2) == ["offset1", "offset10"]
    assert toys.get_options(limit=0) == []
    with pytest.raises(ValueError, match="limit"):
        toys.get_options(limit=-1)


def test_families_are_products_of_their_arguments():
    toys, toy = fresh(), kind()
    toys.parametrize("m-{depth}-{act}", depth=[1, 2], act=["tanh", "gelu"])(toy)
    assert toys.get_options() == ["m-1-tanh", "m-1-gelu", "m-2-tanh", "m-2-gelu"]
    assert toys.get_options(expand_parametrized=False) == ["m-1-tanh"]
    assert toys.init("m-2-tanh", 7).kwargs == {"depth": 2, "act": "tanh"}


def test_families_from_sets_of_arguments():
    toys = fresh()
    toys.parametrize("m-{a}-{b}-{c}", kwargs=[{"a": 1, "b": 2}, {"a": 3, "b": 4}], c=[5, 6])(kind())
    assert toys.get_options() == ["m-1-2-5", "m-1-2-6", "m-3-4-5", "m-3-4-6"]
    assert toys.init("m-3-4-5").kwargs == {"a": 3, "b": 4, "c": 5}


def test_arguments_of_one_call_do_not_stay_for_the_next():
    toys = fresh()
    toys.parametrize("m-{depth}", depth=[1])(kind())
    assert toys.init("m-1", normalize=True, depth=9).kwargs == {"depth": 9, "normalize": True}
    assert toys.init("m-1").kwargs == {"depth": 1}


def test_an_instance_of_a_family_can_be_pickled():
    toys = fresh()
    toys.parametrize("k-{x}", x=[1])(Kept)
    assert pickle.loads(pickle.dumps(toys.init("k-1"))).kwargs == {"x": 1}


@pytest.mark.parametrize(
    ("name", "given", "options", "told"),
    [
        ("taken", kind(), {}, "override=True"),
        (3, kind(), {}, "a text"),
        ("new", len, {}, "a class"),
        ("new", Kept, {}, "deprecated=True"),
        ("new", Kept, {"override": True}, "registered as 'taken'"),
        ("new", kind(), {"base": "nowhere"}, "registered name"),
        ("new", type("Other", (), {}), {"base": "taken"}, "derives from Kept"),
        ("new", type("Other", (), {}), {"base": Kept}, "derives from Kept"),
    ],
)
def test_what_cannot_be_registered(name, given, options, told):
    toys = fresh()
    toys.register("taken")(Kept)
    with pytest.raises(ValueError, match=told):
        toys.register(name, **options)(given)
    assert toys.get_options() == ["taken"]


def test_a_base_by_name_is_checked():
    toys, derived = fresh(), kind()
    toys.register("taken")(Kept)
    toys.register("new", base="taken")(derived)
    assert isinstance(toys.init("new"), derived)


def test_a_name_can_be_replaced_and_a_cell_run_again():
    toys, other = fresh(), kind()
    toys.register("a")(Kept)
    toys.register("a", override=True)(Kept)
    toys.register("a", override=True)(other)
    assert type(toys.init("a")) is other
    assert toys.get_options() == ["a"]


def test_an_old_name_works_and_tells_the_new_one():
    toys = fresh()
    toys.register("new")(Kept)
    toys.register("old", deprecated=True)(Kept)
    with pytest.warns(DeprecationWarning, match="'new'"):
        assert isinstance(toys.init("old"), Kept)


@pytest.mark.parametrize(
    ("pattern", "values", "told"),
    [("m-{b}", {"a": [1]}, "'b'"), ("m", {"a": [1, 2]}, "twice"), ("t-{a}", {"a": ["x", "y"]}, "not taken")],
)
def test_a_family_is_registered_whole_or_not_at_all(pattern, values, told):
    toys = fresh()
    toys.register("t-y")(kind())
    with pytest.raises(ValueError, match=told):
        toys.parametrize(pattern, **values)(kind())
    assert toys.get_options() == ["t-y"]


def test_an_unknown_name_tells_the_nearest():
    toys = fresh({"offset10-model": "errors:Problem"})
    with pytest.raises(UserError, match="Did you mean 'offset10-model'"):
        toys.init("ofset10-model")


def test_rows_of_a_table():
    toys = fresh({"problem": "errors:Problem", "other": Option("errors:Problem", {"remedy": "r"}, family=True)})
    assert toys.get_options() == ["problem", "other"]
    assert toys.get_options(expand_parametrized=False) == ["problem"]
    assert toys.init("other", "w", "e", "f").remedy == "r"
    from cebra_pipe.errors import Problem

    with pytest.raises(ValueError, match="registered as 'problem'"):
        toys.register("mine")(Problem)


def test_a_fresh_instance_is_checked(monkeypatch):
    seen = []
    monkeypatch.setattr("cebra_pipe.errors.look", lambda name, made: seen.append((name, made)), raising=False)
    toys = fresh(check="errors:look")
    toys.register("a")(Kept)
    assert seen == []
    made = toys.init("a")
    assert seen == [("a", made)]


def test_helpers_are_added_once():
    toys = fresh()
    with pytest.raises(RuntimeError, match="register, parametrize, init, get_options already"):
        add_helper_functions(toys)


def test_only_an_imported_module_takes_helpers():
    with pytest.raises(ValueError, match="nowhere"):
        add_helper_functions("nowhere")
