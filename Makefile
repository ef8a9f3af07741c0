# Everything a checkout needs, on a machine with make and Python 3.11 or newer. `make help` lists it.

PYTHON ?= python3
SCENARIO ?= scenarios/reassurance_force.yaml
BIN := .venv/bin

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test packages lowest lint types fuzz docs bench docs-figures history results reliability validate scale

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.installed ## run the bundled scenario (another: make run SCENARIO=path)
	$(BIN)/sim run $(SCENARIO)

test: .venv/.dev ## run the tests
	$(BIN)/pytest --numprocesses auto --dist worksteal -p no:benchmark

packages: .venv/.dev ## build the packages and install them in empty environments
	$(BIN)/python tests/packages.py

lowest: .venv/.dev ## run the tests of the figures with the oldest libraries allowed
	$(BIN)/python tests/packages.py lowest

lint: .venv/.dev ## check style and formatting
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: .venv/.dev ## check types
	$(BIN)/mypy

fuzz: .venv/.dev ## spoil the shipped scenarios in 2,000 ways
	$(BIN)/python tests/fuzz.py --mutants 2000

docs: .venv/.dev ## build the documentation site, running the code of every page
	$(BIN)/sphinx-build --quiet --fresh-env --nitpicky --fail-on-warning --keep-going -j auto -c docs . build/docs
	@echo "The site: file://$(CURDIR)/build/docs/index.html"

bench: .venv/.dev ## time the engine
	$(BIN)/python -m pytest benchmarks

docs-figures: .venv/.dev ## regenerate the figures in the documents
	$(BIN)/python docs/update.py

results: .venv/.dev ## run every shipped scenario, keep the summaries in results/summaries
	$(BIN)/python docs/summaries.py

reliability: .venv/.dev ## kill, starve and vary runs for docs/reliability.md
	$(BIN)/python docs/reliability.py

history: .venv/.dev ## recompute docs/history.md
	$(BIN)/python docs/history.py

scale: .venv/.dev ## measure what docs/scale.md says
	$(BIN)/python docs/scale.py

validate: .venv/.dev ## recompute docs/validation.md
	$(BIN)/python docs/validate.py

# $(PYTHON) first; where it is too old or has no venv, the next newer one that is installed.
.venv/bin/python:
	@for python in $(PYTHON) python3.13 python3.12 python3.11; do \
	    if $$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	        echo "making .venv with $$python ($$($$python --version))"; \
	        exec $$python -m venv .venv; \
	    fi; \
	    if found=$$($$python --version 2>/dev/null); then \
	        echo "$$python is $$found: Python 3.11 or newer with venv is needed, looking further" >&2; \
	    fi; \
	done; \
	echo "No Python 3.11 or newer with venv was found." >&2; \
	echo "Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; \
	exit 1

# The stamps keep pip from running again until the list of dependencies changes; the package
# itself is installed editable, so that a change of its code needs no second visit.
.venv/.installed: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/.dev: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ .venv/.installed
