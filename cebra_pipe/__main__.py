"""`python -m cebra_pipe` is `cebra-pipe`."""

import sys

from .cli import main

sys.exit(main())
