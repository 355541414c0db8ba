#!/bin/sh
# A PostgreSQL server of one's own, for tests.
#
#   pg.sh start DIR PORT   makes the cluster in DIR if there is none, starts it on
#                          127.0.0.1:PORT and prints the address for GUANXI_TEST_PG
#   pg.sh stop DIR         stops it, by the process id in DIR
#   pg.sh crash DIR        kills it as a power cut would
#   pg.sh standby DIR PORT OF   makes and starts a copy that follows the server on port OF, which from
#                          then on commits nothing that is not on the copy's disk too
#   pg.sh promote DIR      makes a server of its own of the copy
#
# Works as root (the server then runs as user postgres) and as anybody else.  Set
# GUANXI_PG_FAST=1 to do without fsync where durability is not what is tested.
set -eu

usage() {
	sed -n '2,14s/^# \{0,1\}//p' "$0" >&2
	exit 2
}

find_bin() {
	for dir in "${PG_BIN:-}" /usr/lib/postgresql/15/bin /usr/lib/postgresql/*/bin; do
		if [ -n "$dir" ] && [ -x "$dir/initdb" ]; then
			echo "$dir"
			return
		fi
	done
	dir=$(command -v initdb || true)
	if [ -z "$dir" ]; then
		echo "pg.sh: no PostgreSQL server found (Debian: postgresql-15)" >&2
		exit 3
	fi
	dirname "$dir"
}

# The server refuses to run as root.
as_owner() {
	if [ "$(id -u)" = 0 ]; then
		runuser -u postgres -- "$@"
	else
		"$@"
	fi
}

start() {
	dir=$1 port=$2
	mkdir -p "$dir"
	dir=$(cd "$dir" && pwd)
	if [ "$(id -u)" = 0 ]; then
		chown postgres "$dir"
	fi
	cd /
	if [ ! -f "$dir/data/PG_VERSION" ]; then
		as_owner "$bin/initdb" -D "$dir/data" -U guanxi --auth=trust --encoding=UTF8 --locale=C.UTF-8 >"$dir.initdb.log" 2>&1 || {
			cat "$dir.initdb.log" >&2
			exit 1
		}
		rm -f "$dir.initdb.log"
	fi
	options="-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200"
	options="$options -c shared_buffers=128MB -c max_wal_size=1GB -c log_min_messages=fatal"
	if [ "${GUANXI_PG_FAST:-0}" = 1 ]; then
		options="$options -c fsync=off -c synchronous_commit=on -c full_page_writes=off"
	fi
	as_owner "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w -t 60 -s -o "$options" start >&2 || {
		tail -n 20 "$dir/server.log" >&2
		exit 1
	}
	as_owner "$bin/psql" -q -h 127.0.0.1 -p "$port" -U guanxi -d postgres -tAc \
		"SELECT 1 FROM pg_database WHERE datname = 'guanxi'" | grep -q 1 ||
		as_owner "$bin/createdb" -h 127.0.0.1 -p "$port" -U guanxi guanxi
	echo "postgresql://guanxi@127.0.0.1:$port/guanxi"
}

standby() {
	dir=$1 port=$2 of=$3
	mkdir -p "$dir"
	dir=$(cd "$dir" && pwd)
	if [ "$(id -u)" = 0 ]; then
		chown postgres "$dir"
	fi
	cd /
	as_owner "$bin/pg_basebackup" -h 127.0.0.1 -p "$of" -U guanxi -D "$dir/data" -X stream -c fast -R >&2
	as_owner "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w -t 60 -s \
		-o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200" start >&2
	as_owner "$bin/psql" -q -h 127.0.0.1 -p "$of" -U guanxi -d postgres -c "ALTER SYSTEM SET synchronous_standby_names = '*'" \
		-c "SELECT pg_reload_conf()" >/dev/null
}

stop() {
	dir=$(cd "$1" && pwd)
	cd /
	as_owner "$bin/pg_ctl" -D "$dir/data" -m "$2" -w -t 60 -s stop >&2
}

[ $# -ge 2 ] || usage
bin=$(find_bin)
case $1 in
start)
	[ $# -eq 3 ] || usage
	start "$2" "$3"
	;;
stop) stop "$2" fast ;;
crash) stop "$2" immediate ;;
standby)
	[ $# -eq 4 ] || usage
	standby "$2" "$3" "$4"
	;;
promote)
	dir=$(cd "$2" && pwd)
	cd /
	as_owner "$bin/pg_ctl" -D "$dir/data" -w -t 60 -s promote >&2
	;;
*) usage ;;
esac
