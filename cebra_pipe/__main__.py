"""`python -m cebra_pipe` is `cebra-pipe`: what the rules run."""

import atexit
import os
import sys

from .cli import main

code = main()
# To take the modules of torch apart, one by one, costs a job a fifth of what their import did: it ends at
# once, after all that is to be done at the exit.
atexit._run_exitfuncs()
try:
    sys.stdout.flush()
    sys.stderr.flush()
except BrokenPipeError:  # whoever read it has seen enough
    os._exit(code or 1)
except OSError as error:
    os.write(2, f"cebra-pipe: what it prints: {error.strerror}.\n".encode())
    os._exit(code or 2)
os._exit(code)
