# What the rules share: the plan of the study and the functions that read it. No rules here.
import os
import shlex
import sys

from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.fingerprint import fingerprint
from cebra_pipe.pipeline.plan import Plan, check_files
from cebra_pipe.pipeline.reading import check_keys, resolve
from cebra_pipe.pipeline.stamps import write_stamps
from cebra_pipe.pipeline.resources import has_gpu, memory, minutes, use_checkout

use_checkout(str(workflow.basedir))

try:
    check_keys(workflow.configfiles)
    PLAN = Plan(resolve(config, "config"))
    check_files(PLAN, "config")
    write_stamps(PLAN)
except (UserError, OSError) as error:
    # A mistake in the config is the user's to mend: one message, no traceback.
    sys.stderr.write(f"{error}\n")
    sys.stderr.flush()
    os._exit(2)

ROOT = PLAN.root
# Local machine: a fit asks for the GPU that is there; the profile of a cluster overrides it (set-resources).
GPUS = int(PLAN.study.config.device != "cpu" and has_gpu())


def spec(stage):
    """The one parameter that decides a rerun: what the stage reads of the config, as canonical JSON."""
    return lambda wildcards: PLAN.spec(stage, wildcards)


def inputs(stage):
    """The files that a job reads, and the stamp that is newer than what was made from another spec or code."""
    return lambda wildcards: {
        **PLAN.inputs(stage, wildcards),
        "stamp": PLAN.stamp(stage, wildcards),
    }


def pattern(stage, role):
    """The output of a stage, with its wildcards left open."""
    return PLAN.pattern(stage, role)


def beside(kind, stage, suffix):
    """A log, benchmark or record: the same tree as the artifact, under another root."""
    return PLAN.beside(kind, stage, suffix)


def files(stage):
    """Options that name the inputs and outputs of a job by role; derived, so no reason to rerun."""

    def options(wildcards, input, output):
        given = [
            ("--input", role, paths)
            for role, paths in PLAN.inputs(stage, wildcards).items()
        ]
        made = [("--output", role, [path]) for role, path in output.items()]
        return " ".join(
            shlex.join([flag, role, *map(str, paths)])
            for flag, role, paths in given + made
        )

    return options


def needs(resource, stage):
    return lambda wildcards, attempt: {"mem_mb": memory, "runtime": minutes}[resource](
        PLAN, stage, wildcards, attempt
    )


def only(names):
    """A wildcard constraint: one of these names, or nothing at all."""
    return "|".join(names) if names else "(?!)"
