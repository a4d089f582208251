#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Every kind of packet is an event with the fields that it has and null for the
# others, on the side that sends and on the side that receives.
. tests/lib.sh
need_live
make_pair
for ns in "$left" "$right"; do # the frames carry addresses of nobody
	ip netns exec "$ns" sh -c 'for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 1 >$f; done'
done

ethernet() { # ethernet TYPE PAYLOAD
	echo "02000000000b02000000000a$1$2"
}
# ipv4 N PROTOCOL PAYLOAD [FIRST-BYTE [OPTIONS [FRAGMENT]]]: from 192.0.2.N to
# 192.0.2.200. The length is right, the checksum is not.
ipv4() {
	options=${5:-}
	printf '%s00%04x0007%s40%02x0000c00002%02xc00002c8%s%s' "${4:-45}" \
		$(((40 + ${#3} + ${#options}) / 2)) "${6:-0000}" "$2" "$1" "$options" "$3"
}
# ipv6 N NEXT-HEADER PAYLOAD: from 2001:db8::N to 2001:db8::c8
ipv6() {
	printf '60000000%04x%02x4020010db80000000000000000000000%02x20010db80000000000000000000000c8%s' \
		$((${#3} / 2)) "$2" "$1" "$3"
}
udp=04d2162e000c0000aabbccdd			   # 1234 > 5678, 4 bytes
tcp=04d2162e00000001000000005018200000000000aabbcc # PSH ACK, 3 bytes
{
	ethernet 88cc 0207040102030405
	ethernet 0806 0001080006040001020000000000c0000201000000000000c0000202
	ethernet 0800 "$(ipv4 1 17 $udp)"
	ethernet 0800 "$(ipv4 2 6 $tcp)"
	ethernet 0800 "$(ipv4 3 17 $udp 46 94040000)"	# router alert
	ethernet 0800 "$(ipv4 4 17 $udp 45 '' 2000)"	# first fragment
	ethernet 0800 "$(ipv4 5 17 $udp 45 '' 0002)"	# last fragment
	ethernet 0800 "$(ipv4 6 253 aabbcc)"
	ethernet 0800 "$(ipv4 7 132 04d2162e0000000000000000)" # SCTP
	ethernet 0800 "$(ipv4 8 1 0800000000010001)"	# echo request
	ethernet 0800 "$(ipv4 9 17 $udp 42)"		# a header of 8 bytes
	ethernet 0800 "$(ipv4 10 17 04d2)"		# cut inside the ports
	ethernet 0800 "$(ipv4 11 17 $udp)$(printf %060d 0)" # padded
	ethernet 0800 450000140007
	ethernet 8100 "002a0800$(ipv4 12 17 $udp)"	# VLAN 42
	ethernet 86dd "$(ipv6 1 17 $udp)"
	ethernet 86dd "$(ipv6 2 0 3c000104000000001100010400000000$udp)" # hop-by-hop, destination
	ethernet 86dd "$(ipv6 3 44 "1100000100000001$udp")" # first fragment
	ethernet 86dd "$(ipv6 4 44 "1100000800000001$udp")" # last fragment
	ethernet 86dd "$(ipv6 5 58 8000000000010001)"	# echo request
	ethernet 86dd "$(ipv6 6 59 '')"			# no next header
} >"$TMP/frames"

start_record --interface nsl --interface nsr -o "$TMP/t.zst"
ip netns exec "$left" "$BUILD/tests/frames" nsl <"$TMP/frames" || fail "the frames"
stop_record
expect 0 "$analyze" dump --format json "$TMP/t.zst"
cp "$TMP/out" "$TMP/dump"

# event SOURCE: its fields on both sides, or why not
event() {
	for is_send in true false; do
		jq -r "select(.saddr == \"$1\" and .is_send == $is_send) |
			[.protocol, .sport, .dport, .bytes, .header_bytes, .is_fragment, .tcp_flags,
			.vlan_id, .link_header_bytes] | map(if . == null then \"-\" elif . == true then 1 elif . == false then 0 else . end) | join(\" \")" "$TMP/dump"
	done | uniq
}
#                             protocol ports bytes header fragment flags VLAN link
equal "plain UDP" "$(event 192.0.2.1)" "UDP 1234 5678 32 28 0 - - 14"
equal "plain TCP" "$(event 192.0.2.2)" "TCP 1234 5678 43 40 0 24 - 14"
equal "IPv4 options" "$(event 192.0.2.3)" "UDP 1234 5678 36 32 0 - - 14"
equal "a first fragment" "$(event 192.0.2.4)" "UDP 1234 5678 32 28 1 - - 14"
equal "a later fragment" "$(event 192.0.2.5)" "UDP - - 32 20 1 - - 14"
equal "an experimental protocol" "$(event 192.0.2.6)" "ip-253 - - 23 20 0 - - 14"
equal "SCTP" "$(event 192.0.2.7)" "SCTP 1234 5678 32 32 0 - - 14"
equal "ICMP" "$(event 192.0.2.8)" "ICMP - - 28 28 0 - - 14"
equal "a bad header length" "$(event 192.0.2.9)" ""
equal "ports cut off" "$(event 192.0.2.10)" "UDP - - 22 - 0 - - 14"
equal "a padded frame" "$(event 192.0.2.11)" "UDP 1234 5678 32 28 0 - - 14"
equal "a VLAN tag" "$(event 192.0.2.12)" "UDP 1234 5678 32 28 0 - 42 18"
equal "IPv6" "$(event 2001:db8::1)" "UDP 1234 5678 52 48 0 - - 14"
equal "extension headers" "$(event 2001:db8::2)" "UDP 1234 5678 68 64 0 - - 14"
equal "a first fragment of IPv6" "$(event 2001:db8::3)" "UDP 1234 5678 60 56 1 - - 14"
equal "a later fragment of IPv6" "$(event 2001:db8::4)" "UDP - - 60 48 1 - - 14"
equal "ICMPv6" "$(event 2001:db8::5)" "ICMPv6 - - 48 48 0 - - 14"
equal "no next header" "$(event 2001:db8::6)" "ip-59 - - 40 40 0 - - 14"

count() { # count CONDITION: of events, both sides
	jq -c "select($1)" "$TMP/dump" | wc -l
}
equal "LLDP frames" "$(count '.protocol == "eth-0x88cc" and .saddr == null and .bytes == 8')" 2
equal "ARP frames" "$(count '.protocol == "ARP" and .saddr == null and .bytes == 28')" 2
equal "unreadable IPv4 headers" \
	"$(count '.ethertype == 2048 and .saddr == null and .protocol == "eth-0x0800"')" 4
counter() {
	query "$TMP/t.zst" "SELECT sum(value) FROM counter WHERE name = '$1'"
}
equal "the count of frames that are not IP" "$(counter not_ip)" \
	"$(count '.ethertype != 2048 and .ethertype != 34525')"
equal "the count of bad headers" "$(counter bad_header)" 6
[ "$(count '.owner_source == "current" and (.is_send | not)')" -eq 0 ] ||
	fail "a received event was charged to the current task"
