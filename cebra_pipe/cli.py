"""The command line: one verb a stage, which the workflow's rules call, and verbs that look after a study.

Parsing imports nothing heavy: `cebra-pipe --help` answers in the time of a bare Python start and little more.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import sys
from pathlib import Path

from . import __version__
from .errors import Problem, UserError
from .pipeline.jobs.roles import ROLES
from .pipeline.train_options import add_train_options

# verb -> (function "module:name" of the arguments, what it does); in the order in which a study needs them
VERBS = {
    "check": ("check:main", "validate a config and everything it names, in seconds"),
    "status": ("disk.status:main", "compare what is on disk with the config"),
    "show": ("show:main", "name the figures and tables of a study and print the main numbers"),
    "prune": ("disk.prune:main", "list, and with --yes remove, what the config no longer names"),
    "explain": (
        "disk.explain:main",
        "tell where a file comes from: config, code, inputs, versions, seed, host, command",
    ),
    "archive": ("disk.archive:main", "pack what is needed to repeat a finished study into one file"),
    "verify": ("disk.archive:verify", "compare the files on disk with an archive, byte for byte"),
    "train": ("train:main", "train one model on a named data set or a file, without a study"),
    "schema": ("config.schema:main", "write the JSON schema and the configuration reference"),
}

# verb -> what it does; each is a module of pipeline.stages with `run(job)`
STAGES = {
    "simulate": "simulate a recording",
    "load": "read a recording from its files",
    "split": "divide a recording into train, valid and test",
    "fit": "train one model",
    "fit_together": "train the models of several seeds as one batch",
    "transform": "embed all samples",
    "adapt": "adapt a model to a recording that it was fitted without",
    "transfer": "decode a recording that was left out, by the others and by itself",
    "decode": "decode labels from embeddings and from baselines, against a null",
    "align": "rotate embeddings onto those of one recording",
    "consistency": "compare embeddings between recordings or runs",
    "figures": "draw one figure",
    "tables": "write one table",
}

# verb -> how to go on after Ctrl-C
GO_ON = {
    "train": "Run the same command again: it goes on from its last checkpoint.",
    "prune": "Run it again to remove the rest.",
    "archive": "Run it again: the file was not written.",
    "schema": "Run it again.",
}

START = """a study, from its config to its figures:
  cebra-pipe check config.yaml
  snakemake --configfile config.yaml --cores 4
  cebra-pipe show config.yaml

The verbs from `simulate` on are the stages of the workflow, one job each."""
EXAMPLES = {
    "check": "cebra-pipe check config/tiny.yaml",
    "status": "cebra-pipe status config/tiny.yaml --commands",
    "show": "cebra-pipe show config/tiny.yaml",
    "prune": "cebra-pipe prune config/tiny.yaml --yes",
    "explain": "cebra-pipe explain results/tiny/fits/behavior/rat1/fold0/seed1/model.pt",
    "archive": "cebra-pipe archive config/tiny.yaml --to tiny.zip",
    "verify": "cebra-pipe verify tiny.zip",
    "train": "cebra-pipe train --data demo-continuous --logdir runs/demo --num-steps 100",
    "schema": "cebra-pipe schema --check",
}


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="cebra-pipe",
        description="Reproducible contrastive-embedding analysis of neural recordings.",
        epilog=START,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="store_true", help="print the version and exit")
    verbs = top.add_subparsers(dest="verb", metavar="VERB")
    told = {name: what for name, (_, what) in VERBS.items()} | STAGES
    for name, what in told.items():
        verb = verbs.add_parser(
            name,
            help=what,
            description=f"{what[0].upper()}{what[1:]}.",
            epilog=f"example:\n  {EXAMPLES[name] if name in VERBS else stage_example(name)}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        (VERB_OPTIONS[name] if name in VERBS else _stage_options)(verb)
    return top


def stage_example(stage: str) -> str:
    """The command of a job with its roles; the whole of it stands in the job's log."""
    inputs, outputs = ROLES[stage]
    given = [f"--input {role} {role}.parquet" for role in inputs] + [f"--output {role} {role}.out" for role in outputs]
    lines = [f'cebra-pipe {stage} --spec \'{{"stage": "{stage}"}}\'', *given]
    return " \\\n    ".join(lines) + "\n\nThe log of a job, under results/STUDY/logs, begins with its whole command."


