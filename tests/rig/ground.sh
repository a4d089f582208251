# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=sh disable=SC2154
#
# A second truth beside what the programs say: nftables counts, at each device
# and in each direction, the very packets that the tracepoints should show.
# Sourced by run.sh, scale.sh and play.sh; the directions are in RIG_WAYS.

# ground_ways: the directions that can be counted: before Linux 5.16 (commit 42df6e1d221d,
# netfilter's egress hook) not what is sent.
ground_ways() {
	ways=ingress
	nft -c 'table netdev rig_try { chain egress {
		type filter hook egress device lo priority 0; }; }' 2>/dev/null &&
		ways="ingress egress"
	echo "$ways"
}

# ground_make NAMESPACE: counters for all its devices
ground_make() {
	# some files among the devices are none, such as bonding_masters
	for device in $(ip netns exec "$1" sh -c 'cd /sys/class/net && echo */ | tr -d /'); do
		for way in $RIG_WAYS; do
			# what comes for these, the tracepoint shows at the device below only
			case $way-$device in
			ingress-nsmv | ingress-nsvl | ingress-nsvr | ingress-nsbond) continue ;;
			esac
			cat <<-END
				table netdev rig {
					set ports {
						type inet_service
						flags interval
					}
					counter ${way}_$device { }
					chain ${way}_$device {
						type filter hook $way device $device priority 0
						meta l4proto { tcp, udp } th dport @ports counter name ${way}_$device accept
						meta l4proto { tcp, udp } th sport @ports counter name ${way}_$device accept
						ip protocol { icmp, 253, 254 } counter name ${way}_$device accept
						ip frag-off & 0x1fff != 0 counter name ${way}_$device accept
						exthdr frag exists counter name ${way}_$device accept
					}
				}
			END
		done
	done | ip netns exec "$1" nft -f - || fail "cannot count the packets of $1"
}

export RIG_WAYS="${RIG_WAYS:-$(ground_ways)}"

# ground_start PORT: begin to count at zero, for the ports of one scenario
ground_start() {
	for ns in "$RIG_LEFT" "$RIG_RIGHT" "$RIG_INNER" "$RIG_BRIDGE"; do
		ip netns exec "$ns" nft "flush set netdev rig ports
			add element netdev rig ports { $1-$(($1 + 19)) }
			reset counters netdev" >/dev/null || fail "cannot count the packets of $ns"
	done
}

# ground_read: what was counted, a line each: netns, device, is_send, skbs, bytes
ground_read() {
	for ns in "$RIG_LEFT" "$RIG_RIGHT" "$RIG_INNER" "$RIG_BRIDGE"; do
		inode=$(ip netns exec "$ns" stat -Lc %i /proc/self/ns/net)
		ip netns exec "$ns" nft list counters netdev | awk -v netns="$inode" '
			$1 == "counter" {
				is_send = $2 ~ /^egress_/
				device = $2
				sub(/^[a-z]*_/, "", device)
			}
			$1 == "packets" && $2 {
				# on its way out a packet has its link header
				bytes = $4 - (is_send ? 14 * $2 : 0)
				printf "%s\t%s\t%d\t%d\t%d\n", netns, device, is_send, $2, bytes
			}'
	done
}
