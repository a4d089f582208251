# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=sh disable=SC2154
#
# The networks of the rig beyond the wire between left and right: sourced by
# run.sh after make_pair.

ip -n "$left" route add 239.0.0.0/8 dev nsl || fail "cannot route multicast"

# As little as possible is sent again.
for ns in "$left" "$right"; do
	ip netns exec "$ns" sh -c 'echo reno >/proc/sys/net/ipv4/tcp_congestion_control'
done
