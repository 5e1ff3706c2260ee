"""The files of each stage by role: (inputs, outputs)."""

from __future__ import annotations

ROLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "simulate": ((), ("recording",)),
    "load": (("files",), ("recording",)),
    "split": (("recording",), ("split",)),
    "fit": (("recordings", "splits"), ("model", "history")),
    "fit_together": (("recordings", "splits"), ("models", "history")),
    "transform": (("recordings", "splits", "models"), ("embedding",)),
    "adapt": (("recordings", "splits", "model"), ("adapted", "models", "history")),
    "transfer": (("recordings", "splits", "embedding", "adapted"), ("transfer",)),
    "decode": (("recordings", "splits", "embedding"), ("scores", "traces")),
    "align": (("recordings", "splits", "embeddings"), ("aligned",)),
    "consistency": (("recordings", "splits", "embeddings"), ("consistency",)),
    "figures": (
        (
            *("recordings", "splits", "scores", "traces", "embeddings", "aligned", "histories", "consistency"),
            *("transfer", "without_histories", "adapted", "adapted_histories", "portion_scores", "portion_histories"),
        ),
        ("png", "svg", "csv"),
    ),
    "tables": (
        (
            *("recordings", "splits", "scores", "histories", "embeddings", "consistency"),
            *("transfer", "without_histories", "adapted", "adapted_histories", "portion_scores", "portion_histories"),
        ),
        ("csv", "json"),
    ),
}

# Of stages that write several files: the one that is written last, and holds the sha256 of the others. A file that
# says nothing of itself, or not fast, is believed because this one names its content.
WITNESS: dict[str, str] = {
    **dict.fromkeys(("fit", "fit_together", "adapt"), "history"),
    **{"decode": "traces", "figures": "png", "tables": "json"},
}

WAYS = ("adapted", "scratch")  # how an adaptation's job fits each share


def lesson_file(way: str, share: float) -> str:
    """The name of the model of one share, beside which its checkpoint lies until all shares are learned."""
    return f"{way}_{share!r}.pt"
