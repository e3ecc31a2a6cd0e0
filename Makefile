# Every target makes what it needs. Only python3 >= 3.11 and make have to be on the machine.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PEERS := $(VENV)/.peers
SPARK := $(VENV)/.spark
PYTHONS := python3.13 python3.12 python3.11 python3 python
CORE := translator/errors.py,translator/coverage/*,translator/record/*,translator/read/*,translator/translate/*,translator/pipeline.py,translator/plan/*,translator/portions.py
# They alone run every line of the core; tracing makes tests twice as slow, so the others run without it.
CORE_TESTS := tests/read tests/write tests/translate tests/record tests/coverage tests/plan tests/strategies \
    tests/ledger/test_twins.py tests/test_config.py tests/test_exports.py tests/test_feed.py tests/test_fixtures.py \
    tests/test_mappings.py tests/test_order_provenance.py tests/test_orders.py tests/test_pipeline.py \
    tests/test_provenance.py tests/test_sites.py
TEST := -m pytest -q -rs -n auto --dist loadfile -m "not slow and not bench" --hypothesis-profile=repeatable
RUN := PYTHONUTF8=1 $(BIN)

# $(PYTHON) can be given; else it is the first on the path that runs and is new enough.
PYTHON ?= $(shell for p in $(PYTHONS); do \
    $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)

.PHONY: help
help: ## Show this list
	@echo "translator: carries lab results from HL7 and FHIR to WHOOP, and accounts for every one"
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r target text; do \
	    printf '  make %-10s %s\n' "$$target" "$$text"; done

.PHONY: demo
demo: $(READY) ## Run the whole loop against a sandbox on this machine
	@$(RUN)/translator demo

.PHONY: test
test: lint ## Everything that must pass: lint, types, tests, coverage of the pure core
	@echo "== tests of the pure core (100 % of lines and branches)"
	@rm -f .coverage
	@$(RUN)/python $(TEST) $(CORE_TESTS) --cov --cov-branch --cov-report=
	@$(RUN)/python -m coverage report --include='$(CORE)' --fail-under=100
	@echo "== all other tests"
	@$(RUN)/python $(TEST) $(CORE_TESTS:%=--ignore=%)

.PHONY: test-all
test-all: test $(SPARK) ## The same, and the long runs: other examples, chaos, fuzz, benchmarks
	@echo "== property tests, with examples of their own each time"
	@$(RUN)/python -m pytest -q -n auto --dist loadfile -m "hypothesis and not slow and not bench"
	@echo "== long runs"
	@$(RUN)/python -m pytest -q -rs -m "slow or bench" || [ $$? -eq 5 ]

# An input is named by seed and number; what breaks something is kept in out/fuzz (python -m tests.fuzz --help).
COUNT ?= 1000000
SEED ?= 1
.PHONY: fuzz
fuzz: $(READY) ## Translate COUNT mutated messages, 1,000,000 if not said otherwise, made from SEED; FUZZ=--fhir: documents
	@$(RUN)/python -m tests.fuzz --count $(COUNT) --seed $(SEED) $(FUZZ)

# CHAOS holds options, such as --kills 50 or --database sqlite; `make chaos CHAOS=--help` lists them.
.PHONY: chaos
chaos: $(READY) ## Kill deliveries 200 times at random moments, on SQLite and on PostgreSQL
	@$(RUN)/python -m tests.chaos $(CHAOS)

# BENCH holds options, such as --all; `make bench BENCH=--help` lists them.
.PHONY: bench
bench: $(PEERS) ## Compare with other readers, then hold the limits (benchmarks/README.md)
	@$(RUN)/python -m benchmarks $(BENCH)
	@echo "== limits"
	@$(RUN)/python -m pytest -q -rs -m bench

.PHONY: lint
lint: $(READY) ## ruff, formatting and mypy
	@echo "== ruff"
	@$(BIN)/ruff check translator tests benchmarks
	@$(BIN)/ruff format --check translator tests benchmarks
	@echo "== mypy"
	@$(BIN)/mypy

.PHONY: docs
docs: $(READY) ## Write docs/commands.md, docs/settings.md and the schemas anew
	@$(RUN)/python -m translator.cli.reference docs

.PHONY: sbom
sbom: $(READY) ## List what is installed, as CycloneDX JSON
	@mkdir -p dist
	@$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --output-format JSON \
	    --output-file dist/translator.cdx.json $(BIN)/python
	@echo "wrote dist/translator.cdx.json"

.PHONY: wheel
wheel: $(READY) ## Build the wheel, with the mapping tables in it
	@$(BIN)/python -m build --no-isolation --wheel --outdir dist .

.PHONY: lock
lock: $(READY) ## Pin every dependency anew, by hash, in constraints.txt (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: python3 -m pip install uv"; exit 1; }
	@echo '# Every package that we run and test with, pinned by hash. Written by `make lock`; do not edit.' >constraints.new
	@uv pip compile --quiet --universal --python-version 3.11 --upgrade --extra dev --generate-hashes --no-emit-index-url \
	    --no-header --no-annotate pyproject.toml >>constraints.new
	@mv constraints.new constraints.txt
	@echo "wrote constraints.txt"

.PHONY: clean
clean: ## Remove the environment and everything that was built
	rm -rf $(VENV) dist build .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache constraints.new
	find translator tests benchmarks -name __pycache__ -type d -exec rm -rf {} +

# Installed once, and again when what is installed has changed.
$(READY): constraints.txt pyproject.toml
	@"$(PYTHON)" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || { \
	    echo "translator needs Python 3.11 or newer with venv and pip; looked for: $(or $(PYTHON),$(PYTHONS))."; \
	    echo "Install one (Debian, Ubuntu: apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python3"; \
	    exit 1; }
	@echo "== environment in $(VENV), with $$($(PYTHON) -V)"
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@echo "== pinned packages, from constraints.txt (a minute the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

.PHONY: peers
peers: $(PEERS) ## Install what the benchmarks and the differential tests compare with

# The test that wants it says so where it is not there.
$(SPARK): $(READY) pyproject.toml
	@echo "== Spark, for the long runs (half a gigabyte, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --editable '.[spark]' \
	    && touch $(SPARK) || echo "Spark could not be installed"

# One that this machine cannot have is named by the benchmarks and by the tests, and left out.
$(PEERS): $(READY) tests/accept/node/package.json
	@echo "== peers, by the extra bench"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --editable '.[bench]' \
	    && touch $(PEERS) || echo "not every peer could be installed"
	@npm install --silent --no-audit --no-fund --no-package-lock --prefix tests/accept/node \
	    || echo "node-hl7-client and axe-core could not be installed: they need npm"
