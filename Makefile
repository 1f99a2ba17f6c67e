# Every command CI runs, and nothing else. `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
export CARGO_TERM_COLOR ?= auto

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  make \1\t/' | expand -t 24

deps: ## install what the build and the tests need (Debian or Ubuntu, as root); says what is missing elsewhere
	@bash tests/deps.sh

test: deps ## all tests; from a clean clone about 25 minutes on 2 cores
	cargo test --workspace --locked --no-fail-fast

check: ## formatting and lints, as CI wants them
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

accept: ## rewrite generated pages and goldens; look at `git diff` afterwards
	ACCEPT=1 INSTA_UPDATE=always cargo test --workspace --locked --no-fail-fast

bench: deps ## the runner beside ansible-core, mitogen and pyinfra on 1, 5 and 20 machines; an hour of a quiet host, as root
	cargo build --release --locked -p runner-cli
	cargo run --release --locked -p tests-suite --bin bench -- $(BENCH)

oracle: ## record anew what ansible-core prints for tests/cases/playbooks; fetches it from PyPI into target/
	@test -x target/oracle/bin/ansible-playbook || { python3 -m venv target/oracle && target/oracle/bin/pip install -q ansible-core==2.19.14; }
	ORACLE=$(CURDIR)/target/oracle/bin cargo test -p tests-suite --test suite playbooks::

conformance: ## how many of ansible-core's own integration targets pass under our binary; fetches them from PyPI into target/
	cargo build -p runner-cli
	@target/debug/playbook link target/conformance/bin >/dev/null
	@python3 tests/conformance/run.py --bin target/conformance/bin

bench-provider: ## the provider's start, memory, validate and plan, beside a Go provider of GO_PROVIDER_MIRROR if there is one
	cargo test --locked -p tests-suite --test suite -- --ignored --nocapture --exact terraform_bench::bench_provider

.PHONY: oracle conformance help deps test check accept bench bench-provider
