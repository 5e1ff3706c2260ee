# make run: set up and do the main job.  make test: set up and check everything.
PYTHON ?= python3
CONFIG ?= config.yaml
SET ?=
# Values in place of the config's: make run CONFIG=config/rats.yaml SET="data_folder=/my/data"
CHANGED := $(if $(SET),--config $(SET))
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
READY := $(VENV)/.ready
export PATH := $(BIN):$(PATH)
# A lint or a test must not depend on how many threads a library takes.
export OMP_NUM_THREADS := 1

.PHONY: run test test-deep docs gallery bench report lint fmt lock schema clean help

help:
	@grep -E '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /\t/'

$(READY): envs/requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "cebra_pipe needs Python 3.11 or newer; this is %s. Try: make run PYTHON=python3.12" % sys.version.split()[0])'
	@echo "Installing PyTorch, Snakemake and the other packages of envs/requirements.lock into $(VENV) (2 GB): once, for some minutes."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r envs/requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: $(READY) ## set up and run the study of config.yaml (another: CONFIG=config/rats.yaml SET=data_folder=/my/data)
	snakemake --configfile $(CONFIG) $(CHANGED) --cores all --resources gpu=$$($(BIN)/python -c 'from cebra_pipe.pipeline.planning.resources import has_gpu; print(int(has_gpu()))')
	@$(BIN)/cebra-pipe show $(CONFIG) $(CHANGED)

report: $(READY) ## one HTML file with all figures and tables of the study
	snakemake --configfile $(CONFIG) $(CHANGED) --report results/report.html

lint: $(READY)
	ruff format --check .
	ruff check .
	snakefmt --check Snakefile workflow
	snakemake --lint
	cebra-pipe schema --check

test: lint ## set up, lint, unit and workflow tests
	python -m pytest -n 2 -m "not deep" tests

test-deep: $(READY) ## the same properties in full numbers; resumable; writes docs/evidence
	python -m pytest -m deep tests

docs: $(READY) ## these pages and a reference of all public names as HTML: docs/_build/index.html
	$(BIN)/python docs/build.py

gallery: $(READY) ## the pictures of docs/gallery, drawn anew into docs/images (three minutes)
	$(BIN)/python docs/gallery/draw.py

bench: $(READY) ## side by side with cebra 0.6.1 (CASE=behavior,time ROUNDS=5 THREADS=1,all)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "cebra==0.6.1" matplotlib
	$(BIN)/python benchmarks/bench.py --case "$(CASE)" --rounds $(or $(ROUNDS),3) --threads $(or $(THREADS),1)

fmt: $(READY) ## format code and workflow
	ruff format .
	ruff check --fix .
	snakefmt Snakefile workflow

schema: $(READY) ## JSON schema and configuration reference from the config's models
	cebra-pipe schema

lock: $(READY) ## note the installed versions in envs/
	$(BIN)/python envs/lock.py

clean: ## remove the environment, not the results
	rm -rf $(VENV)
