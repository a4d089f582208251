#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# flood.sh BUILD: at what part of its rate a flood goes on while it is recorded, by ours
# and by other tools. Rounds are short and in turns: each traced one stands between two
# untraced ones of the same flood, and is divided by their mean; a cycle has one of each.
# A tracer begins and ends between rounds. PAIRS= (30) and MS= (400) are heeded; with QUICK=1
# there are 8 pairs, and of ours only.
cd "$(dirname "$0")/../.." || exit 1
. tests/bench/begin.sh
. tests/bench/tracers.sh
# Where the peers look for the tracepoints.
[ -e /sys/kernel/tracing/events ] || ! mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null ||
	at_exit "umount /sys/kernel/tracing"

flood=$BUILD/tests/bench-flood
quick=${QUICK:+1} ms=${MS:-400}
pairs=${PAIRS:-$([ -n "$quick" ] && echo 8 || echo 30)}
three= # since 6.3 there is a third tracepoint to be at
[ -n "$quick" ] || [ ! -e /sys/kernel/tracing/events/sock/sk_data_ready ] || three=yes

# take NAMESPACE ARGUMENT...: in the background
take() {
	ns=$1
	shift
	: >"$TMP/take"
	ip netns exec "$ns" "$flood" take "$@" >"$TMP/take" &
	takers="$takers $!"
	until_true 10 grep -q ready "$TMP/take"
}
# Thousands of sockets take their time to close, which is nobody else's.
takers=
at_exit 'kill -KILL $takers; wait $takers'

# play FLOOD: one round; $rate of it, $best of its tenths of a second, and $count, the
# datagrams that it sent
play() {
	case $1 in
	one) set -- udp 10.99.0.2 9000 1 ;;
	many) set -- udp 10.99.0.2 10000 16000 ;;
	loopback) set -- udp 127.0.0.1 9000 1 ;;
	tcp) set -- tcp 10.99.0.2 9000 ;;
	esac
	ip netns exec "$left" "$flood" "$@" "$ms" >"$TMP/played" || fail "no flood: $*"
	read -r rate best count <"$TMP/played"
}

# untraced FLOOD: $rate_before and $best_before are its rates
untraced() {
	play "$1"
	rate_before=$rate best_before=$best
	echo "$rate" >>"$TMP/untraced.$1"
}

# divide RATE BEFORE AFTER: by the mean of those untraced ones
divide() {
	awk -v rate="$1" -v before="$2" -v after="$3" \
		'BEGIN { printf "%.4f\n", 2 * rate / (before + after) }'
}

# traced KEY TRACER FLOOD: after an untraced round of the same; and another follows
traced() {
	"begin_$2"
	play "$3"
	traced_rate=$rate traced_best=$best sent=$count first_rate=$rate_before first_best=$best_before
	"end_$2"
	untraced "$3"
	divide "$traced_rate" "$first_rate" "$rate_before" >>"$TMP/ratio.$1"
	divide "$traced_best" "$first_best" "$best_before" >>"$TMP/best.$1"
	echo "${seen:--} ${lost:--} $sent" >>"$TMP/seen.$1"
}

# The share of the bytes in the last trace whose owner is known.
owners() {
	query "$TMP/t.zst" "SELECT printf('%.2f', 100 * total(u.bytes * (l.owner_source <> 0)) / total(u.bytes))
		FROM usage u JOIN lane l ON l.lane_id = u.lane_id WHERE u.period_id = 0" >"$TMP/owned.$1"
}

cycle() {
	untraced one
	traced record_1_flow packets one
	[ "$1" -gt 1 ] || owners record_1_flow
	if [ -z "$quick" ]; then
		traced flows_1_flow flows one
		for peer in $peers; do
			traced "$peer" "$peer" one
		done
		traced empty empty one
		[ -z "$three" ] || traced empty_ready_1_flow empty_ready one
	fi
	untraced many
	traced record_16000_flows packets many
	[ "$1" -gt 1 ] || owners record_16000_flows
	[ -z "$three" ] || traced empty_ready_16000_flows empty_ready many
	untraced loopback
	traced record_loopback packets loopback
	[ "$1" -gt 1 ] || owners record_loopback
	[ -z "$quick" ] || return 0
	[ -z "$three" ] || traced empty_ready_loopback empty_ready loopback
	untraced tcp
	traced record_tcp packets tcp
}

