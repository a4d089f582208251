# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=sh disable=SC2034
#
# Sourced from the top of the tree: where kernels are kept between two runs.
cache=${NETSNOOP_VM_CACHE:-build/vm}
mkdir -p "$cache" || exit 1
cache=$(cd "$cache" && pwd)

skip() {
	echo "SKIP: $*" >&2
	exit 77
}
