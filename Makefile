# Every task of the project. `make help` lists them; CI calls nothing else.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

# Any Python from 3.11 on; only `install` uses it, everything else runs in the virtual environment.
PYTHON ?= python3
PY := .venv/bin/python
UV := $(PY) -m uv
LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml

.PHONY: help install lock run stop demo

help: ## list all targets
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: ## make .venv with the locked packages (instant when it is up to date)
	@$(PYTHON) deploy/install.py

lock: install ## renew the lock files after a change of pyproject.toml; UPGRADE=1 takes newer versions
	$(LOCK) $(if $(UPGRADE),--upgrade) --group worker --group schema --group embedded --group demo --group dev -o requirements-dev.lock
	$(LOCK) -c requirements-dev.lock -o requirements.lock
	$(LOCK) -c requirements-dev.lock --group worker -o requirements-worker.lock
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  -c requirements-dev.lock --group schema -o requirements-schema.lock

run: install ## start the whole local stack until Ctrl-C (PLUGZERO_PORT, PLUGZERO_DIR, DATABASE_URL, NATS_URL, S3_ENDPOINT_URL)
	@exec $(PY) -m deploy.embedded

stop: ## stop a stack that `make run` started in this folder
	@$(PY) -m deploy.embedded.stop

demo: install ## start the stack and walk the main job on a real survey (ONCE=1 ends afterwards)
	@exec $(PY) -m deploy.demo
