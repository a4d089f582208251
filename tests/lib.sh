# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=sh disable=SC2034,SC2154
#
# What the shell tests share; each begins with `. tests/lib.sh`. run.sh calls
# them from the top of the tree with $BUILD (where the programs are) and $TMP
# (a directory of the test's own, removed afterwards).
# Exit status: 0 passed, 77 skipped, anything else failed.
set -u

record=$BUILD/netsnoop-record
analyze=$BUILD/netsnoop-analyze
traffic=$BUILD/tests/traffic

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

skip() {
	echo "SKIP: $*"
	exit 77
}

# equal WHAT GOT WANTED
equal() {
	[ "$2" = "$3" ] || fail "$1 is '$2', should be '$3'"
}

# expect STATUS COMMAND...: run it, its output to $TMP/out and $TMP/err
expect() {
	expected=$1
	shift
	status=0
	"$@" >"$TMP/out" 2>"$TMP/err" </dev/null || status=$?
	[ "$status" -eq "$expected" ] && return
	sed 's/^/  stderr: /' "$TMP/err" >&2
	fail "exit status $status, should be $expected: $*"
}

# says FILE TEXT: the text stands in the file
says() {
	grep -qF -e "$2" "$1" && return
	sed 's/^/  /' "$1" >&2
	fail "$1 does not say: $2"
}

