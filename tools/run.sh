#!/bin/sh
# Sample data on the first start, then serves.
set -eu
guanxi=$1 data=$2 listen=$3
email=admin@example.com
if [ ! -e "$data/guanxi.conf" ]; then
	echo "run: making the data folder '$data' with a sample shop"
	password=$("$guanxi" init --data "$data" --admin-email "$email" --admin-name "Lin Xiao 林晓" --currency GBP --region GB </dev/null | sed -n 's/^Password.*: //p')
	printf '%s\n' "$password" >"$data/first-password"
	chmod 600 "$data/first-password"
	"$guanxi" demo --data "$data"
fi
echo
echo "  Address:  http://$(echo "$listen" | sed 's/^127\.0\.0\.1/localhost/')"
echo "  Sign in:  $email"
[ ! -e "$data/first-password" ] || echo "  Password: $(cat "$data/first-password")   (change it under your name; it is in $data/first-password)"
echo "  Stop:     Ctrl-C"
echo
exec "$guanxi" serve --data "$data" --listen "$listen"
