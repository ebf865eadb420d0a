# SPDX-License-Identifier: MIT
# Each target sets up what it needs in .venv and runs; versions are pinned by constraints.txt.
PYTHON ?= python3
CHROMIUM ?= chromium
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Compiled modules are kept: the tests start `sweep` hundreds of times, and each would compile 360 of them again (0.3 s).
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-slow check bench audit picture reference wheel clean

demo: $(VENV)/.run  ## run the debate of linux-mm 2016 on local Ray and write the report
	$(BIN)/sweep run configs/mm_summit_2016.yaml --out runs/mm_summit_2016

test: $(VENV)/.test  ## the tests, on all cores, without the slow ones
	-@$(BIN)/sweep warm
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

test-slow: $(VENV)/.test  ## the slow ones: long computations side by side, then kills, Ray and clusters one at a time
	-@$(BIN)/sweep warm
	$(BIN)/python -m pytest -m 'slow and not alone' -n auto --maxprocesses 4 --dist loadfile --durations 10
	$(BIN)/python -m pytest -m 'slow and alone' --durations 20

check: $(VENV)/.check  ## format, lint, types, import contracts, names
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy -p sweep
	$(BIN)/mypy -c "$$($(BIN)/python -m tests.model.typed_modules)"
	$(BIN)/lint-imports
	$(BIN)/python checks/names.py sweep

bench: $(VENV)/.bench  ## packets per second per core, beside its floor; chunks per second that the driver commits; a million points; a report; the useful share of 5 minutes; sweep size
	$(BIN)/python -m bench.bench
	$(BIN)/python -m bench.driver
	$(BIN)/python -m bench.scale
	$(BIN)/python -m bench.report
	$(BIN)/python -m bench.efficiency
	$(BIN)/python -m bench.sizing

audit: $(VENV)/.run  ## what intervals, winners, `sweep size` and `sweep compare` promise, beside what they do: 20 minutes on two cores
	$(BIN)/python -m bench.audit

picture: demo  ## the README's picture: the first screen of the demo's report, drawn by Chromium
	$(CHROMIUM) --headless $(if $(filter 0,$(shell id -u)),--no-sandbox) --disable-gpu --hide-scrollbars --virtual-time-budget=9000 \
	    --force-prefers-color-scheme=light --window-size=1280,800 --screenshot=docs/report.png \
	    file://$(CURDIR)/runs/mm_summit_2016/report.html

reference: $(VENV)/.run  ## docs/reference/, from the code
	$(BIN)/python docs/reference.py

wheel: $(VENV)/.run  ## the package with its configs, for the nodes of a cluster: dist/sweep-*.whl
	rm -rf build dist
	$(PIP) wheel --no-deps --wheel-dir dist .

clean:  ## everything that the targets above have made, but for runs/
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info

$(VENV)/.made: Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo 'sweep needs Python 3.11 or newer; name one: make PYTHON=python3.12 ...'; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { \
	    echo 'Python has no venv module; on Debian: apt-get install python3-venv'; exit 2; }
	@touch $@

$(VENV)/.run: $(VENV)/.made pyproject.toml constraints.txt
	@echo 'setting up $(VENV) (once)'
	@$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.%: $(VENV)/.run
	@echo 'adding what `make $*` needs to $(VENV) (once)'
	@$(PIP) install --constraint constraints.txt --editable '.[$*]'
	@touch $@
