#!/bin/sh
# Runs every suite; see tools/test.py.
exec python3 "$(dirname "$0")/test.py" "$@"
