"""What `check` says of the p that nulls can reach."""

from __future__ import annotations

import numpy as np
import pytest

from cebra_pipe.data.recording import Label, Recording
from cebra_pipe.pipeline import reachable
from cebra_pipe.pipeline.config.reading import resolve
from cebra_pipe.sklearn.nulls import PERIODIC

LENGTH = 3000
FRAME = Label(np.arange(LENGTH) % 300 + 0.5)


def recording(**labels):
    """Of one epoch, a place that wanders, a direction of chance, and a frame that does as the place but where given."""
    stream = np.random.default_rng(0)
    place = Label(np.convolve(stream.standard_normal(LENGTH + 99), np.ones(100), "valid"))
    way = Label(np.repeat(stream.integers(0, 2, LENGTH // 10), 10), "discrete")
    zeros = np.zeros(LENGTH, np.int32)
    known = {"position": place, "direction": way, "frame": place} | labels
    return Recording(np.ones((LENGTH, 2)), 40.0, known, np.arange(LENGTH) / 40, zeros, zeros)


FREE, FILM = recording(), recording(frame=FRAME)


def told(recordings, shifts=999, **changed):
    labels = {"position": "x", "direction": {"key": "d", "kind": "discrete"}, "frame": "f"}
    entry = {"file": "a.npz", "neural": "spikes", "rate": 40, "labels": labels}
    raw = {"study": "s", "recordings": dict.fromkeys(recordings, entry), "decode": {"shifts": shifts}}
    study = resolve(raw | {"conditions": {"time": {}}, "comparisons": {}} | changed)
    return list(reachable.lines(study, recordings))


def test_the_decoder_null_names_the_labels_that_have_a_p_and_those_that_have_none():
    assert told({"a": FILM, "b": FILM}) == [
        "decoder null: 999 shifts, smallest p 0.001, of position, direction",
        f"  frame in a, b: {PERIODIC}",
    ]
    assert told({"a": FILM, "b": FREE}) == [
        "decoder null: 999 shifts, smallest p 0.001, of position, direction, frame",
        f"  frame in a: {PERIODIC}",
    ]


def test_a_point_has_no_p_where_one_of_its_labels_has_none():
    decode = {"labels": ["position"], "points": {"place": ["position", "frame"]}}
    assert told({"a": FILM}, decode=decode) == [
        "decoder null: 999 shifts, smallest p 0.001, of position",
        f"  place in a: {PERIODIC}",
    ]
    assert told({"a": FREE}, decode=decode) == ["decoder null: 999 shifts, smallest p 0.001, of place, position"]


def test_a_reason_that_holds_in_some_conditions_names_them(monkeypatch):
    """Which samples are shifted follows the windows of a condition, so one may have a null where another has none."""
    monkeypatch.setattr(
        reachable, "without_null", lambda training, labels, _: {"frame": PERIODIC} if training["causal"] else {}
    )
    conditions = {"first": {}, "causal": {"causal": True}, "last": {}}
    for order in (conditions, dict(reversed(conditions.items()))):
        assert told({"a": FREE}, conditions=order) == [
            "decoder null: 999 shifts, smallest p 0.001, of position, direction, frame",
            f"  frame in a (causal): {PERIODIC}",
        ]


@pytest.mark.parametrize(("shifts", "said"), [(9, "smallest p 0.1 (too few for p), of position"), (999, "of position")])
def test_too_few_shifts_are_told(shifts, said):
    (line,) = told({"a": FREE}, shifts)
    assert said in line


def test_labels_that_all_repeat_have_no_p():
    film = recording(position=FRAME, direction=FRAME, frame=FRAME)
    assert told({"a": film})[0] == "decoder null: 999 shifts, no p"


def test_a_label_of_a_primary_test_that_has_no_null_has_no_p_in_its_test():
    null = {"like": "behavior", "control": "circular_shift", "seeds": 39}
    tests = [{"condition": "behavior", "control": "null", "scores": ["bits"]}]
    family = {"conditions": {"behavior": {"labels": ["frame"]}, "null": null}, "primary_tests": {"tests": tests}}
    without = [line for line in told({"a": FILM, "b": FREE}, **family) if line.startswith("warning: ")]
    assert without == [f"warning: primary test of behavior against null, a, bits: {PERIODIC}"]
