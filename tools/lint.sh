#!/bin/sh
# House rules, static analysis of the C code, types of the page.
set -u
cd "$(dirname "$0")/.."
build=$1
status=0
python3 tests/rules/rules.py "$build" || status=1
cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr --enable=warning,portability --suppressions-list=tools/cppcheck.txt \
	-Isrc -I"$build/src" $(git ls-files 'src/*.c' ':!:*/test/*') || status=1
(cd web && npx --no-install tsc --noEmit -p .) || status=1
python3 tools/instructions.py "$build" || status=1
[ "$status" = 0 ] && echo "lint: all is well"
exit "$status"
