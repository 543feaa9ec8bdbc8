PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# The program has said what is wrong, and make would add a line of its own. A make that is ended by
# the signal of a closed pipe fails without one; where that signal is ignored, it fails as usual.
FAIL_QUIETLY := || { kill -PIPE $$PPID; exit 1; }

.DEFAULT_GOAL := help
.PHONY: help demo run check test soak lint format bench torture lock clean

help: ## what there is to make
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/ready ## try the whole bot on this machine, without any account
	@$(BIN)/refrain demo $(FAIL_QUIETLY)

run: $(VENV)/ready ## run the bot with the settings in .env
	@$(BIN)/refrain run $(FAIL_QUIETLY)

check: $(VENV)/ready ## say what is missing or wrong in .env
	@$(BIN)/refrain check $(FAIL_QUIETLY)

test: $(VENV)/ready-dev ## the whole suite, with coverage
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

soak: $(VENV)/ready-dev ## a thousand things that people do, while every tenth call goes wrong
	SOAK_STEPS=1000 $(BIN)/pytest tests/process/test_soak.py -n 0

lint: $(VENV)/ready-dev ## style, types and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/ready-dev ## put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/ready-dev ## measure speed and memory against the sandbox
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.load

torture: $(VENV)/ready-dev ## kill the bot 200 times and count what is lost
	$(BIN)/python -m benchmarks.torture

lock: $(VENV)/ready-dev ## renew the pinned, hashed requirements
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-lock.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --no-annotate -o requirements.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --extra dev \
		--no-emit-index-url --no-header --no-annotate -o requirements-dev.txt pyproject.toml
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' \
		| $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --no-annotate -o requirements-build.txt -
	echo uv | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --no-annotate -o requirements-lock.txt -

clean: ## remove what was built here; your data and .env stay
	rm -rf $(VENV) build dist *.egg-info .coverage* .mypy_cache .pytest_cache .ruff_cache

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# The locks name everything, what builds Refrain itself too: --no-deps keeps pip from looking for
# newer releases beside them, --no-build-isolation from fetching another setuptools.
$(VENV)/ready: requirements.txt requirements-build.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-build.txt -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/ready-dev: requirements-dev.txt requirements-build.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-build.txt -r requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/ready
