"""The reference page of the config: every option once, in the first part that has it."""

from __future__ import annotations

from cebra_pipe.pipeline.config.options import Study
from cebra_pipe.pipeline.config.schema import _walk, reference


def test_options_that_parts_share_are_told_once():
    text = reference()
    assert text.count("| `minimum_likelihood` |") == text.count("| `learn_temperature` |") == 1
    parts = {part.partition("\n")[0].strip("`"): part for part in text.split("\n## ")[1:]}
    for place, model in _walk(Study, ""):
        part = parts[place or "Top level"]
        for name, field in model.model_fields.items():
            row = f"| `{field.alias or name}` |"
            shared = "ptions of `" in part and row in text
            assert row in part or shared, f"{place}: {name}"
    assert "A number or `full`. |" in parts["defaults"]
    assert "One of `full`" not in text
    assert "One of `within`, `across`. |" in parts["defaults"]
    assert "options of `recordings.<name>.neural`" in parts["recordings.<name>.time"]
    assert "| `kind` |" in parts["recordings.<name>.labels.<name>"]
