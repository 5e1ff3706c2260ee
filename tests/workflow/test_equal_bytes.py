"""The same config gives the same bytes."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from pathlib import Path

import pytest
import yaml

from .conftest import Checkout, copy_checkout

pytestmark = pytest.mark.workflow
ARTIFACTS = (".parquet", ".pt", ".png", ".svg", ".csv", ".json")


def hashes(tree: Path) -> dict[str, str]:
    """sha256 of every artifact by its place in the tree; records, logs and benchmarks hold times."""
    paths = [
        p
        for p in sorted(tree.rglob("*"))
        if p.suffix in ARTIFACTS and p.relative_to(tree).parts[0] not in ("records", "benchmarks", "logs")
    ]
    return {str(p.relative_to(tree)): hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


def test_two_runs_from_scratch(finished, tmp_path):
    """The second one from the archive of the first: its config, elsewhere, with another number of cores."""
    archive = tmp_path / "tiny.zip"
    finished.run("archive", "config.yaml", "--to", str(archive), program="cebra_pipe")
    other = Checkout(copy_checkout(tmp_path / "elsewhere"))
    (other.folder / "config.yaml").unlink()
    with zipfile.ZipFile(archive) as packed:
        packed.extract("config.yaml", other.folder)
        tables = {name for name in packed.namelist() if name.startswith("tables/")}
        manifest, lock = json.loads(packed.read("manifest.json")), packed.read("requirements.lock").decode()
    told = {about["provenance"]["code"] for about in manifest["artifacts"].values() if about["provenance"]}
    assert set(manifest["code"].values()) == told
    drawn = {f"figures {path.stem}" for path in finished.tree.glob("figures/*.png")}
    assert {maker for maker in manifest["code"] if maker.startswith("figures")} == drawn
    noted = json.loads((finished.tree / "records/figures/losses.json").read_text())["packages"]
    assert [line.split("==") for line in lock.splitlines()[1:]] == [list(pair) for pair in noted.items()]
    assert lock.splitlines()[0] == "# Installed when the artifacts were made."
    (environment,) = manifest["environments"]
    assert (environment["packages"], set(environment["artifacts"])) == (noted, set(manifest["artifacts"]))
    missing = other.run("verify", str(archive), program="cebra_pipe", check=False)
    assert (missing.returncode, "0 equal" in missing.stdout) == (1, True)
    other.run("--cores", "1")
    first, second = hashes(finished.tree), hashes(other.tree)
    assert len(first) > 40
    assert first == second
    assert tables == {name for name in first if name.startswith("tables/")}
    told = other.run("verify", str(archive), program="cebra_pipe").stdout
    assert f"{len(first)} equal, 0 other, 0 missing" in told
    changed = other.tree / "tables" / "decoding.csv"
    changed.write_text(changed.read_text() + "\n")
    (other.tree / "figures" / "losses.png").unlink()
    told = other.run("verify", str(archive), program="cebra_pipe", check=False)
    assert told.returncode == 1
    assert re.search(r"(?m)^other .*decoding\.csv$", told.stdout)
    assert re.search(r"(?m)^missing .*losses\.png$", told.stdout)
    refused = other.run("archive", "config.yaml", program="cebra_pipe", check=False)
    assert (refused.returncode, "Run snakemake first" in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    "artifact", ["fits/joint/joint/fold0/seed1/history.parquet", "figures/losses.svg", "tables/decoding.csv"]
)
def test_an_artifact_explains_itself(finished, artifact):
    """What it says is what lies on disk: its own hash, those of its inputs, its config."""
    path = finished.tree / artifact
    told = finished.run("explain", f"results/tiny/{artifact}", program="cebra_pipe").stdout
    assert hashlib.sha256(path.read_bytes()).hexdigest() in told
    inputs = re.findall(r": sha256 (\w{64})  (\S+)", told)
    assert inputs
    assert all(hashlib.sha256((finished.folder / name).read_bytes()).hexdigest() == digest for digest, name in inputs)
    assert re.search(r"(?m)^record +\d{4}-\d\d-\d\dT", told)
    assert re.search(r"(?m)^by hand +cebra-pipe ", told)
    assert f"snakemake --forcerun results/tiny/{artifact}" in told
    if artifact.startswith("fits"):
        assert "seed 1, study seed 1" in told
        assert re.search(r"(?m)^made by +fit, on cpu, 1 thread, with .*torch \d", told)
        assert yaml.safe_load(told.partition("):\n")[2])["training"]["steps"] == 20
