#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# run.sh BUILD: SOAK_SECONDS (1800) of SOAK_RATE (50000) packets a second between two
# namespaces, with ten short-lived senders a second beside them, recorded into files that
# rotate. A line a minute says what the recorder holds. Exit status 1 if its memory or
# its descriptors grow, if a file is not whole, or if the files together do not account
# for every packet and byte that the devices counted: recorded, lost or summed. Each file
# is looked at when it is finished, before --keep removes it.
cd "$(dirname "$0")/../.." || exit 1
BUILD=$(cd "$1" && pwd) || exit 1
TMP=$(mktemp -d) || exit 1
export BUILD TMP LC_ALL=C.UTF-8 PATH="$PATH:/usr/sbin:/sbin"
. tests/lib.sh
at_exit "rm -rf $TMP"
need_live
seconds=${SOAK_SECONDS:-1800} rate=${SOAK_RATE:-50000}
every=10 # seconds, between two looks
devices=4 # what is asked of them: two, in two directions

# accounts PART: a line for each device and direction: which, events, bytes with link headers
accounts() {
	query "$1" "SELECT l.interface, l.is_send, sum(u.events),
			sum(u.bytes + u.events * coalesce(l.link_header_bytes, 0))
		FROM usage u
		JOIN lane l ON l.lane_id = u.lane_id
		JOIN flow f ON f.flow_id = l.flow_id
		WHERE u.period_id = 0 AND l.interface IN ('$left_device', '$right_device') AND f.netns IN ($netns)
		GROUP BY 1, 2"
	query "$1" "SELECT 'recorded', '', coalesce(sum(events), 0), 0 FROM trace UNION ALL
		SELECT 'lost', cause, events, 0 FROM lost WHERE events UNION ALL
		SELECT 'counter', name, value, 0 FROM counter WHERE value"
}

# account PART: add what a finished file has; it must be whole
account() {
	if "$analyze" verify --help >/dev/null 2>&1; then
		nice "$analyze" verify "$1" >"$TMP/verify" 2>&1 || fail "$1: $(cat "$TMP/verify")"
	fi
	accounts "$1" >>"$TMP/accounts" || fail "$1 does not say what it has"
	parts=$((parts + 1))
	basename "$1" >>"$TMP/accounted"
}

# account_finished: those behind which two more have begun; the end of the one before the
# last may still be on its way to the disk
account_finished() {
	previous='' last=''
	for part in "$TMP"/parts/*.zst; do
		[ -z "$previous" ] || grep -qxF "$(basename "$previous")" "$TMP/accounted" ||
			account "$previous"
		previous=$last last=$part
	done
}

# held: resident kilobytes and descriptors of the recorder and its children
held() {
	held_kb=0 held_fds=0
	for process in $recorder $(cat /proc/$recorder/task/*/children 2>/dev/null); do
		held_kb=$((held_kb + $(awk '/^VmRSS/ { kb = $2 } END { print kb + 0 }' \
			"/proc/$process/status" 2>/dev/null || echo 0)))
		held_fds=$((held_fds + $(ls "/proc/$process/fd" 2>/dev/null | wc -l)))
	done
}

minute() {
	awk -v began="$began" -v now="$(date +%s)" -v kb="$held_kb" -v fds="$held_fds" \
		-v parts="$parts" -v files="$(du -sk "$TMP/parts" | cut -f 1)" -F , '
		$1 == "recorded" { events += $3 }
		$1 == "lost" { lost += $3 }
		END {
			printf "%3d min: %.1f MB resident, %d descriptors, %d files accounted: %.0f events, " \
				"%.0f lost; %.1f MB on the disk\n", (now - began) / 60, kb / 1024, fds, parts,
				events, lost, files / 1024
		}' "$TMP/accounts"
}

# One that comes and goes, ten times a second: its process and its flow are new each time.
churn() {
	while [ ! -e "$TMP/enough" ]; do
		ip netns exec "$left" "$traffic" flood udp 10.99.0.2 9 5 100 >/dev/null 2>&1
		sleep 0.1
	done
}

mkdir "$TMP/parts"
: >"$TMP/accounts"
: >"$TMP/accounted"
parts=0
left_device=soakl right_device=soakr # no other test records them
start_record --interface $left_device --interface $right_device --rotate-size 32M --rotate-time 60s --keep 8 -o "$TMP/parts/soak.zst"
make_pair
netns=$(for ns in "$left" "$right"; do
	ip netns exec "$ns" stat -Lc %i /proc/self/ns/net
done | paste -sd ,)
ip netns exec "$right" "$traffic" sink udp 10.99.0.2 5001 $((seconds * 2 + 120)) >"$TMP/sunk" &
sink=$!
at_exit "kill -KILL $sink"
until_true 10 grep -q ready "$TMP/sunk"
began=$(date +%s)
ip netns exec "$left" "$traffic" pace udp 10.99.0.2 5001 $((seconds * rate)) 200 "$rate" \
	>"$TMP/paced" &
pacer=$!
at_exit "kill -KILL $pacer"
churn &
churner=$!
at_exit "kill -KILL $churner"

looks=0
: >"$TMP/held"
while kill -0 $pacer 2>/dev/null; do
	sleep $every
	kill -0 $recorder 2>/dev/null || fail "the recorder ended: $(cat "$TMP/record.err")"
	held
	echo "$held_kb $held_fds" >>"$TMP/held"
	account_finished
	looks=$((looks + 1))
	[ $((looks % (60 / every))) -ne 0 ] || minute
done
wait $pacer || fail "the sender"
took=$(($(date +%s) - began))
: >"$TMP/enough"
wait $churner
wait $sink || fail "the receiver"
end_pair
stop_record
for part in "$TMP"/parts/*.zst; do
	grep -qxF "$(basename "$part")" "$TMP/accounted" || account "$part"
done
minute
echo "$((seconds * rate)) datagrams in $took s"

for end in "$left $left_device" "$right $right_device"; do
	# shellcheck disable=SC2086 # two words
	set -- $end
	equal "what $2 dropped" "$(device_counter "$1" "$2" tx_dropped)" 0
	echo "$2,1,$(device_counter "$1" "$2" tx_packets),$(device_counter "$1" "$2" tx_bytes)"
	echo "$2,0,$(device_counter "$1" "$2" rx_packets),$(device_counter "$1" "$2" rx_bytes)"
done >"$TMP/counted"
awk -F , -v devices=$devices -f tests/soak/balance.awk "$TMP/counted" "$TMP/accounts" || failed=1
awk -f tests/soak/flat.awk "$TMP/held" || failed=1
exit ${failed:-0}
