#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# boot.sh KERNEL BUILD SECONDS COMMAND: boot the kernel unpacked in this directory
# under emulation, with the programs of BUILD/static and the tests of this tree in
# /netsnoop, run the command there with sh, and print what it prints. The exit status is
# the command's; 124 if it was not there in time; 125, with the end of what the kernel said,
# if the guest came to no end. An emulated processor is 10 to 20 times slower.
set -u
cd "$(dirname "$0")/../.." || exit 1
export PATH="$PATH:/usr/sbin:/sbin"
kernel=$1 build=$2 seconds=$3 command=$4
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
root=$work/root
mkdir -p "$root/bin" "$root/tools" "$root/etc" "$root/var" "$root/netsnoop/build/tests" || exit 1

# with_libraries PROGRAM TO: a copy, and of what it is linked with
with_libraries() {
	cp -L "$1" "$2" || exit 1
	ldd "$1" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
		mkdir -p "$root$(dirname "$library")"
		[ -e "$root$library" ] || cp -L "$library" "$root$library"
	done
}
for tool in awk ip jq nft ping sqlite3 tc; do
	path=$(command -v $tool) || { echo "boot.sh: there is no $tool here" >&2; exit 1; }
	with_libraries "$path" "$root/tools/$tool"
done
with_libraries /bin/sh "$root/bin/sh"
with_libraries "$(command -v busybox)" "$root/bin/busybox"
echo 'root:x:0:0::/:/bin/sh' >"$root/etc/passwd"

# The modules that the networks of the tests take, and what these need.
version=$(basename "$kernel"/boot/vmlinuz-*) version=${version#vmlinuz-}
modules=$(find "$kernel" -type d -path "*/modules/$version")
tests/vm/modules.sh "$modules" "$root/lib/modules/$version" || exit 1

cp -r tests "$root/netsnoop/" && cp -r "$build"/static/* "$root/netsnoop/build/" &&
	cp tests/vm/init "$root/init" && printf '%s\n' "$command" >"$root/command" || exit 1
(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$work/root.gz" || exit 1

: >"$work/said"
timeout -k 5 "$seconds" qemu-system-x86_64 -M pc -accel tcg,thread=multi -cpu max -smp 2 -m 1024 \
	-kernel "$kernel/boot/vmlinuz-$version" -initrd "$work/root.gz" -no-reboot \
	-append "console=ttyS0 quiet loglevel=4 panic=-1" -display none -nic none \
	-serial "file:$work/console" -serial "file:$work/said" </dev/null 2>"$work/qemu"
status=$?
sed '/^VM-STATUS /d' "$work/said"
ended=$(sed -n 's/^VM-STATUS //p' "$work/said")
[ -n "$ended" ] && exit "$ended"
tail -n 30 "$work/console" "$work/qemu" >&2
[ $status -eq 124 ] && exit 124
exit 125
