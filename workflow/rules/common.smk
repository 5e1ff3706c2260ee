# What the rules share: the plan of the study and the functions that read it. No rules here.
import os
import sys
from functools import cache

from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.disk import claims
from cebra_pipe.pipeline.jobs.locks import hold
from cebra_pipe.pipeline.planning.layout import STAGES
from cebra_pipe.pipeline.planning.plan import Plan, check_files, check_results
from cebra_pipe.pipeline.config.reading import check_keys, resolve
from cebra_pipe.pipeline.disk.reruns import (
    OPEN,
    OUTDATED,
    SETTLED,
    flag,
    prepare,
    standing,
)
from cebra_pipe.pipeline.planning.resources import (
    has_gpu,
    memory,
    minutes,
    use_checkout,
)

use_checkout(str(workflow.basedir))


def stop(error):
    """What is the user's to mend ends in one message, no traceback."""
    sys.stderr.write(f"{error}\n")
    sys.stderr.flush()
    os._exit(2)


try:
    check_keys(workflow.configfiles)
    PLAN = Plan(resolve(config, "config"))
    check_files(PLAN, "config")
    check_results(PLAN, "config")
except (UserError, OSError) as error:
    stop(error)

ROOT = PLAN.root
# Local machine: a fit asks for the GPU that is there; the profile of a cluster overrides it (set-resources).
GPUS = int(PLAN.study.config.device != "cpu" and has_gpu())


HELD = []  # the lock of the run, which ends with this process


def begin():
    """When a run begins: say so, and write down what the jobs are to do, and for which config."""
    try:
        HELD.append(hold(ROOT))
        prepare(PLAN)
        claims.note(PLAN, workflow.configfiles)
    except (UserError, OSError) as error:
        stop(error)


@cache
def decided():
    """What each job is, and the file that is newer than what is outdated (pipeline/disk/reruns.py).

    Asked when the first job is, since options such as --forcerun are not known while the workflow is read.
    """
    if not workflow.is_main_process:  # a job on a cluster: it was decided before
        return {}, flag(None)
    options = workflow.dag_settings
    forced = STAGES if options.forceall else map(os.path.normpath, options.forcerun)
    try:
        claims.check(PLAN, workflow.configfiles)
        return standing(PLAN, set(forced)), flag(PLAN)
    except (UserError, OSError) as error:
        stop(error)


def inputs(stage):
    """The files that a job reads: newer than its outputs where it is outdated, of no age where all is as it should be."""

    def named(wildcards):
        stands_of, newer = decided()
        stands = stands_of.get(PLAN.arguments(stage, wildcards), OPEN)
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
