#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# core.sh EXPECTED [all]: in the guest: totals.sh, and the scenarios of the rig that show
# the most in a few minutes, or all of them, held to tests/rig/expected.tsv and to these files,
# which say what is enough on an older kernel.
set -u
export BUILD=/netsnoop/build RIG_OLDER="$1" RIG_SLOWER=4
status=0
echo "kernel	$(uname -r)"
mkdir /tmp/totals
TMP=/tmp/totals tests/vm/totals.sh || status=1
scenarios=
[ "${2:-}" = all ] || scenarios="tcp tcp-mapped tcp-short-lived udp-one-way udp-connected
	udp-unconnected udp-reuseport udp-fragments prefork fd-passing inetd exits-early pid-reuse
	io_uring raw-253 early-connected early-udp router nat-router nat-own-host bridge-host
	vxlan macvlan vlan bond udp-multicast-3 tcp-before-accept closed-ports"
# shellcheck disable=SC2086 # a list of names
tests/rig/run.sh "$BUILD" $scenarios || status=1
exit $status