def _stage_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--spec", required=True, help="what to do, as JSON (the log of the workflow shows it)")
    verb.add_argument(
        "--input", action="append", nargs="+", default=[], metavar=("ROLE", "FILE"), help="input files of a role"
    )
    verb.add_argument(
        "--output", action="append", nargs=2, default=[], metavar=("ROLE", "FILE"), help="output file of a role"
    )
    verb.add_argument("--code", default="", help="fingerprint of the stage's code; other code than that is refused")
    verb.add_argument("--sources", default="", help="hash of all code: where it is the same, --code needs no proof")
    verb.add_argument("--gpus", type=int, default=0, help="number of GPUs that this job may use")
    verb.add_argument("--record", type=Path, help="where to note host, duration and command")
    verb.add_argument("--hashes", type=Path, help="folder that holds hashes of files")


def _config(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("config", type=Path, help="the config file of the study")
    verb.add_argument(
        "--config",
        dest="changes",
        action="extend",
        nargs="+",
        default=[],
        metavar="KEY=VALUE",
        help="values in place of the file's, as for snakemake --config; split.gap=2 leads inside a section",
    )


def _status(verb: argparse.ArgumentParser) -> None:
    _config(verb)
    shown = verb.add_mutually_exclusive_group()
    shown.add_argument("--commands", action="store_true", help="print the commands that mend what is not current")
    shown.add_argument(
        "--files", action="store_true", help="list each file that is not current instead of counting jobs"
    )
    shown.add_argument("--all", action="store_true", help="list each file, current ones too")


def _prune(verb: argparse.ArgumentParser) -> None:
    _config(verb)
    verb.add_argument("--yes", action="store_true", help="remove the files instead of listing them")


def _schema(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--check", action="store_true", help="fail where the files on disk are not up to date")


def _explain(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("file", type=Path, help="an artifact under results/, or any file")


def _archive(verb: argparse.ArgumentParser) -> None:
    _config(verb)
    verb.add_argument("--to", type=Path, help="the file to write (STUDY.zip)")


def _verify(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("archive", type=Path, help="a file that `archive` wrote")
    verb.add_argument("--results", type=Path, help="the study's folder, where it is another than was archived")


VERB_OPTIONS = {
    "check": _config,
    "status": _status,
    "prune": _prune,
    "show": _config,
    "explain": _explain,
    "archive": _archive,
    "verify": _verify,
    "train": add_train_options,
    "schema": _schema,
}


def expanded(arguments: list[str]) -> list[str]:
    """`VERB @FILE …` stands for the options in FILE, one argument a line, and those that follow."""
    if len(arguments) < 2 or arguments[0] not in STAGES or not arguments[1].startswith("@"):
        return arguments
    verb, file, *rest = arguments
    try:
        return [verb, *Path(file[1:]).read_text(encoding="utf-8").removesuffix("\n").split("\n"), *rest]
    except OSError as error:
        found = (error.strerror or str(error)).lower()
        remedy = "snakemake writes it when a run begins, unless it is told --no-hooks."
        raise UserError(Problem(file[1:], "the options of a job", found, remedy)) from None


def go_on(verb: str) -> str:
    """What to do after Ctrl-C; nothing where a verb only tells."""
    if verb in STAGES:
        return "Run snakemake again to go on with what is missing."
    return GO_ON.get(verb, "")


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; a user's mistake is one message and exit code 2."""
    try:
        options = parser().parse_args(expanded(sys.argv[1:] if arguments is None else arguments))
    except UserError as error:
        print(f"cebra-pipe: {error}", file=sys.stderr)
        return 2
    if options.version:
        print(f"cebra-pipe {__version__}")
        return 0
    if options.verb is None:
        parser().print_help()
        return 2
    # One thread a job unless the spec says otherwise: what --cores left over must not decide a number. Set before
    # numpy and torch load.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    try:
        if options.verb in STAGES:
            module = importlib.import_module(".pipeline.runner", __package__)
            return module.run(options)
        module, _, name = VERBS[options.verb][0].partition(":")
        return getattr(importlib.import_module(f".pipeline.{module}", __package__), name)(options) or 0
    except UserError as error:
        print(f"cebra-pipe {options.verb}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"cebra-pipe {options.verb}: stopped. {go_on(options.verb)}".rstrip(), file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.filename is None and error.errno != errno.ENOSPC:
            raise
        print(f"cebra-pipe {options.verb}: {error.filename or 'what it prints'}: {error.strerror}.", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
