"""`python -m cebra_pipe` is `cebra-pipe`: what the rules run."""

import atexit
import os
import sys

ended: list[int] = []  # the exit code, once there is one


def leave() -> None:
    """End at once. To take the modules of torch apart, one by one, costs a job a fifth of what their import did."""
    if ended:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(ended[0])


atexit.register(leave)  # before any import registers anything, and so the last that is called

from .cli import main  # noqa: E402

ended.append(main())
sys.exit(ended[0])
