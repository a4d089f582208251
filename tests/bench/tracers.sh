# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=sh disable=SC2154,SC2034
#
# How flood.sh begins and ends whoever traces, ours and its peers: begin_KIND returns when
# it traces, end_KIND when it has ended, and leaves $seen, the events that it says it
# has, and $lost, what it says it has not; nothing if it does not say. Sourced, after
# tests/lib.sh.

tracer=
at_exit 'kill -KILL $tracer'

# begin READY COMMAND...: in the background, and wait until it says READY
begin() {
	ready=$1
	shift
	: >"$TMP/tracer.out"
	"$@" >"$TMP/tracer.out" 2>&1 </dev/null &
	tracer=$!
	until_true 20 ready_or_dead
	grep -q "$ready" "$TMP/tracer.out" || fail "$1 ended: $(cat "$TMP/tracer.out")"
}
ready_or_dead() {
	grep -q "$ready" "$TMP/tracer.out" || ! kill -0 "$tracer" 2>/dev/null
}

# end [STATUS]: it should exit with it
end() {
	kill -INT "$tracer"
	status=0
	wait "$tracer" || status=$?
	[ $status -eq "${1:-0}" ] || fail "the tracer exited $status: $(cat "$TMP/tracer.out")"
	tracer=
}

# said PATTERN: the last number that stands in the place of \(\) in a line of it
said() {
	sed -n "s/$1/\\1/p" "$TMP/tracer.out" | tail -n 1
}

begin_packets() {
	begin "recording to" "$record" --force -o "$TMP/t.zst"
}
end_packets() {
	end
	seen=$(said '^netsnoop-record: \([0-9]*\) events.*')
	lost=$(said '^netsnoop-record: lost \([0-9]*\).*')
}

begin_flows() {
	begin "recording to" "$record" --force -o "$TMP/t.zst" --detail flows
}
end_flows() {
	end_packets
	seen=$(said '^netsnoop-record: summed \([0-9]*\),.*')
}

begin_empty() {
	begin ready "$BUILD/tests/bench-hooks" hold "$BUILD/tests/bench/empty.bpf.o"
}
end_empty() {
	end
	seen='' lost=''
}

begin_empty_ready() {
	begin ready "$BUILD/tests/bench-hooks" hold "$BUILD/tests/bench/empty.bpf.o" \
		"$BUILD/tests/bench/empty_ready.bpf.o"
}
end_empty_ready() {
	end_empty
}

# Attached in reverse order, so that the one that says ready is the last.
bpftrace_script='
interval:ms:10 { if (@ready == 0) { @ready = 1; printf("ready\n"); } }
tracepoint:net:net_dev_queue { @sent = count(); }
tracepoint:net:netif_receive_skb { @received = count(); }'
begin_bpftrace() {
	begin ready bpftrace -e "$bpftrace_script"
}
end_bpftrace() {
	end
	seen=$(sed -n 's/^@\(sent\|received\): //p' "$TMP/tracer.out" | awk '{ n += $1 } END { print n }')
	lost=
}

begin_tcpdump() {
	begin "listening on" ip netns exec "$left" tcpdump -Z root -i "$left_device" -w "$TMP/t.pcap"
}
end_tcpdump() {
	end
	seen=$(said '^\([0-9]*\) packets captured.*')
	lost=$(said '^\([0-9]*\) packets dropped by kernel.*')
}

perf_command="perf record -a -z -e net:net_dev_queue -e net:netif_receive_skb"
begin_perf() {
	[ -p "$TMP/control" ] || mkfifo "$TMP/control" "$TMP/answer"
	# shellcheck disable=SC2086 # words
	begin "Events disabled" $perf_command -D -1 --control "fifo:$TMP/control,$TMP/answer" \
		-o "$TMP/perf.data"
	echo enable >"$TMP/control"
	read -r answer <"$TMP/answer"
	[ "$answer" = ack ] || fail "perf does not record: $answer"
}
end_perf() {
	end 130
	perf report --stats -i "$TMP/perf.data" >"$TMP/stats" 2>&1
	seen=$(sed -n 's/^ *SAMPLE events: *\([0-9]*\).*/\1/p' "$TMP/stats" | head -n 1)
	lost=$(sed -n 's/^Processed [0-9]* events and lost \([0-9]*\) chunks.*/\1/p' "$TMP/stats")
}