# seen KEY EVENTS: what it saw of the EVENTS that each datagram is, and what it says it lost
seen() {
	awk -v each="$2" -v owned="$(cat "$TMP/owned.$1" 2>/dev/null)" '
		{ seen += $1; lost += $2; sent += $3; says_seen = $1 != "-"; says_lost = $2 != "-" }
		END {
			if (says_lost)
				printf "%d lost, it says", lost
			if (says_lost && says_seen)
				printf "; "
			if (says_seen && each)
				printf "it has %.1f %% of the events", 100 * (seen < each * sent ? seen / each / sent : 1)
			else if (says_seen)
				printf "%d events", seen
			if (owned)
				printf ", with an owner %s %% of the bytes", owned
		}' "$TMP/seen.$1"
}

# ratio KEY EVENTS WHAT [NAME=VALUE...]
ratio() {
	[ -s "$TMP/ratio.$1" ] || return 0
	key=$1 what=$3
	note="by the best tenths of a second $(median <"$TMP/best.$1") ($(interval <"$TMP/best.$1" | sed 's/ / to /'))"
	said=$(seen "$1" "$2")
	note="$note${said:+; $said}"
	shift 3
	# shellcheck disable=SC2046 # several words
	result section=flood key="$key" what="$what" unit=ratio better=higher \
		$(of_rounds "$TMP/ratio.$key") note="$note" "$@"
	echo "$what: $(median <"$TMP/ratio.$key") ($(interval <"$TMP/ratio.$key")); $note"
}

# rate FLOOD UNIT WHAT
rate() {
	[ -s "$TMP/untraced.$1" ] || return 0
	# shellcheck disable=SC2046 # several words
	result section=flood key="untraced_$1" what="$3" unit="$2" $(of_rounds "$TMP/untraced.$1")
	echo "$3: $(median <"$TMP/untraced.$1") ($(interval <"$TMP/untraced.$1")) $2"
}

# try PEER: does it trace here?
try() (
	trap 'kill -KILL $tracer 2>/dev/null' EXIT
	command -v "$1" || fail "not installed"
	"begin_$1"
	"end_$1"
) >"$TMP/try" 2>&1

missing() {
	why=$(tail -n 1 "$TMP/try")
	result section=flood key="$1" what="$1, 1 flow" unit=ratio note="missing: $1: ${why#FAIL: }"
	echo "$1 is missing: ${why#FAIL: }"
}

report() {
	ours="command=netsnoop-record -o FILE"
	rate one packets/s "untraced, 64-byte UDP between namespaces, 1 flow"
	rate many packets/s "untraced, 16,000 flows"
	rate loopback packets/s "untraced, loopback, 1 flow"
	rate tcp bytes/s "untraced, TCP bulk between namespaces"
	ratio record_1_flow 2 "recorded, between namespaces, 1 flow" must=0.87 goal=0.91 "$ours"
	ratio record_16000_flows 2 "recorded, between namespaces, 16,000 flows" must=0.84 goal=0.88 "$ours"
	ratio record_loopback 2 "recorded, loopback, 1 flow" must=0.83 goal=0.88 "$ours"
	ratio record_tcp 0 "recorded, TCP bulk" must=0.97 goal=0.99 "$ours"
	ratio flows_1_flow 2 "recorded with --detail flows, 1 flow" must=0.91 goal=0.93 \
		"$ours --detail flows"
	lost=$(cat "$TMP"/seen.record_* "$TMP"/seen.flows_* 2>/dev/null | awk '{ n += $2 } END { print n }')
	result section=flood key=lost what="events that all of these recordings lost" unit=events \
		value="$lost" must=0 goal=0 better=lower
	echo "lost by all of these recordings: $lost"
	ratio empty 2 "two empty programs, 1 flow: what attaching alone leaves"
	ratio empty_ready_1_flow 2 "three, with sk_data_ready, which tells the socket, 1 flow"
	ratio empty_ready_16000_flows 2 "three empty programs, 16,000 flows"
	ratio empty_ready_loopback 2 "three empty programs, loopback"
	ratio perf 2 "perf record -z, the same tracepoints, 1 flow" "command=$perf_command"
	ratio bpftrace 2 "bpftrace that only counts, the same tracepoints, 1 flow" \
		command="bpftrace -e 't:net:net_dev_queue { @sent = count(); } t:net:netif_receive_skb { @received = count(); }'"
	ratio tcpdump 1 "tcpdump -w, one of the two interfaces, 1 flow" \
		command="tcpdump -i $left_device -w FILE"
}

peers=
for peer in perf bpftrace tcpdump; do
	[ -z "$quick" ] || break
	if try "$peer"; then peers="$peers $peer"; else missing "$peer"; fi
done
take "$right" udp 10.99.0.2 9000 1
take "$right" udp 10.99.0.2 10000 16000
take "$right" tcp 10.99.0.2 9000
take "$left" udp 127.0.0.1 9000 1
cycles=0
while [ $cycles -lt "$pairs" ]; do
	cycles=$((cycles + 1))
	cycle $cycles
done
report
