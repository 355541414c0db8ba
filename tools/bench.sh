#!/bin/sh
# Every figure of docs/performance.md; what follows BUILD goes to tools/bench.py.
set -eu
cd "$(dirname "$0")/.."
exec python3 tools/bench.py "$@"
