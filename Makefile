# Everything goes into .venv beside this file; nothing else on the machine is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made
DEV_STAMP := $(VENV)/.made-for-developers
export UV_PROJECT_ENVIRONMENT := $(VENV)
export UV_NO_PROGRESS := 1
# On a Pi with a distribution's lgpio, the virtual environment is to see it: make setup SITE=--system-site-packages
SITE ?=

# Debian packages that tests run against, each with a program of its: package:program
SERVICES := mosquitto:mosquitto openssl:openssl systemd:systemd-analyze

.DEFAULT_GOAL := help
.PHONY: help setup demo test check services lint format bench fuzz soak kill picture schema clean

help: ## show this
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

setup: $(STAMP) ## make .venv with queue-alert in it
	@echo "ready: $(BIN)/queue-alert --help"

$(VENV)/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Queue Alert needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Try: make setup PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "Python's venv module is missing; on Debian and Raspberry Pi OS: sudo apt install python3-venv" >&2; exit 1; }
	@echo "making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(SITE) $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.5"

$(STAMP): pyproject.toml uv.lock | $(VENV)/bin/uv
	@echo "installing Queue Alert into $(VENV)"
	@$(BIN)/uv sync --quiet --frozen --no-default-groups --inexact --extra gpio --extra serial --extra mqtt --extra webhook --extra usb
	@touch $@

$(DEV_STAMP): pyproject.toml uv.lock | $(VENV)/bin/uv
	@echo "installing Queue Alert and what its tests need into $(VENV)"
	@$(BIN)/uv sync --quiet --frozen --inexact --extra gpio --extra serial --extra mqtt --extra webhook --extra usb --extra busylight --extra holidays
	@touch $@ $(STAMP)

demo: $(STAMP) ## a simulated floor on the wallboard, with lamps flashing, until Ctrl-C
	@$(BIN)/queue-alert demo

test: $(DEV_STAMP) services ## everything that must hold: style, types, import rules, tests
	@$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest --quiet --numprocesses 2 --cov --cov-report=term:skip-covered --cov-fail-under=95

check: test

services: ## install what the tests run against (mosquitto and others), without starting it
	@tests/services/install.sh $(SERVICES)

lint: $(DEV_STAMP) ## style, types, spelling and who may import whom
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/mypy --no-error-summary
	$(BIN)/lint-imports --no-cache > $(VENV)/lint-imports.txt || { cat $(VENV)/lint-imports.txt; exit 1; }
	$(BIN)/codespell

format: $(DEV_STAMP) ## put the code in order
	$(BIN)/ruff check --quiet --fix .
	$(BIN)/ruff format --quiet .

bench: $(DEV_STAMP) ## the figures that are promised, as ratios in one run
	$(BIN)/python -m benchmarks

fuzz: $(DEV_STAMP) ## the property and fuzz tests with fifty times as many examples
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest --quiet --timeout 1800 tests/core tests/fuzz tests/devices \
	  tests/adapters tests/simulator/test_monitor_under_faults.py tests/journeys/test_faults_over_every_transport.py

soak: $(DEV_STAMP) services ## twenty misbehaving floors over real sockets, and brokers killed, some minutes long
	SOAK_SEEDS=20 $(BIN)/python -m pytest --quiet --timeout 300 \
	  tests/journeys/test_faults_over_real_sockets.py tests/adapters/mqtt/test_broker_killed.py

kill: $(DEV_STAMP) ## kill the store at every statement and 500 times at random instants
	STORE_KILLS=500 $(BIN)/python -m pytest --quiet -s tests/app/store/test_kill.py

schema: $(STAMP) ## write the published schema of the neutral feed anew
	@mkdir -p docs/reference/schema
	$(BIN)/queue-alert schema jsonschema > docs/reference/schema/feed.schema.json
	$(BIN)/queue-alert schema asyncapi > docs/reference/schema/feed.asyncapi.json
	$(BIN)/queue-alert schema events > docs/reference/events.md

picture: $(STAMP) ## draw the README's picture of the wallboard
	$(BIN)/python docs/picture.py

clean: ## throw .venv and what tests leave behind away
	rm -rf $(VENV) .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis
