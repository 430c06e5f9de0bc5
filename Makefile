# What a person types.  Every target does its own set-up, once; `make help` lists them.

SHELL := /bin/sh
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export UV_PYTHON_DOWNLOADS := never
export PRE_COMMIT_HOME := $(CURDIR)/$(VENV)/.pre-commit
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest -q -p no:cacheprovider
TESTS := $(PYTEST) -p no:nbval -n $(WORKERS) --dist loadfile --no-loadscope-reorder

PIP := $(BIN)/python -m pip install -q --disable-pip-version-check
SYNC := $(BIN)/uv pip sync -q --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock

# The first of these that is 3.11 to 3.13 and can make a venv; `make PYTHON=/path/to/python3.12 setup` overrides.
CANDIDATES := $(PYTHON) python3.11 python3.12 python3.13 python3 python
FITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

.PHONY: help setup lock env-file lab check fast test notebooks prove nightly bench demo backtest paper report clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: $(READY) ## make .venv from the lock file (once; again when the lock changes)

$(READY): requirements.lock pyproject.toml
	@found=; for python in $(CANDIDATES); do \
		if "$$python" -c "$(FITS)" 2>/dev/null; then found=$$("$$python" -c 'import sys; print(sys.executable)'); break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "247trader needs Python 3.11, 3.12 or 3.13 with venv and pip; none of these is one: $(CANDIDATES)." >&2; \
		echo "Install one (Debian: apt-get install python3-venv), or name yours: make setup PYTHON=/path/to/python3.11" >&2; \
		exit 2; \
	fi; \
	if ! $(BIN)/python -c "$(FITS)" 2>/dev/null; then \
		echo "making $(VENV) with $$found"; "$$found" -m venv --clear $(VENV) || exit 2; \
	fi
	@awk '/^uv==/{p=1} p{print} p&&!/\\$$/{exit}' requirements.lock > $(VENV)/uv.txt
	@echo "installing the locked packages (some minutes the first time)"
	@$(PIP) --require-hashes -r $(VENV)/uv.txt && { $(SYNC) 2> $(VENV)/uv.log || $(SYNC) --system-certs; } || { \
		echo "uv did not manage (see $(VENV)/uv.log); pip does it"; $(PIP) --require-hashes -r requirements.lock; \
	}
	@$(PIP) --no-deps --no-build-isolation --no-index -e .
	@touch $@

lab: $(READY) ## JupyterLab on the notebooks
	$(BIN)/jupyter lab --notebook-dir=.

check: $(READY) ## format, lint, types, floors, house rules, secrets, stripped notebooks; no network
	@git rev-parse --git-dir > /dev/null 2>&1 || { echo "make check wants the git checkout: its hooks ask git for the files" >&2; exit 2; }
	$(BIN)/pre-commit run --all-files

fast: $(READY) ## the quick tests, within a minute; says which took more than a second
	$(TESTS) -m "not slow and not browser and not prove and not nightly" --durations=10 --durations-min=1

test: $(READY) ## everything a change must pass: check, tests, notebooks, traceability
	@rm -rf reports/.rtm
	$(MAKE) --no-print-directory check
	$(TESTS)
	$(MAKE) --no-print-directory notebooks
	$(BIN)/trader rtm

notebooks: $(READY) ## run every notebook and compare its checked cells
	$(PYTEST) -n $(WORKERS) --dist loadfile --nbval-lax --nbval-cell-timeout=60 notebooks

prove: $(READY) ## the long proofs; fails when there are none
	$(TESTS) -m prove

nightly: $(READY) ## the longest proofs
	$(TESTS) -m "prove or nightly"

bench: $(READY) ## measure, print, and write reports/bench.json
	$(BIN)/python -m benchmarks.run $(ARGS)

demo: $(READY) ## built-in market: backtest, HTML report, ten paper cycles through papermill
	@$(BIN)/trader demo $(ARGS)

backtest: $(READY) ## trader backtest; make backtest ARGS="--strategies sma_cross --start 2025-01-01"
	$(BIN)/trader backtest $(ARGS)

paper: $(READY) ## trader run --mode paper; make paper ARGS="--feed sample --cycles 10"
	$(BIN)/trader run --mode paper $(ARGS)

report: $(READY) ## trader report; make report ARGS=reports/backtests/NAME/report.json
	$(BIN)/trader report $(ARGS)

lock: ## compile requirements.lock from pyproject.toml (needs the network), then environment.yml
	$(BIN)/uv pip compile -q pyproject.toml --group dev --universal --generate-hashes --no-header --no-annotate -o requirements.lock
	$(MAKE) --no-print-directory setup env-file

env-file: $(READY) ## render environment.yml from pyproject.toml and requirements.lock
	$(BIN)/python -m tests.house.packages > environment.yml

clean: ## remove caches and generated reports; never var/, which holds the journal
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis htmlcov .coverage
	rm -rf reports/.rtm reports/cycles reports/backtests reports/rtm.md reports/rtm.json reports/bench.json
	find . -name __pycache__ -not -path './$(VENV)/*' -type d -prune -exec rm -rf {} +
