#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# make.sh BUILD-DIRECTORY: record the sample traces anew, as root, in two
# network namespaces of its own, and write the reports that they give. Needs
# curl, iperf3, python3 and socat beside what the build needs.
set -eu
build=$1
TMP=$(mktemp -d) BUILD=$build
export TMP BUILD
. tests/lib.sh
at_exit "rm -rf '$TMP'"
need_live

# record_sample NAME FUNCTION: record what FUNCTION does
record_sample() {
	rm -f "$TMP/record.err"
	start_record --force -o "samples/$1.zst"
	"$2"
	stop_record
	"$analyze" report --utc --limit 20 "samples/$1.zst" >"samples/$1.txt"
	chmod 644 "samples/$1.zst"
	echo "samples/$1.zst: $(stat -c %s "samples/$1.zst") bytes"
}
in_left() {
	ip netns exec "$left" "$@"
}
in_right() {
	ip netns exec "$right" "$@"
}

web_fetch() {
	in_left curl -s -o /dev/null http://10.99.0.2:8080/page.html
	in_left curl -s -o /dev/null 'http://[fd99::2]:8080/page.html'
	in_left curl -s -Z -o /dev/null http://10.99.0.2:8080/image \
		-o /dev/null http://10.99.0.2:8080/missing 2>/dev/null
}
udp_stream() {
	in_left iperf3 -u -c 10.99.0.2 -b 2M -l 1200 -t 10 >/dev/null
}
mixed_minute() {
	in_left ping -q -c 60 10.99.0.2 >/dev/null &
	in_left ping -q -c 29 -i 2 fd99::2 >/dev/null &
	in_left iperf3 -u -c fd99::2 -b 256k -l 160 -t 20 >/dev/null
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13; do
		web_fetch
		in_left socat -u OPEN:/proc/cpuinfo UDP:10.99.0.2:9
		in_right socat -u OPEN:"$TMP/www/page.html" TCP:10.99.0.1:2525
		sleep 2
	done
	in_left iperf3 -c 10.99.0.2 -b 4M -t 10 >/dev/null
	wait_for="$(jobs -p)"
	# shellcheck disable=SC2086 # process numbers
	for process in $wait_for; do
		case " $services $recorder " in *" $process "*) ;; *) wait "$process" || true ;; esac
	done
}

make_pair
mkdir "$TMP/www"
seq 1 4000 >"$TMP/www/page.html"
head -c 2000000 /dev/urandom >"$TMP/www/image"
services=
serve_here() {
	"$@" >/dev/null 2>&1 &
	services="$services $!"
	at_exit "kill $!"
}
serve_here ip netns exec "$right" python3 -m http.server -b :: -d "$TMP/www" 8080
serve_here ip netns exec "$right" iperf3 -s
serve_here ip netns exec "$left" socat -u TCP-LISTEN:2525,fork,reuseaddr OPEN:/dev/null
until_true 20 in_left curl -s -o /dev/null http://10.99.0.2:8080/

record_sample web-fetch web_fetch
record_sample udp-stream udp_stream
record_sample mixed-minute mixed_minute
