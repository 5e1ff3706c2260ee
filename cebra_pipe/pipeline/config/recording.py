"""The options of one recording: where its arrays lie and how they become samples.

They are checked here, when the config is read; the stage that reads the files takes them from its spec (`given`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from .base import Float, Int, Line, Model, Name, Path, Value
from .source import ShortSource, Source, key_only

COUNTS = 250_000_000  # samples times neurons of a simulated recording: 2 GB while it is made


def _times_only(value: Any) -> Any:
    """`spikes: times` is short for `spikes: {times: {key: times}}`."""
    return {"times": value} if isinstance(value, str) else value


class LabelConfig(Source):
    """A label: where it lies and what it is."""

    trial_column: Int | Line | None = Field(
        None,
        description="In place of where it lies: a column of the table of `trials`, whose value every sample of a trial "
        "takes.",
    )
    kind: Literal["continuous", "discrete"] = Field(
        "continuous",
        description="continuous: distances mean something; discrete: classes, which are whole numbers or texts.",
    )
    classes: list[Line] | None = Field(
        None,
        min_length=2,
        description="Discrete labels: names of the values 0, 1, 2…, or of texts in the order of their codes; of texts "
        "the sorted names where it is left out.",
    )
    unit: Line = Field(
        "",
        description="Unit of the values, shown in tables and figures; of an NWB series its own where it is left out.",
    )
    period: Float | None = Field(
        None, gt=0, description="Circular labels: the value after which they repeat (360, 6.2832)."
    )
    scale: Float | None = Field(None, description="Factor on the values when they are read (0.01 turns cm into m).")
    time: ShortSource | None = Field(
        None,
        description="Time stamps (s) of this label where it has a clock of its own; an NWB series brings its "
        "own along.",
    )
    resample: Literal["linear", "nearest"] | None = Field(
        None,
        description="How a label on its own clock is brought to the neural one; "
        "linear for continuous (along the circle where it has a period), nearest for discrete.",
    )

    events: Literal["since", "until"] | None = Field(
        None,
        description="The array holds times (s) of events, as of rewards, one an event. since: the label of a sample is "
        "the seconds since the last one; until: to the next one. Samples before the first, or after the last, are "
        "dropped.",
    )

    @field_validator("classes")
    @classmethod
    def _each_once(cls, given: list[str] | None) -> list[str] | None:
        if given is not None and len(set(given)) < len(given):
            raise ValueError("each class once")
        return given


class SpikesConfig(Model):
    """Spike times, binned at the recording's rate."""

    times: ShortSource = Field(
        description="Spike times in seconds, one array for all neurons or with `neurons` naming each spike's; or a "
        "table of units (NWB)."
    )
    neurons: ShortSource | None = Field(None, description="Neuron of each spike, as long as `times`.")
    ends: ShortSource | None = Field(
        None,
        description="In place of `neurons`, where the times lie neuron after neuron: how many there are up to the end "
        "of each (NWB: `units/spike_times_index`).",
    )
    where: dict[Line, Value | Annotated[list[Value], Field(min_length=1)]] | None = Field(
        None,
        description="Units of a table of units (NWB) that have one of these values in each of these columns: "
        "`{brain_area: CA1, quality: [good, mua]}`.",
    )
    start: Float | None = Field(
        None,
        description="First second that is binned; where it is left out the first in which all units were observed, by "
        "a table of units that says so, else the first spike.",
    )
    stop: Float | None = Field(
        None, description="Last second that is binned; the last observed one, or the last spike, where it is left out."
    )

    @model_validator(mode="after")
    def _one_owner(self):
        if self.neurons is not None and self.ends is not None:
            raise ValueError("`neurons` or `ends`, not both")
        return self


class TrialsConfig(Source):
    """Trials: given as a number for each sample, as a table with one row a trial, or derived."""

    start: Int | Line | None = Field(
        None,
        description="Trials as a table: its column of starts. `file` and `key` name the table: a csv, a parquet, a "
        "sheet, or a group of arrays of one length (NWB: `key: intervals/trials`).",
    )
    stop: Int | Line | None = Field(
        None, description="The table's column of stops; a trial holds the samples at start <= time < stop."
    )
    unit: Literal["s", "ms", "us", "min", "samples"] | None = Field(
        None,
        description="Of start and stop: s where it is left out, of the recording's clock (`time`, the spikes' own, or "
        "counted from 0 at `rate`); or samples, numbered from 0.",
    )
    outside: Literal["drop", "keep"] | None = Field(
        None,
        description="Samples outside of all trials of the table: dropped where it is left out; keep makes each stretch "
        "of them a trial of its own.",
    )
    unrecorded: Literal["refuse", "drop"] | None = Field(
        None,
        description="Rows without a start or stop, and trials without a sample: refused where it is left out.",
    )
    from_: Literal["gaps"] | Line | None = Field(
        None,
        alias="from",
        description="Derive trials: from changes of a discrete label, jumps of a continuous one, "
        "several of them (`direction, position`), or `gaps` of the time stamps.",
    )
    jump: Float | None = Field(
        None,
        gt=0,
        description="With a continuous label: a new trial where it changes by at least this much between samples.",
    )
    time: ShortSource | None = Field(
        None,
        description="Time stamps (s) where trials are given on their own clock; each sample takes the nearest trial.",
    )


