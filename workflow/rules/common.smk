# What the rules share: the plan of the study and the functions that read it. No rules here.
import os
import sys

from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.plan import STAGES, Plan, check_files
from cebra_pipe.pipeline.reading import check_keys, resolve
from cebra_pipe.pipeline.reruns import OPEN, OUTDATED, SETTLED, flag, prepare, standing
from cebra_pipe.pipeline.resources import has_gpu, memory, minutes, use_checkout

use_checkout(str(workflow.basedir))


def stop(error):
    """What is the user's to mend ends in one message, no traceback."""
    sys.stderr.write(f"{error}\n")
    sys.stderr.flush()
    os._exit(2)


# A job on a cluster reads the workflow again, and what is to be run was decided before.
MAIN = workflow.is_main_process
# Who forces a job wants what reads it remade, though nothing is outdated.
FORCED = (
    STAGES
    if getattr(workflow.dag_settings, "forceall", False)
    else [*map(os.path.normpath, getattr(workflow.dag_settings, "forcerun", ()))]
)

try:
    check_keys(workflow.configfiles)
    PLAN = Plan(resolve(config, "config"))
    check_files(PLAN, "config")
    STANDING = standing(PLAN, FORCED) if MAIN else {}
except (UserError, OSError) as error:
    stop(error)

ROOT = PLAN.root
# Local machine: a fit asks for the GPU that is there; the profile of a cluster overrides it (set-resources).
GPUS = int(PLAN.study.config.device != "cpu" and has_gpu())


def begin():
    """When a run begins: write down what the jobs are to do."""
    try:
        prepare(PLAN)
    except UserError as error:
        stop(error)


def inputs(stage):
    """The files that a job reads, and one that is newer than what is outdated (pipeline/reruns.py)."""

    def named(wildcards):
        stands = STANDING.get(PLAN.arguments(stage, wildcards), OPEN)
        newer = flag(PLAN if MAIN else None)
        files = PLAN.inputs(stage, wildcards).items()
        return {
            "newer": newer if stands == OUTDATED else ancient(newer),
            **{
                role: [*map(ancient, f)] if stands == SETTLED else f
                for role, f in files
            },
        }

    return named


def arguments(stage):
    """The file of a job's options, written when a run begins."""
    return lambda wildcards: PLAN.arguments(stage, wildcards)


def pattern(stage, role):
    """The output of a stage, with its wildcards left open."""
    return PLAN.pattern(stage, role)


def beside(kind, stage, suffix):
    """A log, benchmark or record: the same tree as the artifact, under another root."""
    return PLAN.beside(kind, stage, suffix)


def needs(resource, stage):
    return lambda wildcards, attempt: {"mem_mb": memory, "runtime": minutes}[resource](
        PLAN, stage, wildcards, attempt
    )


def only(names):
    """A wildcard constraint: one of these names, or nothing at all."""
    return "|".join(names) if names else "(?!)"
