#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What a trace tells of devices that lie on each other is what ip(8) tells, also
# of what changed while it was recorded, and since when.
. tests/lib.sh
need_live
make_pair

# in_left COMMAND...: ip(8) in the left namespace; a kind that this kernel lacks is left out
in_left() {
	ip -n "$left" "$@" 2>"$TMP/ip.err" && return
	lacking="$lacking $(echo "$*" | sed -n 's/.* type \([a-z]*\).*/\1/p')"
}
lacking=
in_left link add nsbr type bridge
in_left link add nsvxlan type vxlan id 7 dev nsl dstport 4789 remote 10.99.0.2
in_left link add link nsl nsvlan type vlan id 77
in_left link add link nsl nsmac type macvlan mode bridge
in_left link add link nsl nsmac2 netns "$right" type macvlan mode bridge
in_left link add nsbond type bond
in_left link add nsa type veth peer name nsb
in_left link add nsc type veth peer name nsd
if ip -n "$left" link show nsbond >"$TMP/bond" 2>&1; then
	in_left link set nsc master nsbond
fi
# not beside a macvlan on the same device
in_left link add link nsa nsipvlan type ipvlan mode l2
in_left link set nsb master nsbr
[ -z "$lacking" ] || echo "not on this kernel:$lacking"

# truth NAMESPACE: from ip(8): ifindex, name, kind, MAC, master, link, its namespace, VLAN id
truth() {
	ip -n "$1" -json -d link >"$TMP/link.json" || fail "ip link in $1"
	# "nsid 0 (iproute2 netns name: NAME)"
	ip -n "$1" netns list-id | sed -n 's/^nsid \([0-9]*\) .*name: \([^)]*\)).*/\1 \2/p' |
		while read -r id name; do
			echo "$id $(stat -L -c %i "/run/netns/$name")"
		done | jq -Rn '[inputs / " " | { key: .[0], value: .[1] }] | from_entries' >"$TMP/ids.json"
	jq -r --slurpfile ids "$TMP/ids.json" --arg own "$(stat -L -c %i "/run/netns/$1")" '
		. as $all |
		def index_of($name): ($all[] | select(.ifname == $name) | .ifindex) // null;
		.[] | (.link // .linkinfo.info_data.link) as $link |
		(.link_index // if $link then index_of($link) else null end) as $lower |
		[.ifindex, .ifname, .linkinfo.info_kind, .address,
		 if .master then index_of(.master) else null end, $lower,
		 if $lower == null then null
		 elif .link_netnsid != null then $ids[0][.link_netnsid | tostring] else $own end,
		 if .linkinfo.info_kind == "vlan" then .linkinfo.info_data.id else null end] |
		map(. // "") | join(",")' "$TMP/link.json" | sort -n
}

# told NAMESPACE: the same from the trace, the newest row of each device
told() {
	query "$TMP/t.zst" "SELECT ifindex, name, kind, mac, master, link, link_netns, vlan_id
		FROM (SELECT *, row_number() OVER (PARTITION BY ifindex ORDER BY time_ns DESC) AS age
			FROM interface WHERE netns = $(stat -L -c %i "/run/netns/$1"))
		WHERE age = 1" | tr -d '"' | sort -n
}

compare() {
	for ns in "$left" "$right"; do
		truth "$ns" >"$TMP/truth"
		told "$ns" >"$TMP/told"
		diff "$TMP/truth" "$TMP/told" >"$TMP/diff" ||
			fail "the devices $1 differ (< ip, > trace): $(cat "$TMP/diff")"
	done
}

start_record -d 100ms -o "$TMP/t.zst"
wait "$recorder" || fail "the recorder"
compare "of the start"
grep -qE ',macvlan,[^,]*,,[0-9]+,[0-9]+,' "$TMP/truth" || fail "no device on one of another namespace"
equal "rows that tell of a change" \
	"$(query "$TMP/t.zst" "SELECT count(*) FROM interface WHERE time_ns > 0")" 0

# boottime_ns: the clock of the trace
boottime_ns() {
	awk '{ printf "%.0f", $1 * 1e9 }' /proc/uptime
}

# changed NAME SQL: the trace that is being written has a later row of this device with this
changed() {
	"$analyze" sql --format csv "$TMP/t.zst" "SELECT time_ns FROM interface
		WHERE time_ns > 0 AND name = '$1' AND $2" >"$TMP/rows.csv" 2>"$TMP/rows.err"
	[ "$(wc -l <"$TMP/rows.csv")" -gt 1 ]
}

rm -f "$TMP/t.zst" "$TMP/record.err"
start_record -o "$TMP/t.zst"
bridge=$(ip -n "$left" -json link show nsbr | jq '.[].ifindex')
began=$(boottime_ns)
ip -n "$left" link set nsd master nsbr
until_true 10 changed nsd "master = $bridge"
ended=$(boottime_ns)
since=$(sed -n '2p' "$TMP/rows.csv" | tr -d '\r')
# the clock of /proc/uptime has steps of 10 ms
[ "$since" -ge $((began - 10000000)) ] && [ "$since" -le $((ended + 10000000)) ] ||
	fail "changed between $began and $ended, told to have been at $since"
ip -n "$left" link set nsa down
ip -n "$left" link set nsa name nsz
ip -n "$left" link set nsd address 02:00:00:00:00:77
until_true 10 changed nsz "kind = 'veth'"
until_true 10 changed nsd "mac = '02:00:00:00:00:77'"
ip -n "$left" link set nsd nomaster
until_true 10 changed nsd "master IS NULL"
stop_record
compare "at the end"
