# Two commands: make demo, make test. Each does its own set-up.
PY ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
.PHONY: setup demo test check bench sim soak model docs mutants
$(VENV)/.demo: pyproject.toml
	$(PY) -m venv $(VENV) && $(BIN)/pip -q install -e '.[front]' && touch $@
$(VENV)/.test: $(VENV)/.demo
	$(BIN)/pip -q install -e '.[check,front,test]'
	$(BIN)/pip -q install --no-deps --ignore-requires-python aics-tlog==0.2.1 && touch $@
FRONT := front/package-lock.json front/install.py
$(VENV)/.pages: $(FRONT) | $(VENV)/.demo
	$(BIN)/python front/install.py && touch $@
$(VENV)/.front: $(FRONT) | $(VENV)/.test
	$(BIN)/python front/install.py --tests && touch $@ $(VENV)/.pages
setup: $(VENV)/.test $(VENV)/.front
demo: $(VENV)/.demo $(VENV)/.pages
	$(BIN)/curbstop demo
check: $(VENV)/.test
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports
test: $(VENV)/.test $(VENV)/.front
	$(BIN)/python -m tests $(PART)
docs: $(VENV)/.test $(VENV)/.front
	$(BIN)/pytest tests/docs
bench: $(VENV)/.test
	$(BIN)/python -m tests.bench $(ONLY)
sim: $(VENV)/.test
	$(BIN)/python -m tests.simulation $(or $(SEED),0) $(or $(N),50) $(if $(FAULTS),--faults $(FAULTS))
soak: $(VENV)/.test
	$(BIN)/python -m tests.protocols.mbus.fuzzing $(or $(N),5000000) $(or $(SEED),0)
	$(BIN)/python -m tests.simulation $(or $(SEED),0) $(or $(LIVES),10000) --orders 50
	$(BIN)/python -m tests.e2e.kills $(or $(KILLS),500) $(or $(SEED),0)
	$(BIN)/python -m tests.e2e.kills $(or $(KILLS),500) $(or $(SEED),0) power
model: $(VENV)/.test
	$(BIN)/python -m tests.model
mutants: $(VENV)/.test
	$(BIN)/python -m tests.mutants $(if $(N),--count $(N)) $(if $(ONLY),--only "$(ONLY)")
