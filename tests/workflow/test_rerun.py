"""Only what changed is run again: the exact set of jobs of a dry-run after each kind of change."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

pytestmark = pytest.mark.workflow

DRAWN = {f"figures figures/{name}.png" for name in ("verdict", "decoding", "goodness_of_fit", "losses")}
TABULATED = {f"tables tables/{name}.csv" for name in ("verdict", "decoding", "tests", "differences", "population")}
DRAWN |= TABULATED | {"tables tables/goodness_of_fit.csv"}
RATS = ("rat1", "rat2")


def chain(condition: str, units: tuple[str, ...] = RATS, seeds: tuple[int, ...] = (1,)) -> set[str]:
    """The jobs of one condition from fit to decode."""
    fits = {f"fit fits/{condition}/{u}/fold0/seed{s}/model.pt" for u in units for s in seeds}
    return fits | scored(condition, units)


def scored(condition: str, units: tuple[str, ...] = RATS) -> set[str]:
    made = {f"transform embeddings/{condition}/{u}.parquet" for u in units}
    return made | {f"decode decoding/{condition}/{u}.parquet" for u in units}


COMPARED = {"consistency consistency/rats.parquet", "consistency consistency/runs.parquet"}
COMPARED |= {"figures figures/consistency.png", "tables tables/consistency.csv"}
DECODED = {job for c in ("time", "behavior", "shifted") for job in scored(c)} | scored("joint", ("joint",))
DECODED = {job for job in DECODED if job.startswith("decode")}
DECODED |= {"figures figures/verdict.png", "figures figures/decoding.png", *TABULATED}
EMBEDDED = {"figures figures/embeddings.png"}


def test_nothing_to_do(checkout):
    assert checkout.jobs() == set()


def content(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file with its time, but for what Snakemake notes for itself."""
    files = [path for path in folder.rglob("*") if path.is_file() and ".snakemake" not in path.parts]
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files if path.suffix != ".pyc"}


