"""Peak memory, in a process of its own each: what comes on top of data and model does not grow with the recording."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

# Each case prints what it holds at the most on top of what was there, and by what that is bounded, in bytes.
BEGIN = """
import json, resource, sys
from pathlib import Path
import numpy as np, torch
import cebra_pipe
from cebra_pipe import CEBRA
torch.set_num_threads(1)
def peak():
    status = Path("/proc/self/status")
    told = dict(line.split(":", 1) for line in status.read_text().splitlines()) if status.exists() else {}
    if "VmHWM" in told:  # what rusage tells on Linux includes the process that started this one
        return 1024 * int(told["VmHWM"].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
def model(steps=2, batch=64, name="offset10-model"):
    return CEBRA(name, max_iterations=steps, batch_size=batch, output_dimension=3, random_state=1, device="cpu")
stream = np.random.default_rng(0)
small = stream.random((500, 120), dtype=np.float32)
fitted = model().fit(small, small[:, :3])
"""
CASES = {
    # the padded copy of the signal would be as large as the signal
    "transform": """
signal = stream.random((400_000, 120), dtype=np.float32)
signal.sum()
before = peak()
out = fitted.transform(signal)
print(json.dumps([peak() - before, 0.6 * signal.nbytes + out.nbytes]))
""",
    # what lists the samples and their labels takes some columns; a copy of the signal would take all 120
    "fit": """
signal, labels = stream.random((400_000, 120), dtype=np.float32), stream.random((400_000, 3))
before = peak()
model().fit(signal, labels)
print(json.dumps([peak() - before, 0.9 * signal.nbytes]))
""",
    # all pairs of samples would take 900 MB as float32, and again for their gradient
    "full batch": """
signal, labels = stream.random((15_000, 4), dtype=np.float32), stream.random((15_000, 1))
before = peak()
model(1, None, "offset1-model").fit(signal, labels)
print(json.dumps([peak() - before, 450e6]))
""",
}


@pytest.mark.parametrize("case", CASES)
def test_peak_memory_is_bounded(case):
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", BEGIN + CASES[case]], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    added, bound = json.loads(done.stdout)
    assert added < bound, f"{added / 1e6:.0f} MB, at most {bound / 1e6:.0f}"
