# Every task of the project. `make help` lists them; CI calls nothing else.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

# Any Python from 3.11 on; only `install` uses it, everything else runs in the virtual environment.
PYTHON ?= python3
PY := .venv/bin/python
UV := $(PY) -m uv
LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml

.PHONY: help install lock run stop demo install-optional test check format lint types imports drift generate models \
  migrate migration lint-migrations bench lighthouse screenshots

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
	@exec $(PY) -m deploy.demo $(if $(ONCE),--once)

install-optional: install ## install what page tests (Chromium, axe-core) and scans (Tesseract) need; wants root, apt-get, npm
	@deploy/install-optional.sh

test: install ## all tests, on the real servers of the local stack
	@$(PY) -m pytest -n 2 --dist loadgroup

check: install format lint types imports drift lint-migrations test ## everything CI runs, in the same order

format: ## formatting is as ruff writes it
	@$(PY) -m ruff format --check --quiet .

lint: ## ruff, all rules
	@$(PY) -m ruff check --quiet .

types: ## mypy, strict
	@$(PY) -m mypy

imports: ## the layers between and inside services
	@.venv/bin/lint-imports --no-logo

drift: ## generated files are what the code says, and the database is what the models say
	@$(PY) -m deploy.problem_catalogue --check
	@$(PY) -m deploy.configuration_page --check
	@$(PY) -m deploy.asvs_page --check
	@$(PY) -m contracts.asyncapi --check
	@$(PY) -m schema.drift

generate: ## write all generated files
	@$(PY) -m schema.codegen
	@$(PY) -m deploy.problem_catalogue
	@$(PY) -m deploy.configuration_page
	@$(PY) -m deploy.asvs_page
	@$(PY) -m contracts.asyncapi
	@$(PY) -m contracts.publication
	@$(PY) -m kernel.outsiders > deploy/nats-outsiders.conf

models: ## write the SQLAlchemy classes from the Django models
	@$(PY) -m schema.codegen

migrate: install ## apply all migrations to DATABASE_URL
	@$(PY) schema/manage.py migrate

migration: install ## make a migration: make migration app=data_ingestion
	@$(PY) schema/manage.py makemigrations $(app)

lint-migrations: install ## squawk over the SQL of the migrations
	@$(PY) -m schema.lint_migrations

lighthouse: install ## Lighthouse, bytes and first byte of respondents' pages (needs Chromium and npm)
	@npm ci --silent --prefix benchmarks/lighthouse
	@$(PY) -m benchmarks.pages

screenshots: install ## take the pictures of docs/surveys.md anew (needs Chromium)
	@$(PY) -m deploy.browser.screenshots

bench: install ## all benchmarks; each prints ratios against a ceiling of the same run
	@for script in benchmarks/*.py; do echo "== $$script"; $(PY) -m benchmarks.$$(basename $$script .py) || exit 1; done
