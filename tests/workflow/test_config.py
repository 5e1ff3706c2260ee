"""Configs as Snakemake hands them over."""

from __future__ import annotations

import pytest

from .conftest import Checkout, copy_checkout


@pytest.mark.workflow
@pytest.mark.parametrize("named", [True, False])
def test_a_key_given_twice_is_refused(tmp_path, named):
    """Snakemake keeps the last one without a word, in a file that it is given as in the default one."""
    checkout = Checkout(copy_checkout(tmp_path / "checkout"))
    path = checkout.folder / ("mine.yaml" if named else "config.yaml")
    path.write_text((checkout.folder / "config.yaml").read_text() + "decode: {shifts: 19}\n")
    out = checkout.run("--dry-run", *(["--configfile", "mine.yaml"] if named else []), check=False)
    assert out.returncode == 2
    assert "each key once, found 'decode' twice" in out.stderr
    assert "Traceback" not in out.stderr


@pytest.mark.workflow
def test_a_recording_left_out_has_a_job_for_each_of_its_stages(tmp_path):
    checkout = Checkout(copy_checkout(tmp_path / "checkout"))
    checkout.config(lambda data: data["conditions"]["joint"].update(leave_one_out={}))
    mine = {job for job in checkout.jobs() if "without_rat1" in job}
    assert mine == {
        "fit fits/joint/without_rat1/fold0/seed1/model.pt",
        "transform embeddings/joint/without_rat1.parquet",
        "adapt adaptations/joint/without_rat1/fold0/seed1/adapted.parquet",
        "transfer transfer/joint/without_rat1.parquet",
    }
