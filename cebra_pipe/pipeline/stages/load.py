"""Stage load: one recording from the files of its config."""

from __future__ import annotations

from pathlib import Path

from ...data import moments
from ...data.assemble import assemble, sources, told
from ...data.recording import Recording
from ...data.spikes import lines as spike_lines
from ...data.trial_table import line as table_line
from ...data.units import line as units_line
from ...errors import Problems, counted
from ..jobs.given import Given
from ..jobs.job import Job, say


def run(job: Job) -> None:
    """Writes recording.parquet; refuses files that are not those the workflow was planned with."""
    config = Given(job.spec["recording"])
    files = dict(zip(sources(config), job.inputs["files"], strict=True))
    check_unchanged(job, files)
    recording = assemble(config, ".", Path(job.outputs["recording"]).stem, files)
    report(recording)
    job.write("recording", recording.columns())


def check_unchanged(job: Job, files: dict[str, Path]) -> None:
    """A UserError that names every file whose content is not the planned one."""
    problems = Problems()
    for name, path in files.items():
        if not Path(path).exists():
            problems.add(str(path), "a file", "no such file", "Mend the path in the config.")
        elif job.digest(path) != job.spec["files"].get(name):
            problems.add(
                str(path),
                "the content that the workflow was planned with",
                "another one",
                "The file changed meanwhile: run snakemake again.",
            )
    problems.raise_any()


def report(recording: Recording) -> None:
    """What loading did, for the log."""
    notes = recording.notes
    numbers = {"neuron": recording.neural.shape[1], "trial": notes["trials"], "epoch": notes["epochs"]}
    listed = ", ".join(counted(number, what) for what, number in numbers.items())
    gaps = counted(notes["gaps_tolerated"], "gap")
    say(f"{notes['samples']} of {notes['samples_read']} samples at {recording.rate:g} Hz, {listed}, {gaps} tolerated")
    units = [units_line(notes["units"])] if "units" in notes else []
    table = [table_line(notes["trial_table"])] if "trial_table" in notes else []
    clocks = [moments.line(notes["clocks"])] if "clocks" in notes else []
    dropped = [f"dropped: {told(notes['dropped'])}"] * bool(notes["dropped"])
    guessed = [moments.doubt(notes["clocks"])] if "clocks" in notes else []
    for line in dict.fromkeys([*filter(None, guessed), *notes["overlap"].values()]):
        say(f"warning: {line}")
    for line in (
        *spike_lines(notes),
        *units,
        *clocks,
        *table,
        *dropped,
        *notes["proposals"],
        *notes["doubts"].values(),
    ):
        say(line)
