# What a person types.  Every target does its own set-up, once; `make help` lists them.

SHELL := /bin/sh
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export UV_PYTHON_DOWNLOADS := never

# The first of these that is 3.11 to 3.13 and can make a venv; `make PYTHON=/path/to/python3.12 setup` overrides.
CANDIDATES := $(PYTHON) python3.11 python3.12 python3.13 python3 python
FITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

.PHONY: help setup lock env-file

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
	@if $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt \
		&& $(BIN)/uv pip sync -q --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock; then :; else \
		echo "uv did not manage; trying pip"; \
		$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock; \
	fi
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

lock: ## compile requirements.lock from pyproject.toml (needs the network)
	$(BIN)/uv pip compile -q pyproject.toml --group dev --universal --generate-hashes --no-header --no-annotate -o requirements.lock
