# `make` alone lists what there is.
PYTHON  ?= $(firstword $(foreach name,python3 python3.12 python3.11,$(shell \
	$(name) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null && echo $(name))))
LAKE    ?= lake
UI_PORT ?= 8080
SESSIONS ?= 3000
SEEDS   ?= 100
VENV    := .venv
BIN     := $(VENV)/bin
SETUP   := $(VENV)/.installed
SPARK   := $(VENV)/.spark-installed
S3      := $(VENV)/.s3-installed
PIP     := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help setup spark s3 run test crash simulate dirty readers year bench ui lock clean
help: ## list these targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(SETUP) ## install everything into .venv, from the lock

$(SETUP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed. Say which: make PYTHON=/path/to/python3.12 ..."; exit 1; }
	@test -x $(BIN)/python || { echo "Making $(VENV) with $$($(PYTHON) --version)"; $(PYTHON) -m venv $(VENV); }
	@echo "Installing the $$(grep -c '^[a-z0-9]' requirements.lock) locked packages; the first time takes a minute or two"
	@$(PIP) install --quiet --require-hashes --requirement requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $(SETUP)
	@echo "Installed."

spark: setup ## install the second engine into .venv too, where there is Java
	@command -v java >/dev/null || { echo "There is no java on this machine: Spark is left out, and its tests say so"; exit 0; }; $(MAKE) -s $(SPARK)

$(SPARK): requirements-spark.lock $(SETUP)
	@echo "Installing Spark, 450 MB"
	@$(PIP) install --quiet --require-hashes --requirement requirements-spark.lock
	@touch $(SPARK)

s3: $(S3) ## install what a lake in a bucket needs into .venv too, and a server to test it with

$(S3): requirements-s3.lock requirements-s3-server.lock $(SETUP)
	@echo "Installing a client of object stores, and a server beside it"
	@$(PIP) install --quiet --require-hashes --requirement requirements-s3.lock
	@$(BIN)/python -m venv $(VENV)/s3-server
	@$(VENV)/s3-server/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes \
		--requirement requirements-s3-server.lock
	@touch $(S3)

run: setup ## run the main job on the built-in synthetic sample, through its DAGs
	@exec $(BIN)/python dags/main_job.py --sample --lake "$(LAKE)"

test: spark s3 ## check style, types and all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q -n 2 --dist loadfile

dirty: setup ## send a dirty sample and its clean twin, and say what differs: make dirty SESSIONS=1000000
	@$(BIN)/python -m tests.flow.dirty_twins --sessions $(SESSIONS) $(ARGUMENTS)

readers: setup ## read 100,000 times while 500 publications follow one another (an hour)
	CHARGELEDGER_PUBLICATIONS=500 CHARGELEDGER_READS=100000 $(BIN)/pytest -q -s --timeout 0 tests/ledger/test_many_readers.py

crash: setup ## disturb a run, a decision, a close and a publication at every system call that changes the lake, race writers (some hours)
	$(BIN)/python -m tests.crash --by-chance 1000 --races 100

simulate: setup ## live lives of a lake from seeds, each act held against a plain model: make simulate SEEDS=2000
	@$(BIN)/python -m tests.simulator --seeds $(SEEDS) --jobs 2 $(ARGUMENTS)

year: setup ## what a day costs with a year behind it, against one with a quarter (an hour)
	@$(BIN)/python -m benchmarks.year_of_vintages $(ARGUMENTS)

bench: setup ## a day step by step, beside the floor and two scripts of the same calculation: make bench SESSIONS=1000000
	@$(PIP) install --quiet --require-hashes --requirement requirements-bench.lock
	@$(BIN)/python -W ignore -m benchmarks.nation_day --sessions $(SESSIONS) $(ARGUMENTS)

ui: setup ## open Airflow on 127.0.0.1 with the DAGs in it, until Ctrl-C
	@exec env CHARGELEDGER_LAKE="$(LAKE)" $(BIN)/python dags/ui.py --port $(UI_PORT)

lock: ## resolve requirements.lock again (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --quiet --output-file requirements.lock
	for name in spark bench s3 s3-server; do \
		grep "^$$name = " pyproject.toml | grep -o '"[^"]*"' | tr -d '"' | uv pip compile - --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-header --quiet --output-file requirements-$$name.lock; done

clean: ## remove what setup, tests and Airflow made; a lake is left alone
	rm -rf $(VENV) .airflow .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
