# `make test` runs everything that checks the project, `make check` what checks a
# change in a minute, `make demo` shows it at work, `make bench` says what it costs.
# Each needs Python 3.11 to 3.13 and, the first time, a network.

PYTHON ?= python3

# A hundred processes of a test run import the same modules, which each would compile
# again.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
READY := .venv/.ready

.PHONY: test test-core check demo bench docs clean

# These start no Mailman and need no database server.  What takes long is left to
# `make test`: journeys, REST and commands, deliveries compared byte by byte, benches.
QUICK := --database sqlite src tests/app tests/domain tests/interfaces tests/mail \
    tests/model tests/house --ignore tests/house/test_wheel.py

# For two cores: one process waits most of its time, for the Mailmans that it has started.
test: TOOLS = 'ruff check' mypy 'pytest --numprocesses 3'
check: TOOLS = 'ruff check' mypy 'pytest --numprocesses 2 $(QUICK)'

test check: $(READY)
	@failed=; \
	for tool in $(TOOLS); do \
	    echo "$$tool ..."; \
	    $(BIN)/$$tool || failed="$$failed $${tool%% *}"; \
	done; \
	if [ -n "$$failed" ]; then echo "Not well yet:$$failed"; exit 1; fi; \
	echo 'All well: ruff, mypy and pytest.'

# Mailman's own tests, without and with the plugin: half an hour.
test-core: $(READY)
	@$(BIN)/python -m tests.core_suite

demo: $(READY)
	@$(BIN)/python -m mailman_dlist.demo

bench: $(READY)
	@$(BIN)/python -m bench.audience --members 1000 --rounds 3
	@$(BIN)/python -m bench.post --members 10 100 --posts 10
	@$(BIN)/python -m bench.deliver --members 1000
	@$(BIN)/python -m bench.digest --members 200 --messages 50
	@$(BIN)/python -m bench.parsers

docs: $(READY)
	@$(BIN)/sphinx-build -W --keep-going -q docs docs/_build
	@echo 'Open docs/_build/index.html.'

clean:
	rm -rf .venv build dist docs/_build src/*.egg-info
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find src tests docs -name __pycache__ -prune -exec rm -rf {} +

# The stamp is touched last, so that an installation cut short starts again.
$(READY): setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
	    echo 'mailman-dlist needs Python 3.11, 3.12 or 3.13;' \
	        "$(PYTHON) is $$($(PYTHON) --version 2>&1)."; \
	    echo 'Name another one:  make PYTHON=python3.12 $(MAKECMDGOALS)'; \
	    exit 1; }
	@echo 'The first time, Mailman and the tools are installed into .venv.'
	@$(PYTHON) -m venv .venv
	@PYTHONPATH=src $(BIN)/python -m mailman_dlist.demo.installing \
	    'Installing Mailman and the tools' --editable '.[dev]'
	@touch $@
