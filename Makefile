# Needs git, make and Python 3.13. Everything else is installed into .venv/ from hashed lists.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help dev run invoke start-api build test oldest dist docs bench mutants check check-style check-types check-template audit format lock version clean
MAKEFLAGS += --no-print-directory --jobs=3

FUNCTION ?= AuthorizeFunction
EVENT ?= events/authorize.json
# A stack in another folder runs beside the one in .local, on free ports.
DIRECTORY ?= .local
SITE = build/site

export SAM_CLI_TELEMETRY := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# uv has its own list of certificate authorities, which lacks a company's. pip uses the system's list.
export UV_SYSTEM_CERTS := 1

# Run each candidate, because a pyenv shim can be on the PATH and still fail.
PYTHON := $(shell for python in python3.13 python3 python; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null && echo "$$python" && break; done)

# Each tool pins its own botocore, so each has its own environment.
DEV := .venv/dev/bin
LOCAL = $(DEV)/python -m local --directory "$(DIRECTORY)"
ENVIRONMENTS := .venv/dev/.linked .venv/emulator/.installed .venv/sam/.installed

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

dev: $(ENVIRONMENTS) ## Install what an editor, a debugger and the command line need
	@echo "Editor and debugger: choose the interpreter .venv/dev/bin/python"
	@echo "Command line:        source .venv/dev/bin/activate, then whatsapp-connect --help"
	@echo "Next:                make run (DEBUG=1 to debug), make check, make test; CONTRIBUTING.md shows how"

run: $(ENVIRONMENTS) ## Run the stack with a simulated Facebook; DEBUG=1: breakpoint() in a function opens pdb
	@exec $(LOCAL)

invoke: $(ENVIRONMENTS) ## Run one function in Docker: FUNCTION=CallbackFunction EVENT=events/callback.json
	@exec $(LOCAL) invoke "$(FUNCTION)" --event "$(EVENT)"

start-api: $(ENVIRONMENTS) ## Serve the functions from Docker on http://localhost:3001
	@exec $(LOCAL) start-api

build: $(ENVIRONMENTS) ## Build the functions and their bill of materials into .aws-sam/build
	@$(LOCAL) build

test: check $(ENVIRONMENTS) ## Run the checks, then every test; for one: .venv/dev/bin/pytest -n0 PATH
	@exec $(DEV)/python -m pytest

oldest: .venv/dev/.linked ## Test the installable packages with their oldest dependencies
	@$(DEV)/uv venv --quiet --clear --python $(DEV)/python .venv/oldest
	@$(DEV)/uv pip compile --quiet --resolution lowest-direct --all-extras --generate-hashes --no-emit-index-url --no-emit-find-links \
		pyproject.toml clients/python/pyproject.toml simulator/pyproject.toml \
		<(sed -n 's/^requires = \["\(.*\)"\]$$/\1/p' pyproject.toml) --output-file .venv/oldest/oldest.txt >/dev/null
	@for list in requirements/dev.txt .venv/oldest/oldest.txt; do \
		$(DEV)/uv pip install --quiet --require-hashes --python .venv/oldest --requirement $$list; done
	@for folder in . clients/python simulator; do $(DEV)/uv build --quiet --offline --no-build-isolation --python .venv/oldest \
		--out-dir .venv/oldest/dist $$folder; done
	@$(DEV)/uv pip install --quiet --no-deps --python .venv/oldest .venv/oldest/dist/*.whl
	@# The entry files of the functions are in no package. They come after the packages on the path.
	@echo "$(CURDIR)/functions" > "$$(.venv/oldest/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/functions.pth"
	@exec .venv/oldest/bin/python -m pytest --override-ini pythonpath=. tests/client tests/simulator tests/architecture/test_cli.py tests/unit/test_cli_*.py \
		tests/integration/test_cli_{credentials,links,program}.py

dist: build ## Build every file of a release into dist/
	@$(DEV)/python .ci/dist.py $(TAG)

docs: .venv/site/.installed docs/site/node_modules/.package-lock.json ## Build the pages as a site into build/site
	@rm -rf $(SITE)
	@.venv/site/bin/sphinx-build --quiet --fail-on-warning --fresh-env --conf-dir docs/site --doctree-dir $(SITE).doctrees . $(SITE)
	@echo "Open $(SITE)/index.html"

docs/site/node_modules/.package-lock.json: docs/site/package-lock.json
	@npm ci --prefix docs/site --ignore-scripts --silent
	@touch $@

bench: $(ENVIRONMENTS) .venv/benchmarks/.installed ## Measure speed; write benchmarks/results and docs/performance.md
	@$(DEV)/python -m benchmarks
	@.venv/benchmarks/bin/python -m benchmarks.plot

mutants: .venv/dev/.linked .venv/mutants/.installed ## Change security code bit by bit; list changes that no test notices
	@exec $(DEV)/python -m tests.mutants

check: check-style check-types check-template ## Check lint, formatting, types and template in parallel
check-style: .venv/dev/.linked
	@$(DEV)/ruff check
	@$(DEV)/ruff format --check
check-types: .venv/dev/.linked
	@$(DEV)/mypy functions cli local simulator benchmarks experiments tests .ci/advisories.py .ci/version.py .ci/dist.py .ci/site.py docs/site/conf.py clients/python/src examples/lambda/src examples/signed-webhook/src examples/customer-mail/src examples/pywa examples/webhook examples/web-product
check-template: .venv/dev/.linked
	@$(DEV)/cfn-lint --regions us-east-1 eu-central-1 us-gov-west-1 --template template.yaml
	@$(DEV)/cfn-lint --regions us-east-1 --template examples/*/template.yaml && echo "templates: no issues found"

