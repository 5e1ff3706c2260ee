"""One job of one stage: its spec, its files, and the provenance that goes into each artifact it writes."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ... import __version__
from ...data.table import Table, write_table
from ...errors import Problem, UserError
from .roles import WITNESS
from .seen import Seen, file_digest, look

# Libraries whose versions an artifact names where its stage used them, with the modules that tell so.
RECORDED = {name: name for name in ("numpy", "scipy", "pyarrow", "torch", "matplotlib")} | {"pillow": "PIL"}


def canonical(value: object) -> str:
    """The one JSON text of a value: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def digest(text: str) -> str:
    """sha256 of a text, 16 characters of it."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def say(line: str) -> None:
    """A line for the log of the job that runs."""
    print(line, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Job:
    """What a stage function gets. `inputs` and `outputs` map the stage's roles to files."""

    stage: str
    spec: Mapping[str, object]
    inputs: Mapping[str, list[Path]]
    outputs: Mapping[str, Path]
    code: str = ""
    gpus: int = 0
    device: str = "cpu"
    seen: Mapping[Path, Seen] = field(default_factory=dict)  # the inputs as they were before anything was read

    def input(self, role: str) -> Path:
        """The single file of `role`."""
        (path,) = self.inputs[role]
        return path

    def files(self, role: str) -> list[Path]:
        """The files of `role`; none where the job was given none."""
        return list(self.inputs.get(role, []))

    def with_device(self, device: str) -> Job:
        return replace(self, device=device)

    def digest(self, path: Path) -> str:
        """sha256 of an input as it was read; a UserError where it has changed since the job began."""
        seen = self.seen.get(path) or look(path)
        if not seen.still():
            remedy = "Something else wrote it: run snakemake again."
            raise UserError(
                Problem(str(path), "an input that stays as it is", "one that changed while it was read", remedy)
            )
        return seen.sha256

    def provenance(self, beside: Mapping[str, str] | None = None) -> dict:
        """What every artifact says of itself; nothing in it depends on when or where it was made.

        `beside` is for the witness of the stage (`roles.WITNESS`): sha256 of the other files it made, by role.
        """
        used = {name: str(sys.modules[m].__version__) for name, m in RECORDED.items() if m in sys.modules}
        return {
            "stage": self.stage,
            "spec": dict(self.spec),
            "spec_hash": digest(canonical(self.spec)),
            "code": self.code,
            "inputs": {role: [self.digest(p) for p in paths] for role, paths in sorted(self.inputs.items())},
            "versions": {"python": platform.python_version(), "cebra_pipe": __version__} | used,
            "device": self.device,
            **({"beside": dict(beside)} if beside else {}),
        }

    def write(self, role: str, table: Table, row_group: int | Sequence[int] | None = None) -> None:
        """Write `table` as the output `role`, with provenance; the witness of the stage has to be written last."""
        others = [other for other in self.outputs if other != role] if WITNESS.get(self.stage) == role else []
        about = self.provenance({other: file_digest(self.outputs[other]) for other in others})
        write_table(self.outputs[role], Table(table.columns, {**table.meta, **about}), row_group)
