# make book   build the book
# make test   check everything
# make help   list the other commands
#
# PYTHON=python3.12 chooses the interpreter, PORT=8080 the port of `make serve`.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

PORT ?= 8000
BIN := .venv/bin
LOCKED := .venv/.locked
READY := .venv/.ready
FRESH := _build/.fresh

.PHONY: help book test lint test-library test-pages test-site serve lock clean

help:
	@echo "make book    install what is needed, run the notebooks, build the site in _build/html"
	@echo "make test    check style, library, pages and the built site"
	@echo "make serve   build the book and serve it on this machine"
	@echo "make lock    compile requirements.txt again from pyproject.toml (needs uv)"
	@echo "make clean   remove what the commands above have made"

# The environment holds what requirements.txt names and nothing else, so it is made anew with it.
# Most of it is never imported, and Python compiles what is.
$(LOCKED): requirements.txt
	@set -e; \
	python=; \
	for candidate in $(if $(PYTHON),"$(PYTHON)",python3.13 python3.12 python3.11 python3); do \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python="$$candidate"; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "make: this book needs Python 3.11 or newer$(if $(PYTHON),; PYTHON=$(PYTHON) is not,: install it or name it with PYTHON=/path/to/python)." >&2; exit 1; fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "make: $$python lacks the venv module: install it (Debian, Ubuntu: apt install python3-venv)." >&2; exit 1; fi; \
	echo "Making .venv with $$("$$python" --version) ..."; \
	"$$python" -m venv --clear .venv; \
	if uv --version >/dev/null 2>&1; then \
	  uv pip install --quiet --python $(BIN)/python -r requirements.txt; \
	else \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements.txt; \
	fi
	@touch $@

# With the setting that opens the chapters as notebooks in JupyterLab, as in Binder.
$(READY): $(LOCKED) pyproject.toml binder/overrides.json
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@mkdir -p .venv/share/jupyter/lab/settings
	@cp binder/overrides.json .venv/share/jupyter/lab/settings/overrides.json
	@touch $@

# Sphinx rebuilds the pages whose sources or settings have changed; after a change of anything else,
# all pages are written again. The results of the notebooks are kept, see book/_ext/notebooks.py.
$(FRESH): _config.yml _toc.yml requirements.txt $(shell find book/_ext book/_static book/_templates book/explorers -type f -not -name '*.pyc')
	@rm -rf _build/html _build/.doctrees
	@mkdir -p _build
	@touch $@

# Sphinx repeats no warning about a page that it does not read again, so a failed build starts afresh.
book: $(READY) $(FRESH)
	@$(BIN)/jupyter-book build . -W -n --keep-going --quiet || { rm -f $(FRESH); exit 1; }
	@echo "The book: $(CURDIR)/_build/html/index.html"
	@echo "Open that file in a browser, or run: make serve"

test: lint test-library test-pages test-site

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

# With a worker for each core, each computes on one.
test-library test-site: export OMP_NUM_THREADS = 1

test-library: $(READY)
	$(BIN)/python -m pytest -n auto --doctest-modules --doctest-glob=README.md lib README.md tests/library

# The build executes the notebooks, and these tests read their results.
test-pages: book
	$(BIN)/python -m pytest tests/pages tests/test_repository.py

test-site: book
	$(BIN)/python -m pytest -n auto tests/site

serve: book
	@echo "http://127.0.0.1:$(PORT)/ (stop with Ctrl-C)"
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

lock:
	@uv --version >/dev/null 2>&1 || { echo "make: uv compiles the lock: install it (pip install uv)." >&2; exit 1; }
	uv pip compile --universal --python-version 3.11 --all-extras pyproject.toml -o requirements.txt

clean:
	rm -rf .venv _build build dist .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find lib tests book bench -name __pycache__ -prune -exec rm -rf {} +
