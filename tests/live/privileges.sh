#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the recorder needs, what it has left once it records, and what is left of
# it when it has ended in whatever way.
. tests/lib.sh
need_live
[ "$(uname -r | awk -F. '{ print $1 * 100 + $2 }')" -ge 519 ] || skip "CAP_BPF stays on this kernel"

mkdir -m 777 "$TMP/anyone"
chmod 711 "$TMP"
cp "$record" "$TMP/anyone/record"
trace=$TMP/anyone/t.zst
nobody=65534
all=$(awk '/^CapBnd/ { print $2 }' /proc/self/status)
none=0000000000000000
looks=0000000000280000 # CAP_SYS_ADMIN, CAP_SYS_PTRACE
opens=0000000000080004 # CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH

# as_nobody CAPABILITIES COMMAND...: with these alone
as_nobody=$TMP/anyone/as_nobody
cat >"$as_nobody" <<'EOF'
#!/bin/sh
wanted=$(echo "+$1" | sed 's/,/,+/g')
shift
exec setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set "-all,$wanted" \
	--inh-caps "-all,$wanted" --ambient-caps "-all,$wanted" "$@"
EOF
chmod +x "$as_nobody"
# has PID FIELD VALUE: every thread of it
has() {
	for status in /proc/"$1"/task/*/status; do
		equal "$2 in $status" "$(sed -n "s/^$2:[[:space:]]*//p" "$status" | tr '\t' ' ')" "$3"
	done
}
# stripped PID UID CAPABILITIES BOUNDING
stripped() {
	has "$1" Uid "$2 $2 $2 $2"
	has "$1" Gid "$2 $2 $2 $2"
	for set in CapPrm CapEff; do
		has "$1" $set "$3"
	done
	has "$1" CapInh $none
	has "$1" CapAmb $none
	has "$1" CapBnd "$4"
	has "$1" NoNewPrivs 1
}
# know: $watcher, $opener and $held of $recorder
know() {
	watcher=$(pgrep -P "$recorder" -x netsnoop-watch) || fail "nobody watches"
	opener=$(pgrep -P "$recorder" -x netsnoop-open) || fail "nobody opens"
	held=$(programs "$recorder")
	[ -n "$held" ] || fail "no programs"
}
# programs PID: the ids of the BPF programs that it holds
programs() {
	sed -n 's/^prog_id:[[:space:]]*//p' /proc/"$1"/fdinfo/* 2>/dev/null | sort -u
}
no_programs() {
	for id in $held; do
		bpftool prog show id "$id" >/dev/null 2>&1 && return 1
	done
	return 0
}
gone() {
	! kill -0 "$1" 2>/dev/null
}
# nothing_left: of what know() knew
nothing_left() {
	until_true 10 gone "$watcher"
	until_true 10 gone "$opener"
	until_true 10 no_programs
}

# is_asked PID: a question waits in its socket; and has none
is_asked() {
	[ "$(ss -H -x -a -p | awk -v pid="pid=$1," 'index($0, pid) { print $3 }')" -gt 0 ]
}
is_idle() {
	! is_asked "$1"
}

make_pair
exchange() { # exchange PORT: TCP from left to right
	serve "$right" tcp 10.99.0.2 "$1"
	ip netns exec "$left" "$traffic" send tcp 10.99.0.2 "$1" 10000000 500 >"$TMP/sent.$1" ||
		fail "the client"
	wait "$server" || fail "the server"
}
# bytes TRACE PORT PID IS_SEND: that this process sent or received, at the IP layer
bytes() {
	query "$1" "SELECT sum(payload_bytes), count(DISTINCT pid) FROM net_event WHERE pid = $3
		AND is_send = $4 AND (sport = $2 OR dport = $2)"
}
# told TRACE PORT: both ends are charged with what they say they moved
told() {
	again=$(moved "$TMP/sent.$2" retransmitted)
	equal "bytes sent" "$(bytes "$1" "$2" "$(moved "$TMP/sent.$2" pid)" 1)" "$((10000000 + again)),1"
	came=$(bytes "$1" "$2" "$(moved "$TMP/serve" pid)" 0)
	[ "${came%,1}" -ge 10000000 ] && [ "${came%,1}" -le $((10000000 + again)) ] ||
		fail "bytes received: $came, and $again were sent twice"
}

# ---- as a user with two capabilities, and with four
real=$record
record=$as_nobody
start_record bpf,perfmon "$TMP/anyone/record" -o "$trace"
know
stripped "$recorder" $nobody $none 000000c000000000
stripped "$watcher" $nobody $none 000000c000000000
stripped "$opener" $nobody $none 000000c000000000
exchange 5001
stop_record
nothing_left
told "$trace" 5001
equal "mode and owner" "$(stat -c '%a %u' "$trace")" "600 $nobody"
rm "$trace" "$TMP/record.err"

start_record bpf,perfmon,sys_admin,sys_ptrace "$TMP/anyone/record" -o "$trace"
know
stripped "$recorder" $nobody $none 000000c000280000
stripped "$watcher" $nobody $looks 000000c000280000
stripped "$opener" $nobody 0000000000080000 000000c000280000
exchange 5002
stop_record
nothing_left
told "$trace" 5002
equal "devices of other namespaces" "$(query "$trace" \
	"SELECT count(DISTINCT name) FROM interface WHERE name IN ('nsl', 'nsr')")" 2
rm "$trace" "$TMP/record.err"
record=$real

# ---- what is missing has a name
expect 1 "$as_nobody" perfmon "$TMP/anyone/record" -d 0.1 -o "$trace"
says "$TMP/err" "lacks CAP_BPF"
says "$TMP/err" "setcap cap_bpf,cap_perfmon+ep $(readlink -f "$TMP/anyone/record")"
expect 1 "$as_nobody" bpf "$TMP/anyone/record" -d 0.1 -o "$trace"
says "$TMP/err" "lacks CAP_PERFMON"
expect 1 "$as_nobody" bpf,perfmon "$TMP/anyone/record" -Z root -d 0.1 -o "$trace"
says "$TMP/err" "CAP_SETUID"
expect 1 "$record" -Z no-such-user -d 0.1 -o "$trace"
says "$TMP/err" "no-such-user"
[ ! -e "$trace" ] || fail "an empty trace was left behind"
expect 0 "$as_nobody" bpf,perfmon "$TMP/anyone/record" -Z $nobody -d 0.1 -o "$trace"
rm "$trace"

# ---- as root, who stays root or becomes somebody; a command keeps what its caller has
start_record -o "$trace"
know
stripped "$recorder" 0 $none $none
stripped "$watcher" 0 $looks $none
stripped "$opener" 0 $opens $none
first=$recorder first_held=$held first_watcher=$watcher first_opener=$opener
mv "$TMP/record.err" "$TMP/first.err"
start_record -Z nobody -o "$TMP/other.zst"
know
stripped "$recorder" $nobody $none $none
stripped "$watcher" $nobody $looks $none
stripped "$opener" $nobody $opens $none
has "$recorder" Groups "$nobody "

# two at once count the same
exchange 5003
stop_record
nothing_left
recorder=$first held=$first_held watcher=$first_watcher opener=$first_opener
stop_record
nothing_left
told "$trace" 5003
told "$TMP/other.zst" 5003
what="SELECT is_send, ifindex, netns, pid, count(*), sum(bytes), sum(segments), min(timestamp IS NULL)
	FROM net_event WHERE sport = 5003 OR dport = 5003 GROUP BY 1, 2, 3, 4"
equal "what the other one recorded" "$(query "$TMP/other.zst" "$what")" "$(query "$trace" "$what")"
rm "$trace" "$TMP/other.zst"

expect 0 "$record" -q -Z nobody -o "$trace" -- sh -c 'cat /proc/$$/status'
for field in "CapEff $all" "CapBnd $all" "NoNewPrivs 0"; do
	says "$TMP/out" "$(echo "$field" | sed 's/ /:\t/')"
done
grep -q "^Uid:[[:space:]]0[[:space:]]" "$TMP/out" || fail "the command is another user"
rm "$trace" "$TMP/record.err"

# ---- more files to come, in a directory of somebody else's
mkdir -m 755 "$TMP/home"
chown 12345 "$TMP/home"
start_record --rotate-time 1h -o "$TMP/home/t.zst"
know
stripped "$recorder" 0 0000000000000002 $none # CAP_DAC_OVERRIDE
stop_record
rm "$TMP"/home/*
expect 1 "$record" -Z nobody --rotate-time 1h -d 0.1 -o "$TMP/home/t.zst"
says "$TMP/err" "nobody: that user can make no files beside $TMP/home/t.zst: Permission denied"
equal "files left behind" "$(ls "$TMP/home")" ""
rm "$TMP/record.err"

# where a file is deleted by its owner alone, the first one is that user's, too
mkdir -m 1777 "$TMP/common"
expect 0 "$record" -q -Z nobody --rotate-time 1 --keep 1 --port 9 -d 2.5 -o "$TMP/common/t.zst"
[ ! -e "$TMP/common/t-000001.zst" ] || fail "--keep 1: $(ls -l "$TMP/common")"
equal "whose the files are" "$(stat -c %U "$TMP"/common/* | sort -u)" nobody

# ---- a namespace that somebody deletes is gone, also while the recorder stands still
start_record -o "$trace"
know
peer=nsp$$
has_peer() {
	"$analyze" sql --format csv "$trace" "SELECT 1 FROM interface WHERE name = 'nsv'" \
		2>/dev/null | grep -q '^1'
}
no_peer() {
	! ip link show "$peer" >/dev/null 2>&1
}
for state in CONT STOP; do
	ip netns add netsnoop-x-$$
	at_exit "ip netns del netsnoop-x-$$"
	ip link add $peer type veth peer name nsv netns netsnoop-x-$$ || fail "no veth"
	until_true 10 has_peer
	kill -$state "$recorder"
	ip netns del netsnoop-x-$$
	until_true 10 no_peer
	kill -CONT "$recorder"
done

# ---- the watcher dies, and then the recorder
kill -KILL "$watcher"
lost_it() {
	grep -q "process that $1 was killed by signal 9" "$TMP/record.err"
}
until_true 10 lost_it "looks at devices"
kill -KILL "$opener"
until_true 10 lost_it "opens files"
equal "children" "$(pgrep -P "$recorder")" ""
exchange 5004
kill -KILL "$recorder"
wait "$recorder" 2>/dev/null
nothing_left
rm "$trace" "$TMP/record.err"
start_record -o "$trace"
know
kill -KILL "$watcher"
exchange 5005
stop_record
nothing_left
told "$trace" 5005
rm "$trace" "$TMP/record.err"

# one that stands still keeps nobody from recording, and goes on when it goes on
start_record -o "$trace"
know
kill -STOP "$watcher" "$opener"
exchange 5006
until_true 10 is_asked "$opener"
kill -CONT "$opener"
until_true 10 is_idle "$opener"
equal "who opens" "$(pgrep -P "$recorder" -x -r R,S netsnoop-open)" "$opener"
stop_record
nothing_left
told "$trace" 5006
rm "$trace" "$TMP/record.err"

start_record -o "$trace"
know
kill -KILL "$recorder"
wait "$recorder" 2>/dev/null
nothing_left
