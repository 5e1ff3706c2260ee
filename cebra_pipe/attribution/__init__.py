"""Which neurons an embedding rests on: maps of attribution by name, and their score against a known truth.

Names and makers of methods: `get_options`, `init`, `register`, `parametrize`.
"""

from ..lazy import exports
from ..registry import add_helper_functions

__getattr__, __dir__ = exports(
    __name__,
    {
        "AttributionMap": "base",
        "FeatureAblationMethod": "methods",
        "IntegratedGradientsMethod": "methods",
        "JFMethodBased": "methods",
        "NeuronGradientMethod": "methods",
        "NeuronGradientShapMethod": "methods",
        "get_attribution_map": "jacobian_attribution",
    },
)
# The names in -batched are those of the reference; every method here works in batches.
add_helper_functions(
    __name__,
    {
        name + batched: f"attribution.methods:{kind}"
        for name, kind in {
            "jacobian-based": "JFMethodBased",
            "neuron-gradient": "NeuronGradientMethod",
            "feature-ablation": "FeatureAblationMethod",
            "integrated-gradients": "IntegratedGradientsMethod",
            "neuron-gradient-shap": "NeuronGradientShapMethod",
        }.items()
        for batched in ("", "-batched")
    },
)
