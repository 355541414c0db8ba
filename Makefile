# The front door.  `make run` and `make test` are all a newcomer needs.
BUILD  ?= build
DATA   ?= data
LISTEN ?= 127.0.0.1:8080
NODE_ENV_PATH := $(CURDIR)/$(BUILD)/node/bin:$(PATH)

.PHONY: all deps run test lint asan tsan valgrind analyze fuzz bench soak web clean help

all: $(BUILD)/guanxi

help:
	@sed -n 's/^#: //p' Makefile

#: make          builds build/guanxi
#: make deps     installs what is needed from Debian and npm (idempotent)
#: make run      deps, build, sample data, serves on 127.0.0.1:8080
#: make test     deps, then every test
#: make lint     rules, cppcheck, TypeScript
#: make asan     unit tests and the loaded server under AddressSanitizer and UBSan
#: make tsan     the same under ThreadSanitizer
#: make valgrind unit tests under memcheck
#: make analyze  gcc's -fanalyzer over src
#: make fuzz     a short run of every fuzz target
#: make bench    every figure of docs/performance.md (BENCH="--small --pg": options)
#: make soak     half an hour of mixed load; memory, files, log must be flat (SOAK="--minutes 5")

deps:
	@tools/deps.sh "$(BUILD)"

web: deps
	@PATH="$(NODE_ENV_PATH)" tools/web.sh

$(BUILD)/build.ninja:
	@meson setup "$(BUILD)" >/dev/null || { cat "$(BUILD)/meson-logs/meson-log.txt"; exit 1; }

$(BUILD)/guanxi: web $(BUILD)/build.ninja
	@ninja -C "$(BUILD)" --quiet
	@ln -sf src/app/guanxi "$(BUILD)/guanxi"

.PHONY: $(BUILD)/guanxi

run: $(BUILD)/guanxi
	@tools/run.sh "$(BUILD)/guanxi" "$(DATA)" "$(LISTEN)"

test: $(BUILD)/guanxi
	@PATH="$(NODE_ENV_PATH)" tools/test.sh "$(BUILD)"

lint: $(BUILD)/guanxi
	@PATH="$(NODE_ENV_PATH)" tools/lint.sh "$(BUILD)"

asan: deps
	@tools/sanitize.sh address,undefined "$(BUILD)-asan"

tsan: deps
	@tools/sanitize.sh thread "$(BUILD)-tsan"

valgrind: $(BUILD)/guanxi
	@tools/valgrind.sh "$(BUILD)"

analyze: $(BUILD)/guanxi
	@tools/analyze.sh "$(BUILD)"

fuzz: deps
	@tools/fuzz.sh "$(BUILD)-fuzz"

bench: $(BUILD)/guanxi
	@tools/bench.sh "$(BUILD)" $(BENCH)

soak: $(BUILD)/guanxi
	@python3 tools/soak.py "$(BUILD)" $(SOAK)

clean:
	rm -rf "$(BUILD)" "$(BUILD)"-* web/dist
