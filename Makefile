# What people and CI type: installs what is missing, builds, serves and tests Millrace.

# One folder of build products for every checkout: RocksDB and librdkafka compile once.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/millrace/target
# A value of its own would compile RocksDB again, so it is the same for every command. `CXX=…` still replaces it.
ifeq ($(origin CXX),default)
export CXX := ccache c++
endif
# rustup's folder is not on the PATH of every shell that CI or cron starts.
export PATH := $(PATH):$(HOME)/.cargo/bin

# Release only: one profile for running and testing, so that nothing is compiled twice.
CARGO := cargo
BINARY := $(CARGO_TARGET_DIR)/release/millrace

ARGS ?=
KILLS ?= 1000
STREAMS ?= 10000
BUYERS ?= 10000
FUZZ_SECONDS ?= 240
STORM_SECONDS ?= 600
SEED ?=
ONLY ?=

.DEFAULT_GOAL := help
.PHONY: help run build binary test soak bench lint setup setup-build

help: ## Says what there is to type
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: build ## Installs what is missing, builds, serves on http://127.0.0.1:8080; ARGS='--data DIR …' reach the program
	@exec '$(BINARY)' serve $(ARGS)

build: setup-build ## Builds the program
	@$(CARGO) build --release --bin millrace

binary: ## Prints the program's path (make -s binary)
	@echo '$(BINARY)'

test: setup ## Runs every test; ends with `N passed, N failed`; ARGS='FILTER' runs some
	@scripts/test $(ARGS)

soak: setup ## Kills and checks the program KILLS=1000 times, overloads it, STREAMS=10000 follow a board, BUYERS=10000 come to a sale and to a storm, fuzzes for FUZZ_SECONDS=240, strikes a cluster for STORM_SECONDS=600; SEED=… repeats a run
	@BUYERS='$(BUYERS)' scripts/test --test all flash_sale -- --nocapture
	@BUYERS='$(BUYERS)' scripts/test --test all on_sale_storm -- --nocapture
	@STREAMS='$(STREAMS)' scripts/test --test all many_follow -- --nocapture
	@OVERLOAD_SECONDS=60 scripts/test --test all overload -- --nocapture
	@FUZZ_SECONDS='$(FUZZ_SECONDS)' SEED='$(SEED)' scripts/test --test all fuzzing -- --nocapture
	@STORM_SECONDS='$(STORM_SECONDS)' SEED='$(SEED)' scripts/test --test all kafka::storm -- --nocapture
	@TAKEOVERS=30 scripts/test --test all kafka::standby -- --nocapture --test-threads=1
	@KILLS='$(KILLS)' SEED='$(SEED)' scripts/test --test all crash -- --nocapture --test-threads=1

bench: setup-build ## Measures this machine and Millrace on it, beside a plain file, Redis, PostgreSQL, Kafka Streams and a bare HTTP handler, into bench/RESULTS.md; ONLY='http streams' runs some
	@scripts/setup bench
	@$(CARGO) build --profile dist --workspace --bin millrace --bin bare
	@ONLY='$(ONLY)' bench/all

lint: setup-build ## Format, clippy, and cargo-deny where it is installed
	@scripts/lint

setup: ## Installs the Debian packages that building and testing need and that are missing
	@scripts/setup build test

setup-build:
	@scripts/setup build