@pytest.mark.parametrize("notes", ["kept", "lost"])
def test_planning_and_putting_back(checkout, notes):
    """A config is edited, looked at, linted and put back: nothing is written, and nothing is to be done."""
    config = checkout.folder / "config.yaml"
    before, text = content(checkout.folder), config.read_text()
    times = config.stat()
    checkout.config(lambda c: c["conditions"]["time"].update(temperature=0.5))
    if notes == "lost":
        shutil.rmtree(checkout.folder / ".snakemake")
    assert checkout.jobs() == chain("time") | DRAWN | {"align aligned/time.parquet"}
    checkout.run("--lint")
    config.write_text(text)
    os.utime(config, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert checkout.jobs() == set()
    assert "Nothing to be done" in checkout.run("--cores", "2").stderr
    assert content(checkout.folder) == before


def test_a_copied_tree(checkout):
    """Times in any order, none of Snakemake's notes: what an artifact says of itself still holds."""
    shutil.rmtree(checkout.folder / ".snakemake")
    for number, path in enumerate(sorted(checkout.tree.rglob("*"))):
        os.utime(path, (1.7e9 - number, 1.7e9 - number))
    assert checkout.jobs() == set()
    assert checkout.jobs("--forcerun", "decode") == DECODED
    forced = {"align aligned/behavior.parquet", *EMBEDDED}
    assert checkout.jobs("--forcerun", "results/tiny/aligned/behavior.parquet") == forced


def test_a_job_on_a_cluster_decides_nothing(checkout):
    """A job that Snakemake starts as a process of its own reads the workflow again, and leaves the plan alone."""
    checkout.config(lambda c: c.update(split={**c.get("split", {}), "gap": 0.9}))
    checkout.run("--cores", "1", "--until", "split")
    checkout.config(lambda c: c.update(split={**c["split"], "gap": 0.8}))  # edited while the job waits in the queue
    before = content(checkout.tree / ".jobs"), (checkout.folder / ".snakemake/newer_than_all_results").read_text()
    split = checkout.tree / "splits/rat1.parquet"
    made = split.read_bytes()
    split.unlink()
    checkout.run(
        "--mode", "remote", "--target-jobs", "split:recording=rat1", "--allowed-rules", "split", "--cores", "1",
        "--force", "--no-hooks", "--target-files-omit-workdir-adjustment",
    )  # fmt: skip
    assert split.read_bytes() == made  # of the plan that was submitted
    after = content(checkout.tree / ".jobs"), (checkout.folder / ".snakemake/newer_than_all_results").read_text()
    assert after == before


def test_add_a_condition(checkout):
    checkout.config(lambda c: c["conditions"].update(only={"labels": ["direction"]}))
    assert checkout.jobs() == chain("only") | DRAWN | {"align aligned/only.parquet"}


def test_remove_a_condition(checkout):
    checkout.config(lambda c: c["conditions"].pop("joint"))
    assert checkout.jobs() == DRAWN


def test_reorder_conditions(checkout):
    # Nothing is computed again; what lists the conditions is drawn in the new order.
    checkout.config(
        lambda c: c.update(conditions={k: c["conditions"][k] for k in ("joint", "time", "behavior", "shifted")})
    )
    assert checkout.jobs() == DRAWN


def test_rename_a_condition(checkout):
    def rename(c):
        c["conditions"]["clock"] = c["conditions"].pop("time")

    checkout.config(rename)
    assert checkout.jobs() == chain("clock") | DRAWN | {"align aligned/clock.parquet"}


def test_change_a_temperature(checkout):
    checkout.config(lambda c: c["conditions"]["time"].update(temperature=0.5))
    assert checkout.jobs() == chain("time") | DRAWN | {"align aligned/time.parquet"}


def test_add_a_seed(checkout):
    checkout.config(lambda c: c["conditions"]["behavior"].update(seeds=[1, 2, 3]))
    fits = {f"fit fits/behavior/{rat}/fold0/seed3/model.pt" for rat in RATS}
    expected = fits | scored("behavior") | DRAWN | COMPARED | EMBEDDED | {"align aligned/behavior.parquet"}
    assert checkout.jobs() == expected


def test_train_seeds_together(checkout):
    """The batch is the job; a finished study is planned with it in place of its single fits."""
    checkout.config(lambda c: c["conditions"]["behavior"].update(together=True))
    batches = {f"fit_together fits/behavior/{rat}/fold0/models.pt" for rat in RATS}
    expected = batches | scored("behavior") | DRAWN | COMPARED | EMBEDDED | {"align aligned/behavior.parquet"}
    assert checkout.jobs() == expected


def test_decoder_options_alone(checkout):
    checkout.config(lambda c: c["decode"].update(shifts=59))
    assert checkout.jobs() == DECODED


def test_code_of_a_plot(checkout):
    checkout.edit("plot/losses.py", "import numpy as np\n", "import numpy as np\n\nCHANGED = 1\n")
    assert checkout.jobs() == {"figures figures/losses.png"}


def test_comment_and_docstring(checkout):
    checkout.edit("data/timeline.py", '"""', '"""Said otherwise. ')
    checkout.edit("models/table.py", "MODELS = {", "# A remark.\nMODELS = {")
    assert checkout.jobs() == set()


def test_code_that_fit_uses(checkout):
    checkout.edit("models/contrast.py", "import torch\n", "import torch\n\nCHANGED = 1\n")
    everything = chain("time") | chain("behavior", seeds=(1, 2)) | chain("joint", ("joint",)) | chain("shifted")
    aligned = {f"align aligned/{name}.parquet" for name in ("time", "behavior", "joint")}
    assert checkout.jobs() == everything | aligned | COMPARED | EMBEDDED | DRAWN


def test_another_study_leaves_this_alone(checkout):
    other = checkout.folder / "other.yaml"
    text = (
        (checkout.folder / "config.yaml")
        .read_text()
        .replace("study: tiny", "study: other")
        .replace("time: {}", "time: {steps: 10}")
    )
    other.write_text(text)
    jobs = checkout.jobs("--configfile", "other.yaml")
    assert "fit fits/time/rat1/fold0/seed1/model.pt" in jobs
    assert checkout.jobs() == set()
    other.write_text(text.replace("study: other", "study: tiny"))  # a copy of the config that kept the name
    out = checkout.run("--dry-run", "--configfile", "other.yaml", check=False)
    assert out.returncode == 2
    assert "found one of config.yaml, which names this study too" in out.stderr
    assert checkout.jobs() == set()


def test_metadata_lost_status_tells(checkout):
    shutil.rmtree(checkout.folder / ".snakemake")
    checkout.config(lambda c: c["conditions"]["time"].update(temperature=0.5))
    out = checkout.run("status", "config.yaml", "--files", program="cebra_pipe", check=False)
    assert out.returncode == 1
    assert "outdated" in out.stdout
    assert "fits/time/rat1/fold0/seed1/model.pt  (config)" in out.stdout
    assert "fits/behavior" not in out.stdout
    assert checkout.jobs() == chain("time") | DRAWN | {"align aligned/time.parquet"}  # a plain run knows it as well
    mend = checkout.run("status", "config.yaml", "--commands", program="cebra_pipe", check=False).stdout.strip()
    assert mend.startswith("snakemake --forcerun ")
    checkout.run(*mend.split()[1:], "--cores", "2")
    again = checkout.run("status", "config.yaml", "--files", program="cebra_pipe")
    assert "outdated" not in again.stdout


@pytest.fixture
def files(checkout):
    """The study with one recording read from a file of more than a megabyte, finished."""
    import numpy as np

    rng = np.random.default_rng(0)
    position = np.abs(np.linspace(0, 40, 20_000) % 2 - 1)
    np.savez(
        checkout.folder / "mine.npz",
        spikes=rng.poisson(0.5, (20_000, 10)).astype(np.int64),
        position=position,
        direction=np.concatenate([[0], (np.diff(position) > 0).astype(int)]),
    )

    def add(c):
        labels = {"position": {"key": "position", "unit": "m"}, "direction": {"key": "direction", "kind": "discrete"}}
        entry = {"file": "mine.npz", "neural": "spikes", "rate": 40, "labels": labels, "trials": {"from": "direction"}}
        c.update(recordings={"rat1": c["recordings"]["rat1"], "mine": entry})

    checkout.config(add)
    checkout.run("--cores", "2")
    return checkout


def test_touch_and_change_of_a_large_input(files):
    path = files.folder / "mine.npz"
    assert path.stat().st_size > 1_000_000
    os.utime(path)
    assert files.jobs() == set()
    with open(path, "r+b") as file:
        data = file.read()
        place = data.index(b"position.npy") + 400
        file.seek(place)
        file.write(bytes([data[place] ^ 1]))
    jobs = files.jobs()
    assert "load recordings/mine.parquet" in jobs
    assert "fit fits/time/mine/fold0/seed1/model.pt" in jobs
    assert "fit fits/time/rat1/fold0/seed1/model.pt" not in jobs
