#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# modules.sh FROM TO: copy the modules that tests/vm/modules names, and all that they
# need, from a kernel's directory of modules, unpacked, with the lists by which
# modprobe finds them. A name that a kernel does not have is built in, or of another version.
set -u
cd "$(dirname "$0")/../.." || exit 1
from=$1 to=$2
mkdir -p "$to" || exit 1
all=$(find "$from" -name '*.ko*')

file_of() {
	echo "$all" | grep -E "/$(echo "$1" | sed 's/[-_]/[-_]/g')\.ko(\.xz)?$"
}

copy() {
	[ ! -e "$to/$1.ko" ] || return 0
	file=$(file_of "$1") && [ -n "$file" ] || return 0
	case $file in
	*.xz) xz -dc "$file" >"$to/$1.ko" ;;
	*) cp "$file" "$to/$1.ko" ;;
	esac || exit 1
	for needed in $(tr '\0' '\n' <"$to/$1.ko" | sed -n 's/^depends=//p' | tr ',' ' '); do
		copy "$needed"
	done
}

while read -r module; do
	copy "$module"
done <tests/vm/modules
busybox depmod -b "${to%/lib/modules/*}" "${to##*/}"
