#!/bin/sh
# Builds the page when its sources are newer than what was built.
set -eu
cd "$(dirname "$0")/../web"
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
	echo "web: installing npm packages"
	npm ci --silent --no-audit --no-fund
fi
if [ ! -e dist/index.html ] || [ -n "$(find src index.html public package-lock.json vite.config.* tsconfig.json -newer dist/index.html 2>/dev/null | head -n 1)" ]; then
	echo "web: building the page"
	npm run --silent build
fi
