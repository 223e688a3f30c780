# The few things one does with this repository; each is a script or one command.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build

# Reference data that does not belong to the repository; tests that need it are skipped without it.
ifneq ($(wildcard ../shared/.),)
export SYNFIRE_SHARED ?= $(abspath ../shared)
endif
export SYNFIRE_COMMIT ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null)

.PHONY: build test check format bench bench-compare bench-history demo up clean help

build: ## builds .build/release/synfire
	@scripts/setup
	swift build -c release

test: ## builds and runs all tests, in the one configuration there is: release
	@scripts/setup
	swift build -c release --build-tests
	swift test -c release --skip-build

check: ## all that a change must pass
	@scripts/check

format: ## formats all Swift code
	@scripts/format

bench: build ## runs the benchmarks
	@benchmarks/run

bench-compare: ## the same circuits in NEST, Brian2 and Synfire side by side: about an hour (benchmarks/compare/run --quick: two)
	@scripts/setup
	@benchmarks/compare/run

bench-history: build ## draws every figure that benchmarks/run has kept, over commits
	@benchmarks/history

demo: build ## a synthetic shop on a cluster of this machine, with forecasts and advice
	@scripts/demo

up: build ## runs Redis, coordinator and cores on this machine until Ctrl-C
	@scripts/up

clean: ## removes what was built
	rm -rf .build

help: ## tells what there is
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 22
