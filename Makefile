# The commands: `make demo`, `make test` and `make bench`. They set everything up first, in .venv of this folder.
# PYTHON=python3.12 picks the interpreter (3.11 or later); TESTS=tests/store picks tests; ARGS="-k name" goes to pytest,
# or, as in ARGS="--quick --only p256", to bench/run.py. EXTRAS=dev,packaging has what `make wheels` and the tests of packaging/ need too.

# The distribution's where it will do: it is built with optimizations that others often lack, and is up to a third faster.
ifndef PYTHON
PYTHON := $(shell /usr/bin/python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
    && echo /usr/bin/python3 || echo python3)
endif
EXTRAS ?= dev
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
MODULE_SOURCES := $(wildcard setup.py module/*.[ch] module/generated/*.[ch] native/*.[ch])

.PHONY: test demo bench docs lint check wheels format clean

test: $(STAMP)
	$(BIN)/pytest $(or $(TESTS),tests) $(ARGS)

demo: $(STAMP)
	@$(BIN)/python tools/demo.py

# Speed beside SoftHSM. What it compares with is installed where that is possible; a row whose program is missing is left out.
BENCH_PACKAGES := ldnsutils libengine-pkcs11-openssl libhsm-bin opensc softhsm2

bench: $(STAMP)
	@missing=$$(for package in $(BENCH_PACKAGES); do \
	    dpkg-query --show --showformat='$${db:Status-Status}' $$package 2>/dev/null | grep -qx installed || echo $$package; done); \
	if [ -z "$$missing" ]; then exit; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing </dev/null; \
	else echo "hsmith is compared with programs that are missing here. On Debian: apt-get install" $$missing >&2; fi
	$(BIN)/python bench/run.py $(ARGS)

# The manual as HTML, in build/html; a link that leads nowhere is an error.
docs: $(STAMP)
	@$(BIN)/python tools/pages.py

# Style, types, layers, and whether the generated files are up to date.
lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python tools/gen.py --check
	$(BIN)/python tools/mechanisms.py --check
	$(BIN)/python tools/manual.py --check

# Before a commit: all of that, and the tests that are quick and need no other program.
check: lint
	$(BIN)/pytest tests -q -m "not client and not slow" $(ARGS)

# Wheels for two machines and the sdist, in dist.
wheels: $(STAMP)
	$(BIN)/python tools/wheels.py dist

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Installed anew only when the build, the dependencies or the module's C changed; Python code is used in place.
$(STAMP): pyproject.toml $(MODULE_SOURCES)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "hsmith needs Python 3.11 or later, and $(PYTHON) is older or missing. Try: make PYTHON=python3.12" >&2; exit 1; }
	@command -v $${CC:-cc} >/dev/null || { \
	    echo "hsmith needs a C compiler for its module: install gcc (Debian: apt-get install gcc libc6-dev)." >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$(EXTRAS)]'
	touch $@

clean:
	rm -rf $(VENV) build dist src/hsmith.egg-info src/hsmith/libhsmith.so src/hsmith/libchannel.so tests/.pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests tools -name __pycache__ -prune -exec rm -rf {} +
