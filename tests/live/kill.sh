#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A recorder that is killed under load, at any moment, leaves a trace that reports, says
# that it has no end, and lacks at most the last second; and nothing in the kernel.
# KILLS: how often (default: 5; from 20 on the OOM killer is tried as well, which can take
# minutes to make up its mind).
. tests/lib.sh
need_live
make_pair

start_flood() {
	ip netns exec "$left" "$traffic" flood udp 10.99.0.2 0 100000000 1400 >/dev/null &
	flood=$!
	at_exit "kill -KILL $flood"
}
end_flood() {
	kill -KILL $flood
	wait $flood 2>/dev/null
}

# in_kernel prog|map PROCESS: the ids of what the process has loaded, on one line
in_kernel() {
	cat "/proc/$2/fdinfo/"* | sed -n "s/^$1_id:[^0-9]*//p" | sort -un | tr '\n' ' '
}
# is_gone prog|map ID...: none of these is there any more
is_gone() {
	kind=$1
	shift
	bpftool -j "$kind" list 2>/dev/null | jq -r '.[].id' >"$TMP/ids"
	for id; do
		grep -qx "$id" "$TMP/ids" && return 1
	done
	return 0
}

# up to two seconds, to the millisecond
random_moment() {
	awk -v number="$(od -An -N2 -tu2 /dev/urandom)" 'BEGIN { print number / 65536 * 2 }'
}

kills=${KILLS:-5} worst=0 all_events=0 round=0
start_flood
while [ $round -lt "$kills" ]; do
	round=$((round + 1))
	rm -f "$TMP/t.zst" "$TMP/record.err"
	start_record --interface nsl --interface nsr -o "$TMP/t.zst"
	began=$(date +%s%N)
	if [ $round -eq 1 ]; then
		programs=$(in_kernel prog $recorder)
		maps=$(in_kernel map $recorder)
		[ -n "$programs" ] && [ -n "$maps" ] || fail "the recorder has nothing in the kernel"
	fi
	sleep "$(random_moment)"
	killed=$(date +%s%N)
	kill -KILL $recorder
	wait $recorder 2>/dev/null
	# shellcheck disable=SC2086 # lists of ids
	if [ $round -eq 1 ]; then
		until_true 20 is_gone prog $programs
		until_true 20 is_gone map $maps
		# each flood ends by itself after two minutes
	elif [ $((round % 20)) -eq 0 ]; then
		end_flood
		start_flood
	fi
	is_cut "$TMP/t.zst"
	events=$(jq '.traces[0].events' "$TMP/out")
	last=$began
	[ "$events" -eq 0 ] || last=$(date -d "$(jq -r '.traces[0].end' "$TMP/out")" +%s%N)
	lacks=$(((killed - last) / 1000000))
	[ $lacks -le 1000 ] || fail "round $round: the last $lacks ms before the kill are missing"
	[ $lacks -le $worst ] || worst=$lacks
	all_events=$((all_events + events))
done
end_flood
[ $all_events -gt $((1000 * kills)) ] || fail "next to nothing was kept"
echo "$kills kills: $all_events events kept, at most the last $worst ms missing, nothing left in the kernel"
expect 3 "$analyze" report "$TMP/t.zst"
says "$TMP/out" "cut"

# What the system kills for want of memory is killed in the same way.
[ "$kills" -ge 20 ] || exit 0
limit=
for try in /sys/fs/cgroup/memory/netsnoop-$$/memory.limit_in_bytes \
	/sys/fs/cgroup/netsnoop-$$/memory.max; do
	group=${try%/*}
	mkdir "$group" 2>/dev/null || continue
	at_exit "rmdir $group"
	[ -e "$try" ] && limit=$try && break
done
if [ -z "$limit" ]; then
	echo "no memory controller here: the OOM killer was not tried"
	exit 0
fi
# It is in the group from its first page on: one that is moved there leaves behind what it has.
cat >"$TMP/in-group" <<-END
	#!/bin/sh
	echo \$\$ >"$group/cgroup.procs" && exec "$record" "\$@"
END
chmod +x "$TMP/in-group"
record=$TMP/in-group
rm -f "$TMP/t.zst" "$TMP/record.err"
start_flood
start_record --interface nsl --interface nsr -o "$TMP/t.zst"
programs=$(in_kernel prog $recorder)
size_is_over() { [ "$(stat -c %s "$TMP/t.zst")" -gt 100000 ]; }
until_true 20 size_is_over
end_flood
has=$(cat "$group/memory.usage_in_bytes" 2>/dev/null || cat "$group/memory.current")
echo $((has + (1 << 20))) >"$limit"
start_flood # of new flows, which take memory
has_ended() { ! kill -0 $recorder 2>/dev/null; }
until_true 100 has_ended
end_flood
status=0
wait $recorder 2>/dev/null || status=$?
equal "the status of the recorder that had no memory" $status 137
is_cut "$TMP/t.zst"
# shellcheck disable=SC2086 # a list of ids
until_true 20 is_gone prog $programs
echo "killed for want of memory: $(jq '.traces[0].events' "$TMP/out") events kept, nothing left in the kernel"
