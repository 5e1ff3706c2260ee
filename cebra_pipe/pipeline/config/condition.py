"""What a config says of conditions: training, leaving a recording out, fits to less data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from ...models.table import SINGLE
from .base import Float, Int, Line, Model, Name

MOST_SEEDS = 1000


def _seeds(value: Any) -> Any:
    """`seeds: 3` is short for `seeds: [1, 2, 3]`."""
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    if value > MOST_SEEDS:
        raise ValueError(f"at most {MOST_SEEDS} seeds; a single one is written as a list")
    return list(range(1, value + 1))


def _weights(value: Any) -> Any:
    """`labels: [position]` is short for `labels: {position: 1}`."""
    if isinstance(value, Mapping):
        return value
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError("a list of labels, or labels with their weights")
    if len(set(value)) < len(value):
        raise ValueError("each label once")
    return dict.fromkeys(value, 1.0)


Positives = Literal["time", "time_delta", "delta_normal", "discrete"]
Control = Literal["circular_shift", "permute_labels", "permute_neural", "trial_shuffle", "neuron_shift"]


class TrainingConfig(Model):
    """How a condition is fitted: what the numbers of a fit depend on."""

    model: Line = Field(
        "offset10-model",
        description=f"Architecture: {', '.join(name for name, row in SINGLE.items() if not row.unfit)}, "
        "and the families of docs/models.md. The number is the window in samples.",
    )
    causal: bool = Field(
        False, description="Windows end at their sample instead of around it: an embedding reads nothing later."
    )
    output_dimension: Int = Field(3, ge=1, le=256, description="Dimensions of the embedding.")
    hidden_units: Int = Field(32, ge=2, le=4096, description="Channels of the hidden layers.")
    similarity: Literal["cosine", "euclidean"] = Field(
        "cosine", description="cosine: embedding on the sphere; euclidean: for the -mse models."
    )
    temperature: Float = Field(1.0, gt=0, description="Temperature; where it is learned, its start.")
    learn_temperature: bool = Field(False, description="Train the temperature too.")
    minimum_temperature: Float | None = Field(None, gt=0, description="Lower bound of a learned temperature (0.1).")
    time_offset: Float = Field(
        0.25,
        gt=0,
        le=86_400,
        description="Seconds from reference to positive (time), or over which label changes are taken (time_delta).",
    )
    delta: Float | None = Field(
        None, gt=0, description="Standard deviation of delta_normal, in the units of the weighted labels."
    )
    batch_size: Annotated[Int, Field(ge=2, le=65536)] | Literal["full"] = Field(
        512,
        description="References a step and recording, drawn anew, and as many negatives. full: all samples of the "
        "training part in every step, of units of one recording. Scores are taken on 512 whatever it is.",
    )
    steps: Int = Field(1000, ge=1, le=10_000_000, description="Steps of the optimiser.")
    learning_rate: Float = Field(1e-3, gt=0, description="Learning rate of Adam.")
    normalize: Literal["none", "zscore"] = Field(
        "none", description="Scaling of each neuron, fitted on the training part."
    )
    windows: Literal["within", "across"] = Field(
        "within", description="across: windows cross epoch borders, only to reproduce published settings."
    )
    own_trial: bool = Field(
        False,
        description="Scores of labels take positives from the reference's own trial and from windows that overlap its "
        "own too, as published ones do: samples near in time are alike, so bits are higher. Training always "
        "does, so it changes no model, but scores are part of a fit: to switch it trains anew.",
    )
    threads: Int = Field(
        1,
        ge=1,
        le=256,
        description="Torch threads of a fit; part of what a number depends on, so not taken from --cores.",
    )


class DefaultsConfig(TrainingConfig):
    """How a condition is fitted; `defaults` gives these for all conditions."""

    together: bool = Field(
        False,
        description="Train all seeds of a unit and fold as one batch of models, in one job: for a GPU, of which one "
        "small network leaves most idle. They are what single fits give, to rounding. Another seed trains the batch "
        "anew. Controls, whose data differ from seed to seed, and fits to less data stay single.",
    )


class LeaveOneOutConfig(Model):
    """Each recording left out of its unit's fit in turn: how much of its own data does a model of the others need?"""

    shares: list[Annotated[Float, Field(gt=0, le=1)]] = Field(
        [0.1, 0.2, 0.5, 1.0],
        min_length=1,
        max_length=20,
        description="Shares of the left-out recording's train part that it is adapted to (its part adapt).",
    )
    steps: Int = Field(500, ge=1, le=10_000_000, description="Steps of an adaptation, and of the fit from scratch.")
    learning_rate: Float | None = Field(
        None, gt=0, description="Learning rate of both; that of the condition where it is left out."
    )
    base: Name | None = Field(
        None,
        description="The recording whose later layers are kept. Where it is not given, is the one that is left out, or "
        "is not in the unit: the first of the others.",
    )
    alignment: Literal["rotation", "none"] = Field(
        "rotation",
        description="rotation: before the others' decoder reads it, the adapted embedding is turned so that its bin "
        "means over `align.labels` on adapt fall on those of the others.",
    )


class EnoughDataConfig(Model):
    """Fits to less data: does the score still rise with minutes of the train part, and with the number of neurons?"""

    of: list[Literal["minutes", "neurons"]] = Field(
        ["minutes", "neurons"],
        min_length=1,
        max_length=2,
        description="What is taken less of: minutes (whole trials of the train part) or neurons, drawn at random for "
        "each fold and seed.",
    )
    shares: list[Annotated[Float, Field(gt=0, lt=1)]] = Field(
        [0.25, 0.5, 0.75],
        min_length=1,
        max_length=20,
        description="Shares of either, in whole per cents, one of them 0.5 or less: the verdict compares the largest "
        "such share with all the data, seed for seed, and knows nothing of a single seed. The condition's own fit is "
        "the last point.",
    )


class ConditionConfig(DefaultsConfig):
    """One condition: what is learned from, and how."""

    like: Name | None = Field(
        None,
        description="Take all fields of this condition but its title, then those given here. A condition with a "
        "control takes neither leave_one_out nor enough_data: its seeds are draws, and no p comes of further fits; nor "
        "together.",
    )
    title: Line = Field("", description="Name in figures.")
    labels: Annotated[dict[Name, Float], BeforeValidator(_weights)] = Field(
        default_factory=dict, description="Labels and their weights; a list gives each weight 1."
    )
    positives: Positives | None = Field(
        None, description="time without labels; discrete with discrete labels alone; time_delta else."
    )
    hybrid: bool = Field(
        False, description="Adds a time objective: the labels shape the first three dimensions, time shapes all."
    )
    units: Literal["each", "joint"] | dict[Name, list[Name]] = Field(
        "each", description="each: a model per recording; joint: one model over all; or named groups."
    )
    recordings: list[Name] | None = Field(
        None, min_length=1, description="The recordings this condition uses; all where it is left out."
    )
    leave_one_out: LeaveOneOutConfig | None = Field(
        None, description="Units of several recordings: fits without each of them, adapted to it; {} for the defaults."
    )
    enough_data: EnoughDataConfig | None = Field(
        None, description="Fits to less data beside that of each unit: is there enough of it? {} for the defaults."
    )
    seeds: Annotated[list[Annotated[Int, Field(ge=0)]], BeforeValidator(_seeds)] = Field(
        [1],
        min_length=1,
        max_length=MOST_SEEDS,
        description="One fit each; a number n means 1 to n. Their spread is the optimiser's, never n.",
    )
    control: Control | None = Field(
        None, description="Transform that breaks the tie of labels and neural data; its seed is its repeat."
    )
