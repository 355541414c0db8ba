#!/bin/sh
# Unit tests under a sanitizer: tools/sanitize.sh address,undefined build-asan
set -eu
cd "$(dirname "$0")/.."
kind=$1 build=$2
[ -e "$build/build.ninja" ] || meson setup "$build" -Db_sanitize="$kind" -Db_lundef=false -Doptimization=1 >/dev/null
ninja -C "$build" --quiet
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1
exec python3 tools/test.py "$build" unit
