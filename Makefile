# Needs Python 3.11 or newer and make; everything else goes into .venv. `make help` lists the targets.
.POSIX:

PYTHON = python3
VENV = .venv
BIN = $(VENV)/bin
TEXT = examples/yi-jian-xiao-shi.txt
DATA = data
DEMO =
POOL =
TESTS =
TEST_PROCESSES = 2
UV_VERSION = 0.9
PIP_AUDIT_VERSION = 2.10

help:
	@echo "make demo             turn a story into a film, and show it happening"
	@echo "make demo TEXT=path   the same with a text of your own (.txt .md .docx .pdf .epub)"
	@echo "make demo DATA=path   the same with its data in another folder than data"
	@echo "make demo DEMO=\"…\"   the same with options of examples/demo.py, e.g. DEMO=\"--quality DRAFT --ratio 9:16\""
	@echo "make demo-pool        have a pool of accounts, most of them in trouble, make 40 pictures (POOL=\"--fast\")"
	@echo "make serve            start the server and print its addresses"
	@echo "make setup            make .venv with what the server needs"
	@echo "make test             run all tests (TESTS=path: some of them; TEST_PROCESSES=0: in one process)"
	@echo "make check            style, types, and whether schema/schema.graphql is what the code says"
	@echo "make format           bring the code into its style"
	@echo "make schema           write schema/schema.graphql anew"
	@echo "make bench            run the benchmarks (an hour and a quarter; each by itself: python -m bench.NAME)"
	@echo "make audit            known advisories about the locked versions (says so where nobody can be asked)"
	@echo "make lock             choose the versions in requirements*.txt anew"
	@echo "make clean            remove .venv and caches; films and data stay"

setup: $(VENV)/.runtime-installed
setup-dev: $(VENV)/.dev-installed

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	  echo "Ekonte needs Python 3.11 or newer, and there is no $(PYTHON) here." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Ekonte needs Python 3.11 or newer; $(PYTHON) is `$(PYTHON) -V 2>&1`. Another one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  v=`$(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])'`; \
	  echo "Python's venv module is missing. On Debian and Ubuntu: apt install python$$v-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime-installed: requirements.txt $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.dev-installed: requirements-dev.txt $(VENV)/.runtime-installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

demo: setup
	@$(BIN)/python examples/demo.py --text "$(TEXT)" --data "$(DATA)" $(DEMO)

demo-pool: setup
	@$(BIN)/python examples/pool_demo.py $(POOL)

serve: setup
	@EKONTE_DATA_DIR="$${EKONTE_DATA_DIR:-$(DATA)}" $(BIN)/python server.py

test: setup-dev
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder $(TESTS)

check: check-style check-types check-schema

check-style: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

check-types: setup-dev
	$(BIN)/mypy
	$(BIN)/mypy -p web -m server
	MYPYPATH=examples $(BIN)/mypy examples/demo.py examples/pool_demo.py

check-schema: setup-dev
	@$(BIN)/python server.py schema | diff -u schema/schema.graphql - \
	  || { echo "schema/schema.graphql is not what the code says; make schema writes it." >&2; exit 1; }

format: setup-dev
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

schema: setup
	$(BIN)/python server.py schema > $(VENV)/schema.graphql && mv $(VENV)/schema.graphql schema/schema.graphql

bench: setup-dev
	@for name in script_bench admission scheduling statistics similarity batches small_pools refusals pool; do \
	  echo "== bench/$$name.py"; $(BIN)/python -m "bench.$$name" || exit 1; \
	done

lock: $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=$(UV_VERSION)"
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --upgrade --quiet -o requirements.txt pyproject.toml
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --upgrade --quiet --extra dev -c requirements.txt -o requirements-dev.txt pyproject.toml
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --upgrade --quiet --extra otel -c requirements-dev.txt -o requirements-otel.txt pyproject.toml

# Asks first about a version that has advisories: an index that knows none of it, like most mirrors, knows nothing of the others.
# Exits with 0 where nobody can be asked, since that is no finding; what it prints says that nothing was looked at.
AUDIT = $(VENV)/audit
AUDITING = $(AUDIT)/bin/python -m pip_audit --disable-pip --progress-spinner off
audit: $(BIN)/python
	@test -x $(AUDIT)/bin/python || $(BIN)/python -m venv $(AUDIT)
	@$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check "pip-audit>=$(PIP_AUDIT_VERSION)"
	@echo "jinja2==2.4.1" > $(AUDIT)/known.txt
	@$(AUDITING) --no-deps --format json -r $(AUDIT)/known.txt 2>/dev/null | grep -q '"id"' \
	  || { echo "audit: NOT RUN, the package index here knows no advisories; the locked versions were not looked at"; exit 0; }; \
	$(AUDITING) --strict --require-hashes -r requirements.txt -r requirements-dev.txt -r requirements-otel.txt

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help setup setup-dev demo demo-pool serve test check check-style check-types check-schema format schema bench audit lock clean
