"""The training loop, its documented variants, evaluation, and the model file."""

from ..lazy import exports
from ..registry import add_helper_functions

__getattr__, __dir__ = exports(
    __name__,
    {
        "Solver": "base",
        "MultiobjectiveSolver": "base",
        "SingleSessionSolver": "single_session",
        "SingleSessionHybridSolver": "single_session",
        "SingleSessionAuxVariableSolver": "single_session",
        "BatchSingleSessionSolver": "single_session",
        "MultiSessionSolver": "multi_session",
        "MultiSessionHybridSolver": "multi_session",
        "MultiSessionAuxVariableSolver": "multi_session",
        "RegularizedSolver": "regularized",
        "MultiObjectiveConfig": "multiobjective",
        "ContrastiveMultiobjectiveSolverxCEBRA": "multiobjective",
        "SupervisedMultiobjectiveSolverxCEBRA": "multiobjective",
    },
)

add_helper_functions(
    __name__,
    {
        "multi-session": "solver.multi_session:MultiSessionSolver",
        "multi-session-aux": "solver.multi_session:MultiSessionAuxVariableSolver",
        "supervised-solver-xcebra": "solver.multiobjective:SupervisedMultiobjectiveSolverxCEBRA",
        "multiobjective-solver": "solver.multiobjective:ContrastiveMultiobjectiveSolverxCEBRA",
        "regularized-solver": "solver.regularized:RegularizedSolver",
        "multi-session-hybrid": "solver.multi_session:MultiSessionHybridSolver",
        "single-session": "solver.single_session:SingleSessionSolver",
        "single-session-aux": "solver.single_session:SingleSessionAuxVariableSolver",
        "single-session-hybrid": "solver.single_session:SingleSessionHybridSolver",
        "single-session-full": "solver.single_session:BatchSingleSessionSolver",
    },
)
