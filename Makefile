# One entry for everything; `make` alone prints what there is.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install run up down test unit chaos check fmt lint types imports protos proto-check proto-release migrate \
	bench record-history lock image helm clean

##@ Use
help: ## Print this help
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/.ok ## Install everything into .venv (the other targets do it themselves)

run: install ## Bring the whole system up, let orders walk through it, keep it up (ARGS=--exit to end with the orders)
	@$(BIN)/python -m deploy.local.demo $(ARGS)

up: install ## Bring the whole system up, empty
	@$(BIN)/oms up $(ARGS)

down: install ## Stop it
	@$(BIN)/oms down

##@ Test
test: install ## All tests but the long chaos ones
	@$(BIN)/python -m pytest -n 3 --dist loadgroup -q -m "not long" $(ARGS)

unit: install ## Only what needs no server: seconds
	@$(BIN)/python -m pytest -q tests/unit $(ARGS)

chaos: install ## The long form of the failure tests: kills parts of the running system again and again
	@$(BIN)/python -m pytest -q tests/chaos -m "chaos" --timeout 1800 $(ARGS)

check: install ## Everything that a change must pass before its tests: format, lint, types, imports, protos, chart
	@$(BIN)/ruff format --check -q . && echo "format: ok"
	@$(MAKE) --no-print-directory lint types imports proto-check helm

fmt: install ## Format code and protos
	@$(BIN)/ruff format -q . && $(BIN)/ruff check -q --fix . && $(BIN)/buf format -w protos

lint: install ## Lint
	@$(BIN)/ruff check -q . && echo "lint: ok"

types: install ## Check types
	@$(BIN)/mypy services workflows deploy

imports: install ## Check the import rules of the house
	@$(BIN)/lint-imports --no-cache 2>&1 | tail -4

##@ Protos
protos: install ## Generate the Python package `oms` from protos/
	@$(BIN)/python protos/build.py

proto-check: install ## Lint the protos and compare them with the last release
	@$(BIN)/python protos/check.py

proto-release: install ## Make today's protos the ones that later ones are compared with
	@cp gen/oms.binpb protos/released.binpb

##@ Work on it
migrate: install ## Bring the database at OMS_DATABASE_URL up to date
	@$(BIN)/oms migrate

bench: install ## Measure (ARGS=name of one under bench/)
	@$(BIN)/python -m bench $(ARGS)

record-history: install ## Record histories of today's processes for tests/replay
	@$(BIN)/python -m tests.replay.record

image: install ## Build the container image (needs buildah or docker)
	@deploy/build-image $(ARGS)

helm: install ## Render the chart and validate it offline
	@$(BIN)/python deploy/helm/check.py

lock: ## Resolve the dependencies anew
	@$(BIN)/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header --all-extras pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-header -c requirements.lock pyproject.toml -o requirements-runtime.lock

clean: ## Remove what was installed and generated, and the local stack's data
	@rm -rf .venv gen .oms dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# uv lives beside the environment that it syncs, so that syncing does not remove it.
.venv/.ok: requirements.lock pyproject.toml protos/build.py $(shell find protos/oms -name '*.proto')
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/python -m pip install -q --disable-pip-version-check uv==0.13.8
	@$(BIN)/uv pip sync -q --require-hashes requirements.lock
	@$(BIN)/uv pip install -q --no-deps --no-build-isolation -e .
	@$(BIN)/python protos/build.py
	@touch $@
