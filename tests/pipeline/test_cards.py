"""Which GPU a job takes, and what is told of one that refuses: without a GPU, by what torch would say."""

from __future__ import annotations

import os
import tempfile
from types import SimpleNamespace

import pytest
import torch

from cebra_pipe.cli import main
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline import runner, train
from cebra_pipe.pipeline.jobs import cards
from cebra_pipe.pipeline.jobs.cards import on_device
from cebra_pipe.pipeline.jobs.gpu_errors import gpu_errors
from cebra_pipe.pipeline.planning import resources
from cebra_pipe.solver import device
from tests.pipeline.test_reruns import split_job  # noqa: F401
from tests.toys import fit_job, track

OUT_OF_MEMORY = (
    "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 23.65 GiB of which 1.20 GiB is "
    "free. Process 7 has 1.1 GiB memory in use. Including non-PyTorch memory, this process has 3.08 GiB memory in use."
)


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine with two GPUs; what was made torch's current one."""
    chosen = []
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(cards, "HELD", [])
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda card: SimpleNamespace(uuid=f"GPU-{card}"))
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    yield chosen
    for file in cards.HELD:
        file.close()


def test_jobs_spread_over_the_gpus(machine, tmp_path):
    """Two on the first free ones, a third where a first one is, and one that ended leaves its place."""
    job = fit_job(tmp_path, {"rat": track(0)}, device="cuda")
    assert [on_device(job).device for _ in range(3)] == ["cuda"] * 3
    assert machine == [0, 1, 0]
    cards.HELD[1].close()
    on_device(job)
    assert machine[-1] == 1


def test_a_single_gpu_is_taken_as_it_is(machine, tmp_path, monkeypatch):
    """As a scheduler shows it to its job, whatever others do."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    on_device(fit_job(tmp_path, {"rat": track(0)}, device="cuda"))
    on_device(fit_job(tmp_path, {"rat": track(0)}, device="cpu"))
    assert machine == cards.HELD == []


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (torch.OutOfMemoryError(OUT_OF_MEMORY), "of which 1.20 GiB is free. Set a smaller batch_size"),
        (
            RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be …"),
            "found CUDA error: out of memory. Set",
        ),
        (RuntimeError("CUDA error: no kernel image is available for execution on the device"), "built for this GPU"),
        (RuntimeError("CUDA error: CUDA-capable device(s) is/are busy or unavailable"), "nvidia-smi"),
    ],
)
def test_what_a_gpu_refuses_is_one_message(said, told, split_job, monkeypatch, capsys):  # noqa: F811
    def refuses(job):
        raise said

    monkeypatch.setattr(runner, "_imported", lambda stage: SimpleNamespace(run=refuses))
    assert main(split_job) == 2
    *_, line = capsys.readouterr().err.splitlines()
    assert line.startswith("cebra-pipe split: device: expected ")
    assert told in line
    assert "Process" not in line


def test_training_by_hand_tells_it_too(monkeypatch):
    def refuses(options):
        raise torch.OutOfMemoryError(OUT_OF_MEMORY)

    monkeypatch.setattr(train, "check", refuses)
    with pytest.raises(UserError, match="room in the memory of the GPU"):
        train.main(None)


def test_what_no_user_can_mend_keeps_its_traceback():
    with pytest.raises(RuntimeError, match="device-side assert"), gpu_errors():
        raise RuntimeError("CUDA error: device-side assert triggered")


OLD = "CUDA initialization: The NVIDIA driver on your system is too old (found version 11040). Please update"


@pytest.mark.parametrize(
    ("built", "told"), [(None, "built without CUDA"), ("12.8", "driver on your system is too old")]
)
def test_why_torch_sees_no_gpu_is_told(built, told, monkeypatch, capsys):
    def available():
        if built:
            device.warnings.warn(OLD, stacklevel=1)
        return False

    monkeypatch.setattr(torch.version, "cuda", built)
    monkeypatch.setattr(torch.cuda, "is_available", available)
    assert device.resolve("auto", 1) == "cpu"
    assert told in capsys.readouterr().err
    with pytest.raises(UserError, match=told):
        device.resolve("cuda", 1)


@pytest.mark.parametrize(
    ("version", "there"),
    [("cuda: Optional[str] = None\nhip: Optional[str] = None\n", False), ("cuda = '12.8'\n", True)],
)
def test_a_torch_for_the_cpu_asks_for_no_gpu(version, there, tmp_path, monkeypatch):
    """Fits that ask for one would wait for each other."""
    (tmp_path / "version.py").write_text(version)
    found = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(resources.importlib.util, "find_spec", lambda name: found)
    monkeypatch.setattr(resources, "GPU_FILES", (os.devnull,))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert resources.has_gpu() is there
    monkeypatch.setattr(resources.importlib.util, "find_spec", lambda name: None)
    assert resources.has_gpu()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert not resources.has_gpu()


def test_products_of_a_job_are_in_whole_single_precision():
    """Also in containers that switch TF32 on; what was set comes back."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        with device.settings(1):
            assert torch.get_float32_matmul_precision() == "highest"
        assert torch.get_float32_matmul_precision() == "high"
    finally:
        torch.set_float32_matmul_precision(before)
