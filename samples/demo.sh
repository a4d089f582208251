#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# demo.sh BUILD-DIRECTORY: record some seconds of traffic that this script makes
# on the loopback device, TCP and UDP, IPv4 and IPv6, and print the reports.
# Where recording is not permitted it says so and reports on a bundled trace.
set -u
build=$1
trace=$build/demo.zst
scratch=$(mktemp -d) || exit 1
recorder=
trap '[ -z "$recorder" ] || kill $recorder 2>/dev/null; rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM HUP

sudo=
if [ "$(id -u)" -ne 0 ] && command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }
then
	sudo=sudo
fi

until_says() { # until_says FILE TEXT PROCESS: false if the process ends without
	until grep -q "$2" "$1"; do
		kill -0 "$3" 2>/dev/null || return 1
		sleep 0.05
	done
}

# The traffic under the names of a client and a server.
cp "$build/tests/traffic" "$scratch/demo-server" && cp "$build/tests/traffic" "$scratch/demo-client" ||
	exit 1
talk() { # talk PROTOCOL ADDRESS PORT BYTES
	: >"$scratch/server" # where the one before has said that it is ready
	"$scratch/demo-server" serve "$1" "$2" "$3" >"$scratch/server" &
	server=$!
	until_says "$scratch/server" ready $server &&
		"$scratch/demo-client" send "$1" "$2" "$3" "$4" >"$scratch/client" &&
		wait $server && return
	echo "The traffic over $1 with $2 failed." >&2
	exit 1
}

: >"$scratch/stderr"
$sudo "$build/netsnoop-record" --force --duration 30 -o "$trace" 2>"$scratch/stderr" </dev/null &
recorder=$!
if until_says "$scratch/stderr" '^netsnoop-record: recording to' $recorder; then
	echo "Recording traffic on the loopback device into $trace ..."
	ipv6=
	grep -qs ' lo$' /proc/net/if_inet6 && ipv6=yes
	[ -n "$ipv6" ] || echo "There is no IPv6 on this loopback device: only IPv4 is shown."
	for round in 1 2 3; do
		talk tcp 127.0.0.1 5701 20000000
		talk udp 127.0.0.1 5702 2000000
		[ -z "$ipv6" ] || talk tcp ::1 5703 10000000
		[ -z "$ipv6" ] || talk udp ::1 5704 1000000
		[ $round = 3 ] || sleep 1 # for a span of some seconds
	done
	$sudo kill -INT $recorder
	wait $recorder || { cat "$scratch/stderr" >&2; exit 1; }
	recorder=
	sed -n '2,$p' "$scratch/stderr"
	[ -z "$sudo" ] || $sudo chown "$(id -u):$(id -g)" "$trace"
else
	echo "Recording is not possible here:" >&2
	sed 's/^/  /' "$scratch/stderr" >&2
	recorder=
	trace=samples/mixed-minute.zst
	echo "This is the report on a trace that was recorded elsewhere, $trace:" >&2
fi
echo
"$build/netsnoop-analyze" report "$trace" || exit 1
echo
echo "Try next:"
echo "  $build/netsnoop-analyze report --by flow --format json $trace | jq ."
echo "  $build/netsnoop-analyze dump $trace | head"
echo "  $build/netsnoop-analyze sql $trace 'SELECT comm, sum(bytes) FROM net_event GROUP BY comm'"
