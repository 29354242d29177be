# The project's commands. `make demo` and `make test` set up all they need in .venv.
PYTHON ?= python3
BIN := .venv/bin
unexport PYTHONDONTWRITEBYTECODE
export GX_ANALYTICS_ENABLED := false

.PHONY: demo test bench lint features screenshots lock clean

demo: .venv/installed
	@$(BIN)/python -m pipelines.demo run $(if $(ONCE),--once)

test: .venv/installed
	$(BIN)/python -m pytest $(if $(TESTS),$(TESTS),-n auto --no-loadscope-reorder --durations=30 --durations-min=10)

bench: .venv/installed
	$(BIN)/python -m tests.bench $(BENCH)

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

features: .venv/installed
	@$(BIN)/python -m tests.features

screenshots: .venv/installed
	$(BIN)/python -m tests.demonstration.screenshots

lock: .venv/installed
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		requirements.in -o requirements.txt

clean:
	-@test -x $(BIN)/python && $(BIN)/python -m pipelines.demo stop
	rm -rf .venv var build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

.venv/installed: requirements.txt pyproject.toml
	@echo "Устанавливается окружение (первый раз — около минуты)…"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Нужен Python 3.11 или новее")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		"uv==$$(sed -n 's/^uv==\([^ ;]*\).*/\1/p' requirements.txt)"
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --compile-bytecode --require-hashes requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@
