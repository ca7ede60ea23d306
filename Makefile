# On a fresh clone `make demo` and `make test` do all the set-up themselves.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
# Small tensors are slower on many threads than on one.
export OMP_NUM_THREADS ?= 1

.PHONY: demo test slow check bench docs clean

demo: $(READY)
	$(BIN)/salience demo

test: $(READY) check
	$(BIN)/pytest

slow: $(READY)
	$(BIN)/pytest -m slow --timeout 1800

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python -m benchmarks

docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable ".[all,dev]" --constraint constraints.txt
	touch $(READY)

clean:
	rm -rf .venv site build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
