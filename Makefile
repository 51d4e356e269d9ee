# Everything a newcomer needs: `make run`, `make test`. Python 3.11 and make are all that must be there.
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
HQ_HOME ?= .hq
export DAGSTER_DISABLE_TELEMETRY = yes
export GX_ANALYTICS_ENABLED = false
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: run test dev bench plan setup lint types contracts check format lock clean-state

run: setup  ## bring every workload up to date and say what was decided
	@$(BIN)/hq run

plan: setup  ## say what `make run` would recompute, and why
	@$(BIN)/hq plan

dev: setup  ## the UI with its daemon on http://127.0.0.1:3000
	@$(BIN)/hq dev

test: setup  ## all tests but benchmarks; browser tests are skipped where Chromium is absent
	@$(BIN)/python -m pytest -m "not benchmark and not hardware and not gpu" $(PYTEST_ARGS)

bench: setup  ## speed against public peers, one table
	@$(BIN)/python -m tests.benchmarks.report

setup: $(VENV)/.installed

$(VENV)/.locked: requirements.lock
	@echo "Installing pinned packages into $(VENV) (about two minutes the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements.lock
	@touch $@

$(VENV)/.installed: $(VENV)/.locked pyproject.toml
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup
	@$(BIN)/basedpyright

contracts: setup
	@$(BIN)/lint-imports
	@$(BIN)/dg check defs

check: lint types contracts

format: setup
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: setup  ## write requirements.lock anew; names no package index
	@$(BIN)/uv --quiet pip compile pyproject.toml --extra dev --extra bench --generate-hashes \
		--no-emit-index-url --no-strip-extras --no-header --python-version 3.11 --output-file requirements.lock

clean-state:  ## remove all state of this installation; asks first
	@printf 'Remove every run, artifact and job record in %s? Type yes: ' "$(HQ_HOME)"; \
	read answer && test "$$answer" = yes && rm -rf -- "$(HQ_HOME)" && echo removed || echo kept
