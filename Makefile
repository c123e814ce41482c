# Everything here can be typed by hand; the README shows the plain commands.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test test-slow bench lint clean

demo: $(VENV)/installed
	$(BIN)/prefab design examples/training-20mw.toml --out out --force
	@echo "The documents are in out/: begin with out/proposal.pdf and out/bom.xlsx"

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n 2

test-slow: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m slow

bench: $(VENV)/installed-dev
	$(BIN)/python tests/bench/run.py

lint: $(VENV)/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) out dist build

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python pyproject.toml .ci/constraints.txt
	$(BIN)/python -m pip install --quiet -c .ci/constraints.txt -e ".[dxf]"
	@touch $@

$(VENV)/installed-dev: $(VENV)/bin/python pyproject.toml .ci/constraints.txt
	$(BIN)/python -m pip install --quiet -c .ci/constraints.txt -e ".[dev,gis,dxf,grid]"
	@touch $@
