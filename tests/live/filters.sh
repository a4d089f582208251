#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Each filter keeps what it names, and with ! all the rest.
. tests/lib.sh
need_live
lives=$BUILD/tests/lives
rows=$BUILD/tests/process_rows
make_pair

# Two processes and three kinds of traffic, the same each time. Process one is
# called `traffic`, two is called `other`.
cp "$traffic" "$TMP/other"
talk() {
	ip netns exec "$left" "$traffic" flood udp 10.99.0.2 9 5 100 >"$TMP/one" &&
		ip netns exec "$left" "$TMP/other" flood udp fd99::2 7777 3 100 >"$TMP/two" &&
		ip netns exec "$left" ping -q -c 2 -i 0.2 10.99.0.2 >/dev/null ||
		fail "the traffic"
}

# recorded ARGUMENT...: what a filter lets through of the data that nsl sends:
# datagrams to port 9, to port 7777, echo requests
recorded() {
	rm -f "$TMP/t.zst" "$TMP/record.err"
	start_record -o "$TMP/t.zst" "$@"
	talk
	stop_record
	query "$TMP/t.zst" "SELECT coalesce(sum(dport = 9), 0) || ' ' || coalesce(sum(dport = 7777), 0)
		|| ' ' || coalesce(sum(protocol = 'ICMP' AND daddr = '10.99.0.2'), 0) AS seen
		FROM net_event WHERE is_send AND interface = 'nsl'"
}

equal "no filter" "$(recorded)" "5 3 2"
equal "--port 9" "$(recorded --port 9)" "5 0 0"
equal "--port 9 twice over" "$(recorded --port 9 --port 7000-8000)" "5 3 0"
equal "--port !9" "$(recorded --port '!9')" "0 3 2"
equal "--proto icmp" "$(recorded --proto icmp)" "0 0 2"
equal "--proto !udp" "$(recorded --proto '!udp')" "0 0 2"
equal "--host" "$(recorded --host fd99::/64)" "0 3 0"
equal "--host, an address" "$(recorded --host 10.99.0.2)" "5 0 2"
equal "--host and !" "$(recorded --host 10.0.0.0/8 --host '!10.99.0.2/32')" "0 0 0"
equal "--interface" "$(recorded --interface nsl)" "5 3 2"
equal "--interface !" "$(recorded --interface '!nsl')" "0 0 0"
equal "--comm" "$(recorded --comm other)" "0 3 0"
equal "--comm !" "$(recorded --comm '!other')" "5 0 2"
equal "two kinds" "$(recorded --proto udp --port '!7777')" "5 0 0"

# A command: it and its children, and nobody else.
rm -f "$TMP/t.zst"
expect 7 "$record" -o "$TMP/t.zst" -- sh -c "
	ip netns exec $left $traffic flood udp 10.99.0.2 9 4 100 >$TMP/child & wait; exit 7"
equal "datagrams of the command's child" \
	"$(query "$TMP/t.zst" "SELECT count(*) FROM net_event WHERE is_send AND dport = 9")" 4
equal "the pids of the command" "$(query "$TMP/t.zst" 'SELECT DISTINCT pid FROM net_event')" \
	"$(moved "$TMP/child" pid)"

# nothing_of CANARY...: the whole trace, decompressed, holds none of these
nothing_of() {
	zstd -dcq "$TMP/t.zst" >"$TMP/plain" || fail "zstd"
	for canary; do
		grep -qaF "$canary" "$TMP/plain" && fail "the trace holds $canary"
	done
}

# By number of a process that already runs.
serve "$right" tcp 10.99.0.2 5001
rm -f "$TMP/record.err" "$TMP/t.zst"
start_record --pid $server -o "$TMP/t.zst"
ip netns exec "$left" "$traffic" send tcp 10.99.0.2 5001 1000000 >/dev/null || fail "the client"
wait $server
talk
stop_record
nothing_of "$TMP/other" "$(basename "$0")"
equal "the pids of --pid" "$(query "$TMP/t.zst" 'SELECT DISTINCT pid FROM net_event')" $server
says "$TMP/record.err" "filtered_unknown"

# By user: two of them, one by name.
rm -f "$TMP/t.zst" "$TMP/record.err"
as() { # as UID PORT: a datagram of this user's
	ip netns exec "$left" setpriv --reuid "$1" --clear-groups \
		"$lives" 10.99.0.2 "$2" send exit 0 "canary-of-$1" || fail "the user $1"
}
by_user() { # by_user ARGUMENT...: ports that were sent to
	rm -f "$TMP/t.zst" "$TMP/record.err"
	start_record -o "$TMP/t.zst" "$@"
	as 12345 1001
	as 12346 1002
	as "$(id -u nobody)" 1003
	stop_record
	query "$TMP/t.zst" "SELECT coalesce(group_concat(dport, ' '), '') AS ports FROM (SELECT dport FROM
		net_event WHERE is_send AND dport BETWEEN 1001 AND 1003 ORDER BY dport)"
}
equal "--user" "$(by_user --user 12345)" 1001
nothing_of canary-of-12346 "user.$(id -u nobody)"
grep -qaF canary-of-12345 "$TMP/plain" || fail "no arguments of the user's own process"
equal "two users" "$(by_user --user 12345,nobody)" "1001 1003"
nothing_of canary-of-12346
equal "--user !" "$(by_user --user '!nobody' --port 1000-1010)" "1001 1002"
nothing_of "canary-of-$(id -u nobody)"
expect 2 "$record" -o "$TMP/no.zst" --user no-such-user
says "$TMP/err" "no-such-user"

