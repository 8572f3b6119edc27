# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
OUT ?= demo_out
JOBS ?= 2
JUDGES := .venv-judges
# Tests start Python some hundred times: modules are compiled once, not by each.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: venv judges demo test test-python test-unit test-judges test-hardware test-mutants check check-types check-examples \
        arith readme bench bench-compression fidelity clean

venv: $(VENV)/.done

$(VENV)/.done: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,hw]'
	touch $@

# Third parties that some tests compare with, in an environment of their own: they pin other versions than edgeq.
judges: $(JUDGES)/.done

$(JUDGES)/.done: constraints-judges.txt
	$(PYTHON) -m venv $(JUDGES)
	$(JUDGES)/bin/python -m pip install --quiet --no-deps --requirement constraints-judges.txt
	touch $@

# The main job on real handwriting: train is done, the weights are in the repository.
demo: venv
	$(BIN)/python examples/demo.py $(OUT)

test: test-python test-mutants

# The three below in one: every process imports and collects once. Neighbouring tests share kernels, models and programs,
# so each process takes half of the list, not every other piece of it.
test-python: venv
	@bash scripts/stage tests $(PYTEST) -q -n $(JOBS) --dist worksteal

test-unit: venv
	@bash scripts/stage unit $(PYTEST) -q -n $(JOBS) --dist worksteal -m 'not judge and not hardware'

test-judges: venv
	@bash scripts/stage judges $(PYTEST) -q -n $(JOBS) --dist worksteal -m 'judge and not hardware'

test-hardware: venv
	@bash scripts/stage hardware $(PYTEST) -q -n $(JOBS) --dist worksteal -m hardware

# Wrong rules in copies of the package: some judge has to see each.
test-mutants: venv
	@bash scripts/stage mutants $(BIN)/python -m tests.mutation.run

# Style, strict types, the examples in docstrings; the direction of imports is tests/test_imports.py.
# The parts use a core each: `make -j2 check`.
check: check-types check-examples

check-types: venv
	$(BIN)/mypy

check-examples: venv
	$(BIN)/ruff check .
	$(PYTEST) -q --doctest-modules edgeq tests/test_imports.py

# Print the scalar rules as C and Verilog into hw_templates.
arith: venv
	$(BIN)/python -m edgeq.arith.library hw_templates

# Write the op table of README.md anew, from the registry.
readme: venv
	$(BIN)/python scripts/readme.py

bench: venv
	$(BIN)/python benchmarks/simulator.py
	$(BIN)/python benchmarks/codecs.py

# Accuracy and bytes of compressed networks: trains for an hour or more on EDGEQ_DATA, and rewrites benchmarks/results.
bench-compression: venv
	$(BIN)/python benchmarks/compression.py

# How many outputs PyTorch's and ONNX Runtime's float32 kernels give differently from their formulas and from integers.
fidelity: venv
	$(BIN)/python benchmarks/fidelity.py

clean:
	rm -rf $(OUT) .mypy_cache .ruff_cache .pytest_cache
