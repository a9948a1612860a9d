# The front door: `make demo` and `make test` do all the set-up that they need.
# PYTHON=/path/to/python picks the Python that the environment is made with (3.11 or newer).

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$$p"; break; }; done)
READY := .venv/.ready
JIESU := .venv/bin/jiesu
PY := .venv/bin/python
DEMO := --city build/demo --site build/demo-site

.PHONY: help setup demo stop test check fix bench lock clean
.DEFAULT_GOAL := help

help: ## Say what each command does.
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1  \2/p' $(firstword $(MAKEFILE_LIST))

$(READY): requirements-dev.lock pyproject.toml tools/bootstrap.py
	@test -n "$(PYTHON)" || { echo "make: no Python of 3.11 or newer was found; install one, or say make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $(PYTHON) is not a Python of 3.11 or newer" >&2; exit 1; }
	@echo "Setting up .venv with $(PYTHON) ..."
	@"$(PYTHON)" tools/bootstrap.py
	@touch $(READY)

setup: $(READY) ## Make .venv with everything in it.

demo: $(READY) ## Evaluate a synthetic city, prepare its review meeting, start its working desk.
	@$(JIESU) demo $(DEMO) --stop
	@rm -rf build/demo
	@$(JIESU) synth --period 2022-02 --months 14 --cases 60000 --seed 1 --out build/demo
	@$(JIESU) evaluate --city build/demo --period 2022-02
	@$(JIESU) meeting --city build/demo --period 2022-02
	@$(JIESU) demo $(DEMO)

stop: ## Stop the working desk that make demo has started.
	@if [ -x $(JIESU) ]; then $(JIESU) demo $(DEMO) --stop; fi

test: $(READY) ## Run the tests, those of the desk on SQLite and on PostgreSQL.
	@$(PY) -m pytest -n auto -q
	@JIESU_TEST_DATABASE=postgresql $(PY) -m pytest -n auto -q tests/cases tests/api tests/project

check: $(READY) ## Lint, types and import contracts.
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache

fix: $(READY) ## Format, and mend what the linter can mend.
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

bench: $(READY) ## Measure against hand-written SQL, pandas and the floors (minutes, gigabytes).
	@$(PY) -m bench

lock: ## Compile both lock files anew.
	@"$(PYTHON)" tools/bootstrap.py lock

clean: stop ## Remove the environment and everything built.
	rm -rf .venv build dist
