# Kontor. Needs make and Python 3.11 or newer; everything else comes from the package index into .venv.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

UV_VERSION := $(shell sed -n 's/^uv==\([^ ]*\).*/\1/p' requirements.txt)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Processes that share all tests; each has a PostgreSQL server of its own.
TESTERS := 2
SPARK_VERSION := 4.3.0
SPARK_VENV = $(abspath $(or $(KONTOR_HOME),.kontor))/spark
SPARK = $(SPARK_VENV)/.ready-$(SPARK_VERSION)

export PYTHONPATH := $(CURDIR)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# What Python has compiled is kept, whatever the environment says: a night and its tests start many processes, each of
# which would compile Airflow, dbt and Great Expectations anew (5 CPU seconds).
export PYTHONDONTWRITEBYTECODE :=
ifdef LANDING
export KONTOR_LANDING := $(abspath $(LANDING))
endif
ifdef CLIENTS
export KONTOR_CLIENTS := $(abspath $(CLIENTS))
endif

.PHONY: help run up test check fuzz bench spark clean

help: ## this list
	@echo 'make TARGET'
	@sed -n 's/^\([a-z]*\):.* ## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '%-9s%s\n' "$$name" "$$text"; done
	@echo
	@echo 'run and up take LANDING=DIR (what clients delivered, one folder per client) and CLIENTS=DIR (more profiles).'
	@echo 'State lies in KONTOR_HOME (default .kontor); KONTOR_WAREHOUSE_URL names a PostgreSQL server of your own.'

run: $(READY) ## one night on the sample deliveries, or on LANDING with CLIENTS
	@$(BIN)/python -m plugins.kontor.local run

up: $(READY) ## Airflow with its pages, until Ctrl-C; nights run by their schedules
	@$(BIN)/python -m plugins.kontor.local up

test: check ## check, then all tests in two processes (T=path or T='-k word' for some, in one)
	$(BIN)/python -m pytest $(or $(T),-n $(TESTERS))

check: $(READY) ## format, lint, types, import walls, declarations; needs no database
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict pipelines plugins
	$(BIN)/lint-imports
	$(BIN)/python -m pipelines check

fuzz: $(READY) ## read 10,000 broken files (ARGS='--count N --seed N'); KONTOR_REAL names a folder of more whole ones
	$(BIN)/python -m tests.fuzz $(ARGS)

bench: $(READY) ## measure against peers in the same run; report and chart in .kontor/bench (ARGS='--only SECTION --rows N --rounds N')
	$(BIN)/python -m tests.bench $(ARGS)

spark: $(SPARK) ## our expectations on Spark too (needs Java 17 or newer; pyspark goes into a venv of its own)
	SPARK_LOCAL_IP=127.0.0.1 $(SPARK_VENV)/bin/python -m pytest -m spark tests/unit/validate

clean: ## stop the embedded server, delete all state (.kontor); .venv stays: rm -rf .venv to be rid of it too
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m plugins.kontor.local clean; \
	elif [ -e "$${KONTOR_HOME:-.kontor}" ]; then echo 'there is state but no .venv to stop its server with: make check, then make clean'; exit 1; fi
	@rm -rf sql/target sql/logs .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The first Python from 3.11 on; PYTHON=… names another.
$(READY): requirements.txt constraints.txt
	@python=''; \
	for candidate in $${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do \
		if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python="$$candidate"; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "Kontor needs Python 3.11 or newer; python3 is $$(python3 --version 2>&1 || echo missing). Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; exit 1; \
	fi; \
	if [ ! -x $(BIN)/python ] || ! $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
		echo "making $(VENV) with $$("$$python" --version)"; \
		"$$python" -m venv --clear $(VENV) || { echo 'python cannot make a virtual environment: install its venv package (Debian: apt install python3-venv)' >&2; exit 1; }; \
	fi
	@echo 'installing requirements.txt (once; some minutes on a slow network)'
	@if ! { $(BIN)/python -m pip install -q 'uv==$(UV_VERSION)' && $(BIN)/uv pip install -q --python $(BIN)/python -r requirements.txt -c constraints.txt; }; then \
		echo 'uv did not manage, trying pip'; \
		$(BIN)/python -m pip install -q -r requirements.txt -c constraints.txt; \
	fi
	@touch $@

# pyspark is no dependency: its own venv sees the project's packages through a path file, and adds it alone.
$(SPARK): $(READY)
	@java -version >/dev/null 2>&1 || { echo 'Spark needs Java 17 or newer, and there is no java command here (Debian: apt install openjdk-17-jre-headless)' >&2; exit 1; }
	@echo 'installing pyspark $(SPARK_VERSION) into $(SPARK_VENV) (once)'
	@$(BIN)/uv venv -q --clear --python $(BIN)/python $(SPARK_VENV)
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > "$$($(SPARK_VENV)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/kontor.pth"
	@$(BIN)/uv pip install -q --python $(SPARK_VENV)/bin/python 'pyspark==$(SPARK_VERSION)'
	@touch $@
