#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A recording in several files: each stands alone, together they are one whole, and
# there are never more of them than was allowed.
. tests/lib.sh
need_live
talk=$BUILD/tests/talk

parts() { # the files of $TMP/x.zst, in their order
	find "$TMP" -name 'x-[0-9]*.zst' | sort
}
exists() { [ -e "$TMP/$1" ]; }
by_process() { # by_process FILE...: report on them into $TMP/out
	expect 0 "$analyze" report --by process --format json "$@"
}
payload() { # payload PID send|recv: of the last report
	jq "[.rows[] | select(.pid == $1) | .$2_payload_bytes] | add // 0" "$TMP/out"
}
said() { # said FILE pid|sent|received|retransmitted
	awk -v field="$2" '/^pid/ { value["pid"] = $2; value["sent"] = $4; value["received"] = $6
		value["retransmitted"] = $8; print value[field] }' "$TMP/$1"
}
is_whole() { # is_whole FILE: nothing is missing in it, and it needs no other
	expect 0 zstd -qt "$1"
	by_process "$1"
	equal "complete: $1" "$(jq '.traces[0].complete' "$TMP/out")" true
}

adds_up() { # adds_up FILE: events and totals of a part are what the kernel counted in it
	"$BUILD/tests/total_rows" "$1" >"$TMP/rows" || fail "total_rows $1"
	equal "events and totals of $1 by interface and process, beside its sums" "$(
		awk -F'\t' '$1 == "event" || $1 == "total" { n[$2" "$3" "$4" "$5] += $6; b[$2" "$3" "$4" "$5] += $8 }
			$1 == "sum" { n[$2" "$3" "$4" "$5] -= $6; b[$2" "$3" "$4" "$5] -= $8 }
			END { for (key in n) if (n[key] || b[key]) print key, n[key], b[key] }' "$TMP/rows")" ""
	! grep -q '^event' "$TMP/rows" || grep -q '^sum' "$TMP/rows" || fail "no sums in $1"
}

# ---- connections and groups that were there before ------------------------

start_record --rotate-time 2 -o "$TMP/x.zst"
make_pair
# a group of which nobody is told: reports of it would come when they like, also at the end
ip netns exec "$right" sysctl -qw net.ipv4.igmp_link_local_mcast_reports=0
group=224.0.0.99
ip -n "$left" route add $group dev nsl
ip -n "$right" route add $group dev nsr
ip netns exec "$right" "$talk" serve 10.99.0.2 5901 >"$TMP/serve" &
serve=$!
ip netns exec "$right" "$talk" join $group 5902 >"$TMP/join.1" &
join1=$!
ip netns exec "$right" "$talk" join $group 5902 >"$TMP/join.2" &
join2=$!
for one in serve join.1 join.2; do
	until_true 10 grep -qs ready "$TMP/$one"
done
mkfifo "$TMP/ask.in" "$TMP/tell.in"
ip netns exec "$left" "$talk" ask 10.99.0.2 5901 <"$TMP/ask.in" >"$TMP/ask" &
ask=$!
ip netns exec "$left" "$talk" tell $group 5902 <"$TMP/tell.in" >"$TMP/tell" &
tell=$!
exec 3>"$TMP/ask.in" 4>"$TMP/tell.in"
steps=0
step() { # step N: at the beginning of part N
	until_true 10 exists "$(printf 'x-%06d.zst' "$1")"
	echo 300000 >&3
	echo 50 >&4
	steps=$((steps + 1))
	answered() { [ "$(grep -c done "$TMP/ask")" = $steps ]; }
	until_true 10 answered
}
first=$(($(parts | wc -l) + 1))
for n in $first $((first + 1)) $((first + 2)); do
	step $n
done
exec 3>&- 4>&-
for process in $ask $serve $tell $join1 $join2; do
	wait "$process" || fail "a program ended with $?"
done
end_pair
stop_record
says "$TMP/record.err" "lost 0"
serve=$(said serve pid) ask=$(said ask pid)
equal "what came back" "$(said ask received)" 900000
equal "what the group got" "$(said join.1 received) $(said join.2 received)" "150001 150001"