# Descendants: those there before, and those to come; without --follow neither.
mkfifo "$TMP/go"
descendants() { # descendants ARGUMENT...: the ports of a shell's family
	rm -f "$TMP/t.zst" "$TMP/record.err" "$TMP/early"
	ip netns exec "$left" sh -c "sh -c 'echo \$\$ >$TMP/early; read -r line <$TMP/go
		$lives 10.99.0.2 1002 send exit 0; $lives 10.99.0.2 1003 fork fork send'; exit 0" &
	family=$!
	until_true 10 test -s "$TMP/early"
	start_record --pid "$family" -o "$TMP/t.zst" "$@"
	echo >"$TMP/go"
	wait "$family" || fail "the family"
	as 12345 1001
	stop_record
	query "$TMP/t.zst" "SELECT coalesce(group_concat(dport, ' '), '') AS ports FROM (SELECT dport FROM
		net_event WHERE is_send AND dport BETWEEN 1001 AND 1003 ORDER BY dport)"
}
equal "without --follow" "$(descendants)" ""
equal "--follow" "$(descendants --follow)" "1002 1003"
nothing_of canary-of-12345

rm -f "$TMP/t.zst"
expect 0 "$record" -o "$TMP/t.zst" --no-follow -- sh -c "$lives 127.0.0.1 1002 send; true"
equal "--no-follow" "$(query "$TMP/t.zst" 'SELECT count(*) FROM net_event')" 0
expect 0 "$record" --force -o "$TMP/t.zst" --no-follow -- "$lives" 127.0.0.1 1002 send
equal "the command itself" "$(query "$TMP/t.zst" 'SELECT count(*) FROM net_event WHERE is_send')" 1
nothing_of "$(basename "$0")"
expect 2 "$record" -o "$TMP/no.zst" --follow
expect 2 "$record" -o "$TMP/no.zst" --no-follow
expect 1 "$record" -o "$TMP/no.zst" --pid 4194304
says "$TMP/err" "no such process"
expect 0 "$record" -o "$TMP/init.zst" -d 0.1 --pid 1

# By cgroup, with those below it, also one that is made while it records.
cgroups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
[ -n "$cgroups" ] || skip "cgroup2 is not mounted: --cgroup was not tried, the rest passed"
group=netsnoop-$$
mkdir "$cgroups/$group" "$cgroups/$group/old" "$cgroups/$group-other" || fail "cannot make a cgroup"
at_exit "rmdir $cgroups/$group/old $cgroups/$group/new/below $cgroups/$group/new $cgroups/$group $cgroups/$group-other"
in_group() { # in_group PATH PORT: a datagram from there
	sh -c 'echo $$ >"$1/cgroup.procs" && exec ip netns exec "$2" "$3" 10.99.0.2 "$4" send exit 0 "canary-$4"' \
		sh "$cgroups/$1" "$left" "$lives" "$2" || fail "the process in $1"
}
by_cgroup() { # by_cgroup ARGUMENT...: ports that were sent to
	rm -f "$TMP/t.zst" "$TMP/record.err"
	start_record -o "$TMP/t.zst" "$@"
	mkdir "$cgroups/$group/new" "$cgroups/$group/new/below"
	in_group "$group" 1001
	in_group "$group/old" 1002
	in_group "$group/new/below" 1003
	in_group "$group-other" 1004
	until_true 10 rmdir "$cgroups/$group/new/below" "$cgroups/$group/new"
	stop_record
	query "$TMP/t.zst" "SELECT coalesce(group_concat(dport, ' '), '') AS ports FROM (SELECT dport FROM
		net_event WHERE is_send AND dport BETWEEN 1001 AND 1004 ORDER BY dport)"
}
cgroup_rows() {
	"$rows" "$TMP/t.zst" | awk -F'\t' '$1 == "cgroup" { print $3 }' | sort | tr '\n' ' '
}
equal "--cgroup" "$(by_cgroup --cgroup "$cgroups/$group")" "1001 1002 1003"
nothing_of canary-1004 "$group-other"
equal "the cgroups of the trace" "$(cgroup_rows)" "/$group /$group/new/below /$group/old "
equal "--cgroup from the root on" "$(by_cgroup --cgroup "/$group/old")" 1002
nothing_of canary-1001 canary-1003 canary-1004
equal "--cgroup !" "$(by_cgroup --cgroup "!$group" --port 1000-1010)" 1004
nothing_of canary-1001 canary-1002 canary-1003
expect 1 "$record" -o "$TMP/no.zst" --cgroup /no/such/group
says "$TMP/err" "/no/such/group"

# A number that is used again is another process. (Others may take it first.)
[ -w /proc/sys/kernel/ns_last_pid ] || exit 0 # no CONFIG_CHECKPOINT_RESTORE
sh -c "read -r line <$TMP/go" &
gone=$!
rm -f "$TMP/t.zst" "$TMP/record.err"
start_record --pid "$gone" -o "$TMP/t.zst"
echo >"$TMP/go"
wait "$gone"
is_taken() {
	echo $((gone - 1)) >/proc/sys/kernel/ns_last_pid
	sh -c "[ \$\$ -eq $gone ] && exec $lives 127.0.0.1 1005 send exit 0"
}
until_true 20 is_taken
stop_record
equal "events of a later process with the number" \
	"$(query "$TMP/t.zst" "SELECT count(*) FROM net_event")" 0
