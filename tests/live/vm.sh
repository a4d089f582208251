#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The static build on another kernel than this one: Debian 12's, emulated. Bytes
# between two namespaces are their processes', and as many as the devices say.
# make check-vm tries more of it, on more kernels.
. tests/lib.sh
for tool in qemu-system-x86_64 busybox cpio; do
	command -v $tool >/dev/null || skip "there is no $tool here"
done
kernel=$(tests/vm/fetch.sh bookworm 2>"$TMP/fetch") || {
	cat "$TMP/fetch"
	exit 77
}
tests/vm/boot.sh "$kernel" "$BUILD" 160 \
	'mkdir /tmp/t && BUILD=/netsnoop/build TMP=/tmp/t tests/vm/totals.sh' ||
	fail "the guest's test ended with $?"