n=0 end=
for file in $(parts); do
	n=$((n + 1))
	equal "name $n" "${file##*/}" "$(printf 'x-%06d.zst' $n)"
	equal "the mode of $file" "$(stat -c %a "$file")" 600
	is_whole "$file"
	adds_up "$file"
	# one ends where the next begins
	start=$("$analyze" sql --format csv "$file" "SELECT start_ns FROM trace" | tr -d '\r' | tail -n 1)
	[ -z "$end" ] || equal "the beginning of part $n" "$start" "$end"
	end=$("$analyze" sql --format csv "$file" "SELECT end_ns FROM trace" | tr -d '\r' | tail -n 1)
	equal "its number" "$(query "$file" "SELECT value FROM environment WHERE key = 'part'")" $n
	[ $n -ge "$first" ] && [ $n -lt $((first + steps)) ] || continue
	# both ends of the connection, and everybody who was in the group
	for pid in "$serve" "$ask" "$(said join.1 pid)" "$(said join.2 pid)"; do
		[ "$(payload "$pid" recv)" -gt 0 ] || fail "process $pid received nothing in part $n"
		equal "what process $pid runs, in part $n" \
			"$(jq -r "[.rows[] | select(.pid == $pid) | .exe] | .[0]" "$TMP/out")" \
			"$(readlink -f "$talk")"
		equal "its user" "$(jq -r "[.rows[] | select(.pid == $pid) | .user] | .[0]" "$TMP/out")" root
		jq -e "[.rows[] | select(.pid == $pid)][0] | .args and .parent_pid and .cgroup" \
			"$TMP/out" >/dev/null || fail "process $pid in part $n: $(jq -c .rows "$TMP/out")"
	done
	for pid in "$serve" "$ask"; do
		[ "$(payload "$pid" send)" -gt 0 ] || fail "process $pid sent nothing in part $n"
	done
done
[ $n -ge $((first + 2)) ] || fail "parts: $(parts)"
equal "recordings that the parts name" "$(for file in $(parts); do
	query "$file" "SELECT value FROM environment WHERE key = 'recording'"; done | sort -u)" \
	"$(query "$TMP/x-000001.zst" "SELECT uuid FROM trace")"

# shellcheck disable=SC2046 # names without blanks
by_process $(parts)
# TCP may send again what was not lost, and says how much
there=$((900000 + $(said ask retransmitted))) back=$((900000 + $(said serve retransmitted)))
equal "sent to the server, in all" "$(payload "$ask" send),$(payload "$serve" recv)" $there,$there
equal "sent by the server, in all" "$(payload "$serve" send),$(payload "$ask" recv)" $back,$back
for one in join.1 join.2; do
	equal "what $one received, in all" "$(payload "$(said $one pid)" recv)" 150001
done
counted() { # counted NAMESPACE IS_SEND: bytes at the link layer and events, over all parts
	netns=$(stat -Lc %i "/run/netns/$1")
	for file in $(parts); do
		query "$file" "SELECT coalesce(sum(bytes + link_header_bytes), 0), count(*) FROM net_event
			WHERE netns = $netns AND interface LIKE 'ns_' AND is_send = $2"
	done | awk -F, '{ bytes += $1; events += $2 } END { print bytes "," events }'
}
device() { # device NAMESPACE DEVICE rx|tx
	echo "$(device_counter "$1" "$2" "$3"_bytes),$(device_counter "$1" "$2" "$3"_packets)"
}
for end in "$left nsl" "$right nsr"; do
	# shellcheck disable=SC2086 # two words
	set -- $end
	equal "sends on $2, over all parts" "$(counted "$1" 1)" "$(device "$1" "$2" tx)"
	equal "receives on $2, over all parts" "$(counted "$1" 0)" "$(device "$1" "$2" rx)"
done
ip -n "$left" link set nsl up
ip -n "$right" link set nsr up

# ---- size -----------------------------------------------------------------

flood() { # flood BYTES: in datagrams of 100, none of which is lost
	serve "$right" udp 10.99.0.2 5903
	ip netns exec "$left" "$traffic" send udp 10.99.0.2 5903 "$1" 100 >"$TMP/sent" || fail "the client"
	wait "$server" || fail "the server"
}
total_bytes() {
	# one may be deleted meanwhile
	find "$TMP" -name 'x-[0-9]*.zst' -printf '%s\n' 2>/dev/null | awk '{ n += $1 } END { print n + 0 }'
}
until_true 10 ip netns exec "$left" ping -q -c 1 -W 1 10.99.0.2 >/dev/null
rm -f "$TMP"/x-*.zst "$TMP/record.err"
start_record --port 5903 --rotate-size 400k -o "$TMP/x.zst"
flood 40000000
stop_record
says "$TMP/record.err" "lost 0"
events=0
for file in $(parts); do
	is_whole "$file"
	adds_up "$file"
	events=$((events + $(jq '.traces[0].events' "$TMP/out")))
	# where traffic rises at once, or the machine is busy, it may be a moment's worth more
	[ "$(stat -c %s "$file")" -le 600000 ] || fail "$(stat -c '%n has %s bytes' "$file")"
done
[ "$(parts | wc -l)" -ge 3 ] || fail "parts: $(parts)"
grep -q "^netsnoop-record: $events events" "$TMP/record.err" || fail "$events: $(cat "$TMP/record.err")"
# two devices and two ends of each datagram and answer
equal "events of all parts" "$events" $((2 * ($(moved "$TMP/sent" sent_count) + $(moved "$TMP/sent" received_count))))

