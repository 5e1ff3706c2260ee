"""What a GPU refuses and a user can mend, in one message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ...errors import Problem, UserError

FULL = "Set a smaller batch_size, fewer jobs at once (--resources gpu=1) or fewer seeds of `together`, or device: cpu."
BUILT = "Install a torch that was built for this GPU and its driver, or set device: cpu."
HELD = "Another process has it for itself (nvidia-smi tells which): wait for it, or set device: cpu."
# What torch says -> what was expected, and what to do. All else is no mistake of a user's, and keeps its traceback.
TOLD = {
    "CUDA out of memory": ("room in the memory of the GPU", FULL),
    "CUDA error: out of memory": ("room in the memory of the GPU", FULL),
    "no kernel image is available": ("a GPU that this torch was built for", BUILT),
    "driver version is insufficient": ("a driver that this torch was built for", BUILT),
    "busy or unavailable": ("a GPU that is free", HELD),
}


@contextmanager
def gpu_errors() -> Iterator[None]:
    """A UserError in place of torch's own, where a user can mend it."""
    try:
        yield
    except RuntimeError as error:
        text = str(error)
        for words, (expected, remedy) in TOLD.items():
            if words in text:
                raise UserError(Problem("device", expected, _first(text), remedy)) from error
        raise


def _first(text: str) -> str:
    """What torch says first; a whole paragraph about its own allocator follows."""
    line = text.strip().splitlines()[0]
    return line.split(" Process ")[0].split(" Including ")[0].rstrip(".")
