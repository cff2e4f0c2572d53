# Targets for people and for CI. `make` alone lists them.
#
# Needs Python 3.11 or newer (with its venv module), git and make. Everything is installed into .venv, from the
# hash-locked files in requirements/; setting up a second time does nothing. Give another interpreter with
# `make PYTHON=/path/to/python …` and arguments for a command with ARGS, as in
# `make catalogue ARGS="--as-of 2025-07-01"` or `make test ARGS="-k crosswalk"`.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?=
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq

# A virtual environment holds absolute paths, so one that was moved or lost its interpreter is made anew.
USABLE := $(shell [ "$$(cat $(VENV)/.place 2>/dev/null)" = "$$(pwd -P)" ] && $(BIN)/python -c '' 2>/dev/null && echo yes)

.PHONY: help setup catalogue test drill dev lint format lock bench docs clean FORCE

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile

setup: $(VENV)/.run ## install into .venv what running needs, and nothing else

catalogue: $(VENV)/.run ## build and publish today's catalogue, print what was published and where
	@$(BIN)/kh02 build $(ARGS)

dev: $(VENV)/.run ## Dagster UI on 127.0.0.1
	@$(BIN)/kh02 dev $(ARGS)

docs: $(VENV)/.run ## regenerate docs/data_dictionary.md
	@$(BIN)/kh02 dictionary > docs/data_dictionary.md.new || { rm -f docs/data_dictionary.md.new; exit 2; }
	@mv docs/data_dictionary.md.new docs/data_dictionary.md

test: $(VENV)/.dev ## run the whole test suite with coverage
	@$(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder --cov --cov-report=term $(ARGS)

drill: $(VENV)/.dev ## the tests that repeat: soak, hammers, many random kills, large mutations
	@$(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder -m drill $(ARGS)

lint: $(VENV)/.dev ## ruff, mypy and the import contracts
	@status=0; for check in "ruff check ." "ruff format --check ." mypy lint-imports; do \
	  echo "$$check"; $(BIN)/$$check || status=1; done; exit $$status

format: $(VENV)/.dev ## format the code and fix what ruff can fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev ## time the pipeline against a plain script doing the same work
	@$(BIN)/python -m benchmarks $(ARGS)

# ---- set-up ----

# One after the other, so that `make -j` never runs two installers in one environment.
$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	@echo "Installing the tools for development (requirements/dev.txt) …"
	@$(PIP) install --progress-bar off --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.run: requirements/run.txt pyproject.toml $(VENV)/.place
	@echo "Installing what the pipelines need (requirements/run.txt) …"
	@$(PIP) install --progress-bar off --require-hashes -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.place: $(if $(USABLE),,FORCE)
	@set -eu; found=; \
	if [ -n "$${PYTHON:-}" ]; then set -- "$$PYTHON"; \
	else set -- python3.13 python3.12 python3.11 python3 python3.14 python; fi; \
	for python in "$$@"; do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  found="$$python"; \
	  "$$python" -c 'import venv, ensurepip' 2>/dev/null || continue; \
	  echo "Making $(VENV) with $$("$$python" -V) …"; \
	  "$$python" -m venv --clear $(VENV); \
	  pwd -P > $@; exit 0; \
	done; \
	if [ -n "$$found" ]; then \
	  echo "make: $$found has no venv module; install it (Debian, Ubuntu: apt install python3-venv)" >&2; \
	else \
	  echo "make: Python 3.11 or newer is needed$${PYTHON:+ and $$PYTHON is not}; install it or give make PYTHON=/path/to/python" >&2; \
	fi; exit 2

# ---- upkeep ----

# Existing pins are kept; delete a line of the .txt, or the file, to take a newer version. uv is installed in a
# throwaway environment, and no package index is written into the files.
lock: $(VENV)/.place ## regenerate requirements/*.txt from the .in files
	@set -eu; scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; \
	$(BIN)/python -m venv "$$scratch"; \
	"$$scratch/bin/python" -m pip --disable-pip-version-check --no-input -qq install --progress-bar off uv; \
	for name in run dev; do \
	  file=requirements/$$name.txt; \
	  "$$scratch/bin/uv" pip compile requirements/$$name.in --output-file $$file --quiet --universal \
	    --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	    --no-strip-extras; \
	  { echo "# Exact versions and hashes of everything requirements/$$name.in asks for, for Python 3.11 and newer."; \
	    echo "# Made by \`make lock\`; do not edit. Install with: pip install --require-hashes -r $$file"; \
	    cat $$file; } > "$$scratch/lock"; \
	  cat "$$scratch/lock" > $$file; \
	done

# ./var goes only when it is the home in use: KH02_HOME does not point elsewhere and var is no link.
clean: ## remove .venv, caches and ./var when that is the home (all releases in it)
	rm -rf $(VENV) build dist *.egg-info .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache \
	  .hypothesis .import_linter_cache
	find . \( -path ./var -o -path ./.git \) -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
	@case "$${KH02_HOME:-var}" in var|./var|"$$PWD/var") ;; \
	  *) echo "KH02_HOME is $$KH02_HOME: left alone"; exit 0;; esac; \
	if [ -L var ]; then echo "var is a link: left alone"; \
	elif [ -d var ]; then rm -rf var; echo "removed ./var"; fi