# of what is lost each file has its own share
rm -f "$TMP"/x-*.zst "$TMP/record.err"
start_record --port 5903 --rotate-time 1 -B 64k -o "$TMP/x.zst"
until_true 10 exists x-000002.zst
ip netns exec "$left" "$traffic" flood udp 10.99.0.2 5903 100000 100 >/dev/null || fail "the flood"
until_true 10 exists x-000004.zst
stop_record
total=$(awk '$2 == "lost" { print $3 }' "$TMP/record.err") lost=0
[ "$total" -gt 0 ] || fail "nothing was lost: $(cat "$TMP/record.err")"
for file in $(parts); do
	is_whole "$file"
	adds_up "$file"
	lost=$((lost + $(jq '.traces[0].lost | add // 0' "$TMP/out")))
done
equal "losses of all parts" $lost "$total"
expect 0 "$analyze" report --format json "$TMP/x-000001.zst"
equal "losses of the first" "$(jq -c '.traces[0].lost' "$TMP/out")" "{}"

# ---- few files ------------------------------------------------------------

rm -f "$TMP"/x-*.zst "$TMP/record.err"
start_record --port 5903 --rotate-size 128k --interval 0.1 --keep 2 -o "$TMP/x.zst"
flood 20000000
stop_record
says "$TMP/record.err" "of them deleted"
equal "files that --keep 2 keeps" "$(parts | wc -l)" 2
[ ! -e "$TMP/x-000001.zst" ] || fail "the oldest is there: $(parts)"
for file in $(parts); do
	is_whole "$file"
done

# ---- few bytes in all, at any time ----------------------------------------

rm -f "$TMP"/x-*.zst "$TMP/record.err"
start_record --port 5903 --rotate-time 1h --max-size 512k --interval 0.1 -o "$TMP/x.zst"
flood 20000000 &
flood=$!
while kill -0 $flood 2>/dev/null; do
	[ "$(total_bytes)" -le 524288 ] || fail "$(total_bytes) bytes with --max-size 512k"
done
wait $flood || fail "the flood"
stop_record
[ "$(total_bytes)" -le 524288 ] || fail "$(total_bytes) bytes with --max-size 512k"
[ ! -e "$TMP/x-000001.zst" ] || fail "the oldest is there: $(parts)"
for file in $(parts); do
	is_whole "$file"
done

# without rotation the recording ends by itself, and is whole
rm -f "$TMP"/x*.zst "$TMP/record.err"
start_record --port 5903 --max-size 256k -o "$TMP/x.zst"
flood 20000000
wait "$recorder" || fail "--max-size: exit status $?"
[ "$(stat -c %s "$TMP/x.zst")" -le 262144 ] || fail "$(stat -c '%n has %s bytes' "$TMP/x.zst")"
[ "$(stat -c %s "$TMP/x.zst")" -ge 65536 ] || fail "$(stat -c '%n has only %s bytes' "$TMP/x.zst")"
is_whole "$TMP/x.zst"
# events that came when it was full, if any did, are lost, but not their bytes
expect 0 "$analyze" verify "$TMP/x.zst"
says "$TMP/out" "events and TOTAL are SUM"

# ---- where it does not go on ----------------------------------------------

# somebody's file is in the way of the second one
rm -f "$TMP"/x*.zst "$TMP/record.err"
start_record --port 5903 --rotate-time 1 -o "$TMP/x.zst"
echo mine >"$TMP/x-000002.zst"
status=0
wait "$recorder" || status=$?
equal "exit status without a next file" $status 1
says "$TMP/record.err" "x-000002.zst: File exists"
equal "the file in the way" "$(cat "$TMP/x-000002.zst")" mine
is_whole "$TMP/x-000001.zst"

# nor does a recording begin among the files of another, unless it may overwrite them
expect 1 "$record" -d 0.1 --rotate-time 1 -o "$TMP/x.zst"
says "$TMP/err" "--force"
expect 0 "$record" -d 0.1 --rotate-time 1 --force -o "$TMP/x.zst"
is_whole "$TMP/x-000001.zst"

# a full disk: what was ended before is whole, and the last file can be read
mkdir "$TMP/small"
mount -t tmpfs -o size=512k none "$TMP/small" || fail "no tmpfs"
at_exit "umount $TMP/small"
start_record --port 5903 --rotate-size 128k --interval 0.1 -o "$TMP/small/x.zst"
flood 20000000
status=0
wait "$recorder" || status=$?
equal "exit status on a full disk" $status 1
says "$TMP/record.err" "No space left on device"
# The next file is begun while the end of the one before is on its way to the disk, and
# that end may be what finds no room.
whole=0 cut=0
for file in $(find "$TMP/small" -name 'x-*.zst' | sort); do
	if [ $cut -eq 0 ] && "$analyze" verify "$file" >"$TMP/out" 2>&1; then
		is_whole "$file"
		whole=$((whole + 1))
	else
		cut=$((cut + 1))
	fi
done
[ $whole -gt 0 ] || fail "no file is whole"
{ [ $cut -ge 1 ] && [ $cut -le 2 ]; } || fail "$cut files are cut"
