# What there is to do here.  `make demo` and `make test` need nothing but git, make and Python 3.11+.
.DEFAULT_GOAL := help
PY := .venv/bin/python
READY := .venv/.ready

help:            ## list the targets
	@sed -n 's/^\([a-z-]*\): *[^#]*## */\1\t/p' $(MAKEFILE_LIST) | expand -t 18

demo: $(READY)   ## judge a real image against real advisories, and explain the result
	@scripts/demo

dev: $(READY)    ## create .venv with everything in it

test: $(READY)   ## run all tests
	$(PY) -m pytest -n auto --dist loadfile $(ARGS)

coverage: $(READY)  ## run all tests and say which lines they do not reach (takes three times as long)
	$(PY) -m pytest -n auto --dist loadfile --cov --cov-report=term:skip-covered $(ARGS)

test-clients: $(READY)  ## install act, gitlab-ci-local, pre-commit and linters, and run our files by them (minutes)
	scripts/install-test-clients
	$(PY) -m pytest tests/clients $(ARGS)

lint: $(READY)   ## style, types, and the layers of the architecture
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

ci: lint test    ## what CI runs

bench: $(READY)  ## measure, side by side with peers where they can be installed
	$(PY) -m benchmarks.run $(ARGS)

bench-full: $(READY)  ## measure the advisory store at the size of all of OSV (minutes, 1.5 GB)
	$(PY) -m benchmarks.full $(ARGS)

bench-images: $(READY)  ## build a real image, compare with package managers and peers (root, 8 GB)
	$(PY) -m benchmarks.images.build
	$(PY) -m benchmarks.images.exactness
	$(PY) -m benchmarks.images.databases
	$(PY) -m benchmarks.images.speed $(ARGS)

bench-findings: $(READY)  ## find what osv-scanner finds, and say what only one of the two does (needs go)
	$(PY) -m benchmarks.findings $(ARGS)

compare-versions: $(READY)  ## order 200,000 pairs of versions a scheme as its reference does (minutes)
	$(PY) scripts/compare_versions.py all $(ARGS)

bench-evidence: $(READY)  ## measure the ledger at a million runs (minutes, 1 GB)
	$(PY) -m benchmarks.evidence $(ARGS)

prove-evidence: $(READY)  ## every bit, every kill, every failing disk, many at once (an hour)
	$(PY) -m tests.evidence.proof.mutation
	$(PY) -m tests.evidence.proof.crash
	$(PY) -m tests.evidence.proof.crash --errors
	$(PY) -m tests.evidence.proof.concurrency

fuzz: $(READY)   ## feed broken inputs to every parser, a minute each
	$(PY) -m fuzz.run $(ARGS)

flips: $(READY)  ## flip 100,000 single bits of valid images: nothing may be lost in silence
	$(PY) -m fuzz.flips $(ARGS)

lock:            ## write uv.lock and requirements/ from pyproject.toml (needs uv)
	uv lock
	uv export --quiet --no-emit-project --no-header --no-default-groups -o requirements/run.txt
	uv export --quiet --no-emit-project --no-header -o requirements/dev.txt
	uv export --quiet --no-emit-project --no-header --no-default-groups --group release -o requirements/release.txt

man: $(READY)    ## write the manual pages into dist/man
	$(PY) -m release.manual dist/man

release: $(READY)  ## build wheel, sdist, single file, Debian package, SBOM, provenance and notes into dist
	$(PY) -m release.build $(ARGS)

clean:           ## remove what was built
	rm -rf .venv .patchgate dist build .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(READY): requirements/dev.txt pyproject.toml scripts/make-venv
	scripts/make-venv
	@touch $@

.PHONY: help demo dev test test-clients lint ci bench bench-full bench-images bench-evidence prove-evidence fuzz flips lock man release clean compare-versions bench-findings
