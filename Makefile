# make test sets up what the tests need and runs everything. The tests alone take about 17 minutes on two cores; the first run
# builds everything twice, once with the race detector, and takes about 50.
SHELL := /bin/bash
TOOL  := go tool -modfile=tools.mod
FUZZCOUNT ?= 3000
# The race detector leaves out SQLite, which is C translated to Go: it finds nothing of ours there and
# takes half of the time.
RACE := -race -gcflags='modernc.org/...=-race=false'

.PHONY: test setup build vet lint check unit fuzz deadcode bench demo pins vuln

test: setup build vet lint unit fuzz deadcode pins
	@echo "everything passed"

# PostgreSQL, Chromium, a C compiler (for the race detector) and two identity providers of others, from Debian's packages when missing.
setup:
	@.ci/setup

build:
	CGO_ENABLED=0 go build ./...

vet:
	go vet ./...

lint:
	$(TOOL) golangci-lint run ./...

# One temporary PostgreSQL on loopback for all packages. One package at a time: most of them keep
# both cores busy by themselves, and browsers, killed processes and clocks want a machine that answers.
unit:
	.ci/with-postgres env SLUSE_REQUIRE_POSTGRES=1 SLUSE_REQUIRE_CHROMIUM=1 SLUSE_REQUIRE_ISSUERS=1 go test -p 1 $(RACE) -shuffle=on -timeout 30m ./...

# A few thousand executions of every fuzz target: a smoke test, not a campaign.
fuzz:
	.ci/fuzz $(FUZZCOUNT)

deadcode:
	@out="$$($(TOOL) deadcode -test ./...)"; if [ -n "$$out" ]; then echo "$$out"; exit 1; fi

# Versions that carry security fixes we rely on.
pins:
	@.ci/pins

# Known vulnerabilities in what our code really calls. Not part of test: it reads https://vuln.go.dev.
vuln:
	$(TOOL) govulncheck ./...

# Rows 1, 2, 3, 4, 7, 8 and 9 of docs/performance.md, each beside its baseline; the table comes last. About ten minutes.
bench:
	.ci/with-postgres go test -run '^$$' -bench . -benchtime 1x -timeout 60m ./internal/bench/...

demo:
	go run ./cmd/demo
