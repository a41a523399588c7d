# The two commands of the README are `make demo` and `make test`; both create the environment first.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
READY = $(VENV)/.ready
BUDGET ?= 60s

.PHONY: demo test test-all lint format bench docs lock clean

demo: $(READY)
	$(BIN)/modelwright demo --budget $(BUDGET)

test: lint
	$(BIN)/python -m pytest -q -n auto -m "not slow"

test-all: lint
	$(BIN)/python -m pytest -q -n auto

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)
	@test -n "$(DATA)" || { echo "name the folder that holds INDEX.csv: make bench DATA=folder"; exit 2; }
	$(BIN)/python benchmarks/main_job.py "$(DATA)" --budget $(BUDGET)

docs: $(READY)
	$(BIN)/python docs/generate.py

lock: $(READY)
	$(BIN)/python -m pip install -q uv
	$(BIN)/uv pip compile --universal --no-emit-index-url --no-header --no-annotate --generate-hashes \
		--python-version 3.11 --extra dev pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache

# uv installs in seconds, on a busy machine in minutes (its compiling gives up after one, if it is let); where it cannot be had, or cannot reach the packages, pip does the same from the same lock.
$(READY): pyproject.toml requirements-dev.lock
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] < (3, 14) else "Modelwright needs Python 3.11 to 3.13, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	( $(BIN)/python -m pip install -q --disable-pip-version-check uv \
	  && UV_COMPILE_BYTECODE_TIMEOUT=0 VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install -q --compile-bytecode --require-hashes -r requirements-dev.lock ) \
	|| $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	touch $(READY)