audit: .venv/dev/.linked .venv/audit/.installed ## Search for known vulnerabilities and weak settings
	@.venv/audit/bin/zizmor --offline --quiet --persona auditor .github
	@mkdir -p .local
	@$(DEV)/python -m tests.template.translate > .local/translated.json
	@.venv/audit/bin/checkov --config-file .checkov.yaml --file .local/translated.json
	@.venv/audit/bin/python .ci/advisories.py functions/requirements.txt requirements/*.txt

format: .venv/dev/.linked ## Format the code and apply automatic fixes
	@$(DEV)/ruff check --fix
	@$(DEV)/ruff format

lock: .venv/dev/.linked ## Pin the newest versions of all dependencies, with hashes
	@lock() { $(DEV)/uv pip compile --quiet --upgrade --universal --python-version 3.13 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" "$$1" --output-file "$$2"; }; \
	lock requirements/functions.in functions/requirements.txt; \
	for name in audit benchmarks dev emulator mutants sam site; do lock "requirements/$$name.in" "requirements/$$name.txt"; done

version: ## Set a new version everywhere and date its changes: VERSION=1.1.0
	@$(PYTHON) .ci/version.py $(VERSION)

clean: ## Remove all generated files
	@rm -rf .venv .aws-sam clients/node/{build,dist,node_modules} docs/site/node_modules build dist .local .hypothesis .mypy_cache .pytest_cache .ruff_cache

# Expands to nothing. Prints one line when the first recipe expands it, before the environments install in parallel.
ANNOUNCE = $(if $(ANNOUNCED),,$(eval ANNOUNCED := $(shell \
	echo "Installing packages into .venv/, once: 1 to 2 minutes with a fast network, about 1 GB on the disk ..." >&2; echo yes)))

.venv/%/.installed: requirements/%.txt
	@[ -n "$(PYTHON)" ] || { echo "Python 3.13 is needed and was not found: install it from https://www.python.org/downloads/ and run this again." >&2; exit 1; }$(ANNOUNCE)
	@$(PYTHON) -m venv --clear .venv/$*
	@# A list names everything, so there is nothing to resolve. Python compiles a module when it is first imported.
	@.venv/$*/bin/python -m pip install -qq --no-deps --no-compile --require-hashes --requirement $< || { \
		echo "Could not install .venv/$*: see the lines above, check that pip reaches its package index, and run this again." >&2; exit 1; }
	@touch $@
	@all=0; ready=0; for name in $(patsubst requirements/%.txt,%,$(wildcard requirements/*.txt)); do \
		if [ -d ".venv/$$name" ]; then all=$$((all + 1)); fi; \
		if [ ".venv/$$name/.installed" -nt "requirements/$$name.txt" ]; then ready=$$((ready + 1)); fi; done; \
	echo "  installed .venv/$* ($$ready of $$all)" >&2

# Install the command line and the simulator as editable packages. .venv/dev has their build backend.
.venv/dev/.linked: .venv/dev/.installed pyproject.toml simulator/pyproject.toml functions/whatsapp_connect/version.py
	@.venv/dev/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable . --editable simulator
	@touch $@
