# Two commands do everything, set-up included: `make run` and `make test`.
SHELL := /bin/bash
export SWIFT_BACKTRACE := enable=no
SEED ?= 1
SECONDS ?= 60
.PHONY: run build test check fuzz simulate benchmark peers clean

run: build ## The demo: real tile servers, pages, and the edge on http://127.0.0.1:8080/
	conf/install-packages.sh demo
	exec .build/release/mapedge demo

build: ## The release binary, .build/release/mapedge, with what a hit calls on few pages
	conf/install-packages.sh build
	swift build -c release --product mapedge -Xswiftc -Xfrontend -Xswiftc -function-sections -Xswiftc -use-ld=lld \
	    -Xlinker --symbol-ordering-file=$(CURDIR)/Benchmarks/peers/hit.order -Xlinker --no-warn-symbol-ordering

test: ## Every test, and the line coverage over Sources
	conf/install-packages.sh build demo test
	conf/test.sh

check: ## The format of every file, and about.yml by a second opinion
	conf/install-packages.sh test
	swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks
	ruby conf/about/check.rb

fuzz: ## Each parser for SECONDS, by libFuzzer
	for fuzzer in Tests/Fuzzers/*.swift; do Tests/Fuzzers/run.sh $$(basename $$fuzzer .swift) $(SECONDS) || exit 1; done

simulate: ## One simulated life of the edge, decided by SEED
	MAPEDGE_SEED=$(SEED) swift test --filter SimulationTests

benchmark: build ## Processor time per request beside nginx, HAProxy and Varnish: a short run
	conf/install-packages.sh peers && Benchmarks/peers/hitgate && Benchmarks/peers/hitpath && Benchmarks/peers/run --quick --json .build/peers.json

peers: build ## The same, as long as the figures need
	conf/install-packages.sh peers workload
	Benchmarks/peers/run --json .build/peers.json

clean: ## What builds, tests and the demo left behind
	rm -rf .build Benchmarks/.build demo-data
