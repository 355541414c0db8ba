#!/bin/sh
# Unit tests under valgrind's memcheck: tools/valgrind.sh BUILD [TEST ...]
# No errors, and no memory that is definitely lost; tools/valgrind.supp says which reports
# are other libraries' and why.  On SQLite only.
set -eu
cd "$(dirname "$0")/.."
build=$1
shift
# the helper process runs /proc/self/exe, which is valgrind itself here (its parser is in fuzz_xlsx);
# 64 MiB of Argon2 for every sign-in, and 200,000 rows, take hours
leave_out="store_pg files_xlsx files_messy import_export import_import import_files access_http access_admin import_presets"
# what these see depends on the time: only errors of memory count there
timed="store_lite http_lanes http_stream http_tls jobs"
log=$build/valgrind-logs
mkdir -p "$log"
unset GUANXI_TEST_PG || true
passed=0 failed=0
export GUANXI_VALGRIND=1 GUANXI_SHARED_DATA="${GUANXI_SHARED_DATA:-$(pwd)/../shared/data}"
tests=$(meson introspect --tests "$build" | python3 -c '
import json, sys
for t in json.load(sys.stdin):
    wanted = t["name"] in sys.argv[2:] if len(sys.argv) > 2 else t["name"] not in sys.argv[1].split()
    if "unit" in "".join(t["suite"]) and wanted:
        print(t["name"], *t["cmd"])' "$leave_out" "$@")
while read -r name program arguments; do
	began=$(date +%s) status=0 leaks=definite
	case " $timed " in *" $name "*) leaks=none ;; esac
	# shellcheck disable=SC2086
	valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=$leaks --errors-for-leak-kinds=$leaks \
		--suppressions=tools/valgrind.supp --trace-children=no --fair-sched=yes --num-callers=25 \
		"$program" $arguments >"$log/$name.log" 2>&1 </dev/null || status=$?
	[ $leaks = definite ] || [ $status = 99 ] || status=0
	if [ $status = 0 ]; then
		echo "ok     $name: $(($(date +%s) - began)) s"
		passed=$((passed + 1))
	else
		echo "FAILED $name: $(($(date +%s) - began)) s; see $log/$name.log"
		failed=$((failed + 1))
	fi
done <<EOF
$tests
EOF
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
