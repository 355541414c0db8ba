#!/bin/sh
# Unit tests under a sanitizer, then the server so built under everything at once and
# stopped in the middle of it: tools/sanitize.sh address,undefined build-asan
set -eu
cd "$(dirname "$0")/.."
kind=$1 build=$2
[ -e "$build/build.ninja" ] || meson setup "$build" -Db_sanitize="$kind" -Db_lundef=false -Doptimization=1 >/dev/null
ninja -C "$build" --quiet
ln -sf src/app/guanxi "$build/guanxi"
export ASAN_OPTIONS=detect_leaks=1:halt_on_error=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
# a unit test ends at the first report; the server goes on, and all that it said is looked for at the end
TSAN_OPTIONS=halt_on_error=1 python3 tools/test.py "$build" unit
GUANXI_SECONDS=5 exec python3 tools/test.py "$build" load