class SelectConfig(Model):
    """Which neurons and samples are used."""

    minimum_rate: Float = Field(
        0.0, ge=0, description="Neurons below this rate (per second) on the training part are left out of each fit."
    )
    speed_of: Name | None = Field(None, description="Continuous label whose speed selects samples.")
    minimum_speed: Float | None = Field(
        None, ge=0, description="Samples where that label moves slower (units per second) are dropped."
    )
    start: Float | None = Field(None, description="Samples before this time (s) are dropped.")
    stop: Float | None = Field(None, description="Samples after this time (s) are dropped.")
    neurons: ShortSource | None = Field(
        None,
        description="Where flags lie, one a neuron: those with 1 are used, those with 0 left out, as by column 0 of "
        "`iscell.npy` of Suite2p.",
    )
    missing: Literal["refuse", "drop"] | None = Field(
        None,
        description="Samples in which a neuron or a label has no value (NaN): refused where it is left out; drop "
        "leaves them out, counted, and no window crosses the gap where it is longer than `largest_gap`. A neuron "
        "without any value is refused either way.",
    )


class SimulateConfig(Model):
    """A simulated rat on a linear track or in an open field (calibrated recipes, docs/numbers.md)."""

    environment: Literal["track", "open_field"] = Field(
        "track",
        description="track: laps on 1.6 m, labels position (m) and direction; open_field: foraging in 1 m by 1 m, "
        "labels x and y (m).",
    )
    seed: Int = Field(1, ge=0, description="Another seed is another rat.")
    neurons: Int = Field(60, ge=2, le=5000, description="Number of neurons.")
    samples: Int = Field(6500, ge=50, le=5_000_000, description="Samples at 40 Hz.")
    place_cells: Float = Field(0.6, ge=0, le=1, description="Share of neurons that are place cells.")
    interneurons: Float = Field(0.02, ge=0, le=1, description="Share of neurons that fire at 5 to 15 Hz everywhere.")

    @model_validator(mode="after")
    def _possible(self):
        if self.neurons * self.samples > COUNTS:
            raise ValueError(f"at most {COUNTS:,} neurons × samples")
        if self.place_cells + self.interneurons > 1:
            raise ValueError("place_cells + interneurons of at most 1")
        return self


class RecordingConfig(Model):
    """One recording: simulated, or read from files."""

    title: Line = Field("", description="Name in figures.")
    simulate: SimulateConfig | None = Field(None, description="Simulate it instead of reading it.")
    file: Path | None = Field(
        None, description="The file that all sources of this recording share unless they name their own."
    )
    neural: ShortSource | None = Field(None, description="Array (time, neuron): counts, rates or fluorescence.")
    spikes: Annotated[SpikesConfig, BeforeValidator(_times_only)] | None = Field(
        None, description="Instead of `neural`: spike times, binned; a text alone is the key of `times`."
    )
    rate: Float | None = Field(None, gt=0, le=1e6, description="Samples per second.")
    time: ShortSource | None = Field(
        None,
        description="Time stamps (s) of the neural samples; where it is left out those of an NWB series, else "
        "rate alone.",
    )
    start: Float | None = Field(
        None,
        description="Time (s) of the first neural sample where `rate` counts them, on the clock of labels and trials; "
        "0 where it is left out.",
    )
    labels: dict[Name, Annotated[LabelConfig, BeforeValidator(key_only)]] = Field(
        default_factory=dict, description="Name: where it lies and what it is; a text alone is its key."
    )
    trials: Annotated[TrialsConfig, BeforeValidator(key_only)] | None = Field(
        None, description="Trial of each sample, given or derived; one trial where it is left out."
    )
    select: SelectConfig = Field(SelectConfig(), description="Which neurons and samples are used.")
    largest_gap: Float = Field(0.1, gt=0, description="Seconds between two time stamps above which a new epoch begins.")

    @model_validator(mode="after")
    def _one_origin(self):
        if (self.simulate is None) == (self.neural is None and self.spikes is None):
            raise ValueError("either `simulate`, or `neural` or `spikes` with where they lie")
        if self.neural is not None and self.spikes is not None:
            raise ValueError("`neural` or `spikes`, not both")
        if self.simulate is None and self.rate is None and self.time is None and not _timed(self):
            raise ValueError("`rate` (samples per second), or `time` with time stamps")
        if self.start is not None and (self.time is not None or self.spikes is not None):
            raise ValueError("no `start` beside `time`, which says it, or `spikes`, which have a `start` of their own")
        if self.spikes is not None and self.rate is None:
            raise ValueError("`rate` with `spikes`: the bins per second")
        if self.simulate is not None:
            given = sorted(self.model_fields_set - {"simulate", "title", "select"})
            given += sorted(f"select.{option}" for option in self.select.model_fields_set - {"minimum_rate"})
            if given:
                raise ValueError(f"no {', '.join(given)} beside `simulate`, which makes them itself")
        return self


def _timed(config: RecordingConfig) -> bool:
    """Whether the neural data lie in a file that may say when they were taken."""
    file = config.neural and (config.neural.file or config.file)
    return bool(file) and file.lower().endswith(".nwb")
