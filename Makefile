# Two words suffice: `make demo` does the main job, `make test` passes the tests.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
# Processes that run tests side by side; each takes some 2 GB.
TESTERS ?= 2
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt
export PIP_NO_WARN_SCRIPT_LOCATION = 1

.PHONY: demo test ui serve check docs wheel format clean

demo: $(VENV)/.installed
	@$(BIN)/xray demo

ui: $(VENV)/.installed
	@exec $(BIN)/xray ui

serve: $(VENV)/.installed
	@exec $(BIN)/xray serve

test: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest -n $(TESTERS) --dist loadscope --max-worker-restart=0 --durations=15

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/dg check defs

docs: $(VENV)/.installed-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	$(BIN)/python -m xray_platform_tests.house.offline site

wheel: $(VENV)/.installed-dev
	$(BIN)/python -m xray_platform_tests.house.wheel

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(VENV)/.installed: pyproject.toml constraints.txt
	@echo "Installing the platform into $(VENV); the first time takes some minutes ..."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "Installing the tools for tests and checks ..."
	@$(PIP) -e '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV)
