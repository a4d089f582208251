# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=sh disable=SC2154
#
# The networks of the rig beyond the wire between left and right: sourced by
# run.sh after make_pair. The addresses are those of rig.h.
#
#   inner 10.98.0.2 --(shaped)-- 10.98.0.1 left, a router with NAT --- right
#   inner 10.94.0.2 ------------ 10.94.0.1 left, a router without ---- right
#   inner 10.96.0.2 ------------ br0 10.96.0.1 of bridge ---- 10.96.0.3 right
#   left 10.95.0.1 ~~~~ VXLAN over the wire ~~~~ 10.95.0.2 right
#   left 10.93.0.1 (macvlan), 10.92.0.1 (VLAN) over the wire; right 10.9x.0.2
#   left 10.91.0.1 (bond) ------ 10.91.0.2 right

inner=netsnoop-i-$$ bridge=netsnoop-b-$$
export RIG_LEFT="$left" RIG_RIGHT="$right" RIG_INNER="$inner" RIG_BRIDGE="$bridge"
at_exit "ip netns del $inner; ip netns del $bridge"

# setting NAMESPACE FILE VALUE: in /proc/sys/net
setting() {
	ip netns exec "$1" sh -c "echo '$3' >/proc/sys/net/$2" || fail "cannot set $2 in $1"
}

# join NAMESPACE DEVICE ADDRESS NAMESPACE DEVICE [ADDRESS]: a wire between two
join() {
	ip link add "$2" netns "$1" type veth peer name "$5" netns "$4" || fail "cannot join $1, $4"
	ip -n "$1" address add "$3" dev "$2"
	[ -z "${6:-}" ] || ip -n "$4" address add "$6" dev "$5"
	ip -n "$1" link set "$2" up
	ip -n "$4" link set "$5" up
}

for ns in "$inner" "$bridge"; do
	ip netns add "$ns" || fail "cannot make a namespace"
	setting "$ns" ipv6/conf/default/disable_ipv6 1
	ip -n "$ns" link set lo up
done
for ns in "$left" "$right" "$inner" "$bridge"; do
	setting "$ns" ipv4/tcp_congestion_control reno # sends the least again
	setting "$ns" ipv4/tcp_early_retrans 0
	setting "$ns" ipv4/ping_group_range "0 2147483647"
	setting "$ns" ipv4/icmp_ratemask 0
done
# An answer is late on a slow host, not lost; who has ended says nothing of what was sent again.
ip -n "$left" route change 10.99.0.0/24 dev nsl src 10.99.0.1 rto_min 5s &&
	ip -n "$right" route change 10.99.0.0/24 dev nsr src 10.99.0.2 rto_min 5s ||
	fail "cannot have patience"
ip -n "$left" route add 239.0.0.0/8 dev nsl || fail "cannot route multicast"

join "$inner" nsi 10.98.0.2/24 "$left" nsli 10.98.0.1/24
ip -n "$inner" route add default via 10.98.0.1
ip netns exec "$inner" tc qdisc add dev nsi root tbf rate 80mbit burst 128k latency 500ms ||
	fail "cannot shape a link"
setting "$left" ipv4/ip_forward 1
ip netns exec "$left" nft -f - <<-'END' || fail "cannot translate addresses"
	table ip rig {
		chain after {
			type nat hook postrouting priority 100
			ip saddr 10.98.0.0/24 oif nsl masquerade
		}
		chain own {
			type nat hook output priority -100
			ip daddr 10.97.0.1 dnat to 10.99.0.2
		}
	}
END
ip -n "$left" route add 10.97.0.0/24 via 10.99.0.2
join "$inner" nsir 10.94.0.2/24 "$left" nslir 10.94.0.1/24
ip -n "$inner" route add default via 10.94.0.1 src 10.94.0.2 table 94
ip -n "$inner" rule add from 10.94.0.2 table 94
ip -n "$right" route add 10.94.0.0/24 via 10.99.0.1

ip -n "$bridge" link add br0 type bridge || fail "cannot make a bridge"
ip -n "$bridge" address add 10.96.0.1/24 dev br0
ip -n "$bridge" link set br0 up
join "$inner" nsib 10.96.0.2/24 "$bridge" nsb
ip -n "$bridge" link set nsb master br0
join "$right" nsrb 10.96.0.3/24 "$bridge" nsbr
ip -n "$bridge" link set nsbr master br0
ip netns exec "$bridge" sh -c 'echo 3 >/sys/class/net/nsb/queues/rx-0/rps_cpus' ||
	fail "cannot steer receipts"

tunnel() { # tunnel NAMESPACE DEVICE OTHER-END ADDRESS
	ip -n "$1" link add nsvx type vxlan id 42 dstport 4789 remote "$3" dev "$2" ||
		fail "cannot make a tunnel"
	setting "$1" ipv6/conf/nsvx/disable_ipv6 1
	ip -n "$1" address add "$4" dev nsvx
	ip -n "$1" link set nsvx up
}
tunnel "$left" nsl 10.99.0.2 10.95.0.1/24
tunnel "$right" nsr 10.99.0.1 10.95.0.2/24

# has DEVICE-TYPE: the kernel knows it
has() {
	ip -n "$left" link add nstry type "$@" 2>/dev/null ||
		ip -n "$left" link add link nsl nstry type "$@" 2>/dev/null || return 1
	ip -n "$left" link del nstry
}

# upper NAMESPACE DEVICE LOWER ADDRESS TYPE...: a device on a device
upper() {
	upper_ns=$1 upper_device=$2 lower=$3 upper_address=$4
	shift 4
	ip -n "$upper_ns" link add link "$lower" "$upper_device" type "$@" &&
		ip -n "$upper_ns" address add "$upper_address" dev "$upper_device" &&
		ip -n "$upper_ns" link set "$upper_device" up || fail "cannot make $upper_device"
}

RIG_DEVICES=
if has macvlan; then
	RIG_DEVICES="$RIG_DEVICES macvlan"
	upper "$left" nsmv nsl 10.93.0.1/24 macvlan mode bridge
	ip -n "$right" address add 10.93.0.2/24 dev nsr
fi
if has vlan id 7; then
	RIG_DEVICES="$RIG_DEVICES vlan"
	upper "$left" nsvl nsl 10.92.0.1/24 vlan id 7
	upper "$right" nsvr nsr 10.92.0.2/24 vlan id 7
fi
if has bond; then
	RIG_DEVICES="$RIG_DEVICES bond"
	ip link add nsbl netns "$left" type veth peer name nsbp netns "$right" &&
		ip -n "$left" link add nsbond type bond mode active-backup &&
		ip -n "$left" link set nsbl master nsbond &&
		ip -n "$left" address add 10.91.0.1/24 dev nsbond &&
		ip -n "$left" link set nsbond up && ip -n "$right" link set nsbp up &&
		ip -n "$right" address add 10.91.0.2/24 dev nsbp || fail "cannot make a bond"
	until_true 10 ip netns exec "$left" ping -q -c 1 -W 1 10.91.0.2 >/dev/null
fi
export RIG_DEVICES
