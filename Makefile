# rayfence. `make` alone lists the targets. Each one makes .venv first, so nothing but Python 3.11 and make is needed.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help

BIN := .venv/bin
# Makefile arguments: STRICT=1 (make test), ARGS='…' (make bench, make test-cluster)
STRICT ?=
ARGS ?=

.PHONY: help setup run stop test test-cluster lock bench clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 19

setup: ## make .venv with the locked versions; at once done when it is up to date
	@tools/setup

run: setup ## start a secured Ray on this machine and submit a job to it as an ordinary user
	@examples/run

stop: setup ## stop what `make run` started
	@$(BIN)/rayfence down

test: setup ## run the gates (STRICT=1: long tests too, and a skip is a failure)
	@$(BIN)/python -m tools.gates $(if $(STRICT),--strict)

test-cluster: setup ## run the tests on a real Kubernetes: makes one, or uses one that runs (root, Go, Debian packages)
	@$(BIN)/python -m pytest -q --durations=5 -m cluster tests/cluster $(ARGS)

lock: setup ## resolve the dependencies anew and write the lock files
	@tools/lock

bench: setup ## measure, and print ratios of one run (ARGS='--json')
	@for script in $$(grep -l __main__ bench/*.py); do echo "== $$script"; script=$${script%.py}; $(BIN)/python -m "$${script/\//.}" $(ARGS); done

clean: ## delete .venv and every cache; a running instance is stopped first
	@if [ -x $(BIN)/rayfence ]; then $(BIN)/rayfence down || true; fi
	@rm -rf .venv .make build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find src tests tools bench examples -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
