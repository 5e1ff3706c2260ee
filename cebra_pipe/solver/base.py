"""The documented place of the base classes; they are written in training.py and hybrid.py."""

from .hybrid import MultiobjectiveSolver
from .training import Solver

__all__ = ["MultiobjectiveSolver", "Solver"]