# pass_if_hidden BYTES,PACKETS BYTES,PACKETS: what was seen, and what the device counted.
# A kernel may hide processes from BPF and runs no program while one of them is current: of
# what a softirq does meanwhile nobody can know. A few packets in a test of many, and only
# on such a kernel, end the test here.
pass_if_hidden() {
	missing=$((${2#*,} - ${1#*,}))
	[ $missing -gt 0 ] && [ $((1000 * missing)) -lt "${2#*,}" ] || return 0
	status=0
	"$BUILD/tests/rig-current" --sees 1 || status=$?
	[ $status -eq 1 ] || return 0
	echo "KNOWN: $missing packets of ${2#*,} went by on top of a process that this kernel hides"
	exit 0
}

# until_true SECONDS COMMAND...: wait for a condition, and fail without it
until_true() {
	deadline=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt "$deadline" ] || fail "waited in vain for: $*"
		sleep 0.05
	done
}

# at_exit COMMAND...: run it when the test ends, the last one first
cleanup=:
at_exit() {
	cleanup="$*; $cleanup"
}
trap 'status=$?; set +e; trap - EXIT; eval "$cleanup" >/dev/null 2>&1; exit $status' EXIT
trap 'exit 1' INT TERM HUP

need_live() {
	[ "$(id -u)" -eq 0 ] || skip "recording needs root"
	ip netns list >/dev/null 2>&1 || skip "network namespaces are not available"
	"$record" -q -o "$TMP/probe.zst" -- true 2>"$TMP/probe.err" && rm "$TMP/probe.zst" && return
	skip "recording does not work here: $(cat "$TMP/probe.err")"
}

# make_pair: two namespaces of the test's own, $left and $right, joined by the
# devices $left_device (10.99.0.1, fd99::1) and $right_device (10.99.0.2, fd99::2).
# IPv6 is off until both ends are up and no router is asked for, so that no packet meets a
# device that is half there: every packet is in the counters of both.
left_device=nsl right_device=nsr
make_pair() {
	left=netsnoop-l-$$ right=netsnoop-r-$$
	at_exit "ip netns del $left; ip netns del $right"
	for ns in "$left" "$right"; do
		ip netns add "$ns" || fail "cannot make a namespace"
		ip netns exec "$ns" sh -c 'cd /proc/sys/net/ipv6/conf &&
			echo 1 >default/disable_ipv6 && echo 0 >default/accept_ra &&
			echo 0 >default/router_solicitations' || fail "cannot set up $ns"
		ip -n "$ns" link set lo up
	done
	ip link add "$left_device" netns "$left" type veth peer name "$right_device" netns "$right" ||
		fail "cannot join two namespaces"
	ip -n "$left" address add 10.99.0.1/24 dev "$left_device"
	ip -n "$right" address add 10.99.0.2/24 dev "$right_device"
	ip -n "$left" link set "$left_device" up
	ip -n "$right" link set "$right_device" up
	until_true 10 ip netns exec "$left" ping -q -c 1 -W 1 10.99.0.2 >/dev/null
	ip netns exec "$left" sh -c "echo 0 >/proc/sys/net/ipv6/conf/$left_device/disable_ipv6"
	ip netns exec "$right" sh -c "echo 0 >/proc/sys/net/ipv6/conf/$right_device/disable_ipv6"
	ip -n "$left" address add fd99::1/64 dev "$left_device" nodad
	ip -n "$right" address add fd99::2/64 dev "$right_device" nodad
	until_true 10 ip netns exec "$left" ping -q -c 1 -W 1 fd99::2 >/dev/null
}

# end_pair: no packet any more; the counters stay. IPv6 goes first, since it tells of its
# groups whenever it likes, also while only one end is there to take it.
end_pair() {
	ip netns exec "$left" sh -c "echo 1 >/proc/sys/net/ipv6/conf/$left_device/disable_ipv6"
	ip netns exec "$right" sh -c "echo 1 >/proc/sys/net/ipv6/conf/$right_device/disable_ipv6"
	ip -n "$left" link set "$left_device" down
	ip -n "$right" link set "$right_device" down
}

# start_record ARGUMENT...: begin to record in the background, $recorder is its
# process; on return it records.
start_record() {
	: >"$TMP/record.err" # where the one before has said that it records
	"$record" "$@" 2>"$TMP/record.err" </dev/null &
	recorder=$!
	at_exit "kill -KILL $recorder"
	until_true 20 recording_or_dead
	grep -q "^netsnoop-record: recording to" "$TMP/record.err" ||
		fail "the recorder ended: $(cat "$TMP/record.err")"
}
recording_or_dead() {
	grep -qs "^netsnoop-record: recording to" "$TMP/record.err" || ! kill -0 "$recorder" 2>/dev/null
}

# stop_record [SIGNAL [STATUS]]: end it and check how it ended
stop_record() {
	kill "-${1:-INT}" "$recorder"
	status=0
	wait "$recorder" || status=$?
	[ "$status" -eq "${2:-0}" ] || {
		sed 's/^/  /' "$TMP/record.err" >&2
		fail "the recorder exited $status, should be ${2:-0}"
	}
}

# serve NAMESPACE tcp|udp ADDRESS PORT: a server in the background, ready for
# its client; $server is its process, $TMP/serve what it says at the end
serve() {
	ns=$1
	shift
	: >"$TMP/serve"
	ip netns exec "$ns" "$traffic" serve "$@" >"$TMP/serve" &
	server=$!
	at_exit "kill -KILL $server"
	until_true 10 grep -q ready "$TMP/serve"
}

# moved FILE FIELD: a number from what traffic said (pid, sent, received,
# retransmitted; sent_count, received_count)
moved() {
	awk -v field="$2" '/^pid/ {
		value["pid"] = $2; value["sent"] = $4; value["sent_count"] = $6
		value["received"] = $8; value["received_count"] = $10; value["retransmitted"] = $12
		print value[field]
	}' "$1"
}

# device_counter NAMESPACE DEVICE rx_bytes|tx_bytes|rx_packets|...
device_counter() {
	ip netns exec "$1" cat "/sys/class/net/$2/statistics/$3"
}

# is_cut TRACE: it lacks its end, and all before that is there; $TMP/out is its report
is_cut() {
	expect 3 "$analyze" verify "$1"
	expect 3 "$analyze" report --by process --format json "$1"
	says "$TMP/err" "END"
	equal "complete" "$(jq '.traces[0].complete' "$TMP/out")" false
}

# highest_memory PROCESS: the most that it had in memory at once, in KiB; nothing if it has ended
highest_memory() {
	sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status" 2>/dev/null
}

# query TRACE SQL: its rows as CSV, without the headings (which stand on one line)
query() {
	"$analyze" sql --format csv "$1" "$2" >"$TMP/query.csv" || fail "the query failed: $2"
	sed 1d "$TMP/query.csv" | tr -d '\r'
}
