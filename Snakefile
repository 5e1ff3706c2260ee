# The chain, stage by stage. Logic lives in the library (cebra_pipe); a rule only calls its verb.
from snakemake.utils import min_version

min_version("9.0")

if "conditions" not in config:  # neither --configfile nor a whole study by --config

    configfile: "config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"


wildcard_constraints:
    recording="[a-z0-9][a-z0-9_]*",
    condition="[a-z0-9][a-z0-9_]*",
    unit="[a-z0-9][a-z0-9_]*",
    comparison="[a-z0-9][a-z0-9_]*",
    figure="[a-z_]+",
    table="[a-z_]+",
    fold=r"\d+",
    seed=r"\d+",


localrules:
    all,


rule all:
    default_target: True
    input:
        PLAN.targets(),


include: "workflow/rules/recordings.smk"
include: "workflow/rules/models.smk"
include: "workflow/rules/scores.smk"
include: "workflow/rules/figures.smk"


onstart:
    begin()
