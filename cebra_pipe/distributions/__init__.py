"""Where references, positives and negatives are drawn from."""

from ..lazy import exports

__getattr__, __dir__ = exports(
    __name__,
    {
        "PriorDistribution": "base",
        "ConditionalDistribution": "base",
        "JointDistribution": "base",
        "Prior": "continuous",
        "TimeContrastive": "continuous",
        "TimedeltaDistribution": "continuous",
        "DeltaNormalDistribution": "continuous",
        "Discrete": "discrete",
        "DiscreteUniform": "discrete",
        "DiscreteEmpirical": "discrete",
    },
)
