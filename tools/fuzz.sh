#!/bin/sh
# A run of every fuzz target, or of those named: tools/fuzz.sh build-fuzz [SECONDS each [NAME ...]]
# New inputs are kept in BUILD/corpus/fuzz_NAME; `tools/fuzz.sh --merge BUILD NAME` adds some
# of those that lead further than the seeds do to tests/fuzz/corpus/NAME.
set -eu
cd "$(dirname "$0")/.."

# $1: target, then its arguments
run() {
	UBSAN_OPTIONS=print_stacktrace=1 "$@"
}

# Small inputs that lead where the seeds do not, at most 40 more seeds.
merge() {
	target=$1/tests/fuzz/fuzz_$2 kept=$1/kept/$2 seeds=tests/fuzz/corpus/$2
	rm -rf "$kept"
	mkdir -p "$kept"
	cp "$seeds"/* "$kept"
	find "$1/corpus/fuzz_$2" -type f -size +2k -delete
	run "$target" -merge=1 -use_counters=0 -rss_limit_mb=2048 "$kept" "$1/corpus/fuzz_$2" >"$1/fuzz_$2.merge.log" 2>&1
	for file in $(find "$kept" -type f -printf '%s %p\n' | sort -n | cut -d' ' -f2); do
		name=$(basename "$file")
		[ -e "$seeds/$name" ] || printf '%s\n' "$file"
	done | head -n 40 | while read -r file; do
		cp "$file" "$seeds/$(basename "$file" | cut -c1-12)"
	done
	echo "$2: $(ls "$seeds" | wc -l) seeds"
}

if [ "$1" = --merge ]; then
	merge "$2" "$3"
	exit
fi
build=$1 seconds=${2:-30}
[ $# -lt 2 ] && shift $# || shift 2
[ -e "$build/build.ninja" ] || CC=clang CXX=clang++ meson setup "$build" -Dfuzz=true -Db_lundef=false >/dev/null
ninja -C "$build" --quiet fuzzers
failed=0 passed=0
[ $# -gt 0 ] || set -- $(ls tests/fuzz/corpus)
for name in "$@"; do
	target=$build/tests/fuzz/fuzz_$name
	mkdir -p "$build/corpus/fuzz_$name"
	words=
	[ ! -e "tests/fuzz/$name.dict" ] || words=-dict=tests/fuzz/$name.dict
	# shellcheck disable=SC2086
	if run "$target" $words -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$build/fuzz_$name-" "$build/corpus/fuzz_$name" "tests/fuzz/corpus/$name" >"$build/fuzz_$name.log" 2>&1; then
		inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/fuzz_$name.log")
		counters=$(sed -n 's/^INFO: Loaded .* (\([0-9]*\) inline.*/\1/p' "$build/fuzz_$name.log" | head -n 1)
		reached=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$build/fuzz_$name.log" | tail -n 1)
		echo "ok     $name: $inputs inputs, $reached of $counters edges"
		passed=$((passed + 1))
	else
		echo "FAILED $name; see $build/fuzz_$name.log"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
