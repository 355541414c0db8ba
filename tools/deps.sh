#!/bin/sh
# Installs what the build, the program and the tests need: Debian packages, then a
# newer Node.js from npm's own package where Debian's is too old. Says what it does.
set -eu
build=$1
packages="build-essential pkg-config python3 meson ninja-build git ca-certificates
 libmicrohttpd-dev libgnutls28-dev libsqlite3-dev sqlite3 libpq-dev postgresql-15 libjansson-dev libicu-dev libopencc-dev opencc rime-data-pinyin-simp
 libphonenumber-dev libsodium-dev libcsv-dev libxlsxwriter-dev libzip-dev libxml2-dev libfreexl-dev libmagic-dev zlib1g-dev libbrotli-dev brotli
 libseccomp-dev libgmime-3.0-dev libgumbo-dev libcurl4-gnutls-dev libssl-dev libcadical-dev libcmocka-dev python3-dkim python3-nacl chromium chromium-headless-shell fonts-noto-cjk curl valgrind cppcheck clang libclang-rt-14-dev"

have() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

missing=
for p in $packages; do have "$p" || missing="$missing $p"; done
# npm may come with a Node.js that is not Debian's
command -v npm >/dev/null 2>&1 || missing="$missing nodejs npm"
if [ -n "$missing" ]; then
	echo "deps: installing from Debian:$missing"
	if [ "$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi
	$sudo apt-get update -qq
	# PostgreSQL serves the tests only: no cluster of its own, no service
	$sudo mkdir -p /etc/postgresql-common
	[ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" | $sudo tee /etc/postgresql-common/createcluster.conf >/dev/null
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

node_fits() { command -v "$1" >/dev/null 2>&1 && "$1" -e 'const [a,b]=process.versions.node.split(".").map(Number);process.exit(a>22||a===22&&b>=12||a===20&&b>=19?0:1)'; }

if ! node_fits node && ! node_fits "$build/node/bin/node"; then
	echo "deps: this Node.js is too old for the page's build; installing npm's node package into $build/node"
	mkdir -p "$build/node/bin"
	npm install --silent --no-save --no-audit --no-fund --prefix "$build/node" node@22.12.0
	ln -sf ../node_modules/node/bin/node "$build/node/bin/node"
fi

# DuckDB, which the warehouse stands on; without it everything else works
if fetched=$(python3 tools/duckdb.py "$build/deps/duckdb"); then
	if [ -n "$fetched" ] && [ -e "$build/build.ninja" ]; then
		echo "deps: DuckDB is here; the build is set up anew"
		meson setup --reconfigure "$build" >/dev/null
	fi
else
	echo "deps: DuckDB could not be fetched; the program is built without its warehouse" >&2
fi
