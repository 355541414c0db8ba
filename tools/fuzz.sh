#!/bin/sh
# A short run of every fuzz target: tools/fuzz.sh build-fuzz [SECONDS each]
set -eu
cd "$(dirname "$0")/.."
build=$1 seconds=${2:-30}
[ -e "$build/build.ninja" ] || CC=clang CXX=clang++ meson setup "$build" -Dfuzz=true -Db_lundef=false >/dev/null
ninja -C "$build" --quiet
failed=0 passed=0
for target in "$build"/tests/fuzz/fuzz_*; do
	[ -x "$target" ] && [ -f "$target" ] || continue
	name=$(basename "$target")
	mkdir -p "$build/corpus/$name"
	seeds=tests/fuzz/corpus/${name#fuzz_}
	[ -d "$seeds" ] || seeds=
	# shellcheck disable=SC2086
	if "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix="$build/$name-" \
		"$build/corpus/$name" $seeds >"$build/$name.log" 2>&1; then
		echo "ok     $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$name.log") inputs"
		passed=$((passed + 1))
	else
		echo "FAILED $name; see $build/$name.log"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
