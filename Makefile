# Two commands: `make demo` shows it, `make test` proves it. `make help` lists the rest.
SHELL := /bin/sh
.DEFAULT_GOAL := help
FRONTDESK := .venv/bin/frontdesk
DEMO ?=

.PHONY: help demo dev test bench lock bootstrap format clean

help: ## Show what can be made
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: bootstrap ## Run it all on this machine, with a sample firm (DEMO="--port 8080 --profile legal")
	@exec $(FRONTDESK) demo $(DEMO)

dev: bootstrap ## The portal over the demo's store, restarted when a file changes (run `make demo` once before)
	@exec $(FRONTDESK) serve --demo --reload

test: bootstrap ## Style, types, import contracts and all tests
	@exec scripts/test

bench: bootstrap ## Speed, side by side with other ways to do it
	@exec .venv/bin/python bench/run.py

lock: bootstrap ## Compile requirements/*.in to pinned, hashed requirements/*.txt
	@exec scripts/lock

bootstrap: ## Make .venv with everything in it
	@scripts/bootstrap

format: bootstrap ## Format the code and mend what the linter can
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

clean: ## Remove the demo's data (var/) and caches; .venv stays
	@rm -rf var .mypy_cache .ruff_cache .hypothesis build *.egg-info
