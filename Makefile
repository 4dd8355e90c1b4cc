# `make demo` and `make test` set up everything they need in .venv, once; nothing but Python 3.11 or newer and make.
VENV  := .venv
BIN   := $(VENV)/bin
READY := $(VENV)/ready
OUT   ?= build/demo

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null \
	&& echo $$python && break; done)

.PHONY: demo test check notebooks sample reference lock clean

demo: $(READY)   ## the whole road on data/sample, ending with a page to open
	@$(BIN)/deliverlab demo --data data/sample --out $(OUT)

test: $(READY)   ## all tests
	@$(BIN)/pytest

check: $(READY)  ## what the gate checks beside the tests: format, lint, types, import contract
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

notebooks: $(READY)  ## the committed notebooks against their executed copies
	@$(BIN)/pytest --nbval --nbval-current-env -p no:cacheprovider tests/notebooks/*.ipynb

sample: $(READY) ## write data/sample anew from its generator
	@$(BIN)/deliverlab sample --out data/sample

reference: $(READY) ## write docs/policy-reference.md anew from the models
	@$(BIN)/deliverlab policy reference > docs/policy-reference.md

lock: $(READY)   ## pin the dependencies of pyproject.toml anew
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --quiet -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --extra spark --universal --python-version 3.11 -c requirements.lock \
		--generate-hashes --no-emit-index-url --no-header --quiet -o requirements-spark.lock

clean:
	rm -rf $(VENV) build

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "deliverlab needs Python 3.11 to 3.14 on the PATH (or make PYTHON=...)"; exit 1; }
	@echo "Setting up $(VENV) (once; a minute or two) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
