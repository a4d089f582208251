#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# packages.sh build [test] [vm] [fuzz] [bench]: see that what a build (and the tests, those on
# emulated kernels, and the tools that we are measured against) needs is there. On Debian and its relatives what is missing is installed, as root or
# through sudo; elsewhere, or without the right to, the command that installs
# it is printed, and the exit status is 1.
set -u

# set | is it there? | Debian | Fedora | Arch | Alpine
needs() {
	cat <<-'END'
	build|command -v gcc|gcc|gcc|gcc|gcc musl-dev
	build|[ -e /usr/include/stdio.h ]|libc6-dev|glibc-devel|glibc|musl-dev
	build|command -v clang|clang|clang|clang|clang
	build|command -v pkg-config|pkg-config|pkgconf-pkg-config|pkgconf|pkgconf
	build|[ -x /usr/sbin/bpftool ] || command -v bpftool|bpftool|bpftool|bpf|bpftool
	build|pkg-config --exists libbpf|libbpf-dev|libbpf-devel|libbpf|libbpf-dev
	build|pkg-config --exists libelf|libelf-dev|elfutils-libelf-devel|libelf|elfutils-dev
	build|pkg-config --exists libzstd|libzstd-dev|libzstd-devel|zstd|zstd-dev
	build|pkg-config --exists libseccomp|libseccomp-dev|libseccomp-devel|libseccomp|libseccomp-dev libseccomp-static
	build|pkg-config --exists sqlite3|libsqlite3-dev|sqlite-devel|sqlite|sqlite-dev
	build|pkg-config --exists nettle|nettle-dev|nettle-devel|nettle|nettle-dev
	build|[ -e /usr/include/linux/bpf.h ]|linux-libc-dev|kernel-headers|linux-api-headers|linux-headers
	test|command -v ip|iproute2|iproute|iproute2|iproute2
	test|[ -x /usr/sbin/nft ] || command -v nft|nftables|nftables|nftables|nftables
	test|command -v ping|iputils-ping|iputils|iputils|iputils
	test|command -v setpriv|util-linux|util-linux|util-linux|util-linux setpriv
	test|command -v script|bsdutils|util-linux-script|util-linux|util-linux-misc
	test|command -v zstd|zstd|zstd|zstd|zstd
	test|command -v sqlite3|sqlite3|sqlite|sqlite|sqlite
	test|command -v jq|jq|jq|jq|jq
	test|command -v pgrep|procps|procps-ng|procps-ng|procps
	test|command -v file|file|file|file|file
	test|command -v mandoc|mandoc|mandoc|mandoc|mandoc
	test|command -v strace|strace|strace|strace|strace
	test|command -v readelf|binutils|binutils|binutils|binutils
	test|command -v clang-format|clang-format|clang-tools-extra|clang|clang-extra-tools
	vm|command -v qemu-system-x86_64|qemu-system-x86|-|-|-
	vm|command -v busybox|busybox-static|-|-|-
	vm|command -v cpio|cpio|-|-|-
	vm|command -v xz|xz-utils|-|-|-
	vm|[ -e /usr/share/keyrings/debian-archive-keyring.gpg ]|debian-archive-keyring|-|-|-
	fuzz|[ -e "$(clang -print-file-name=libclang_rt.fuzzer-$(uname -m).a)" ]|libclang-rt-dev|compiler-rt|compiler-rt|compiler-rt
	fuzz|command -v afl-fuzz|afl++|american-fuzzy-lop|afl++|afl++
	bench|command -v perf|linux-perf|perf|perf|perf
	bench|command -v bpftrace|bpftrace|bpftrace|bpftrace|bpftrace
	bench|command -v tcpdump|tcpdump|tcpdump|tcpdump|tcpdump
	bench|command -v tshark|tshark|wireshark-cli|wireshark-cli|tshark
	bench|command -v nfpcapd|nfdump|nfdump|-|nfdump
	bench|command -v sqlite3|sqlite3|sqlite|sqlite|sqlite
	bench|command -v node|nodejs|nodejs|nodejs|nodejs
	bench|command -v npm|npm|npm|npm|npm
	END
}

sets=" $* "
column=3 install="apt-get install -y"
if command -v apt-get >/dev/null; then :
elif command -v dnf >/dev/null; then column=4 install="dnf install -y"
elif command -v pacman >/dev/null; then column=5 install="pacman -S --needed"
elif command -v apk >/dev/null; then column=6 install="apk add"
fi

missing() {
	# "-": of no use there, since the kernels come by apt
	needs | while IFS='|' read -r set rest; do
		case "$sets" in *" $set "*) ;; *) continue ;; esac
		# a condition may hold "||": the packages are the last four fields
		check=${rest%|*|*|*|*}
		sh -c "$check" >/dev/null 2>&1 && continue
		printf '%s|%s\n' "$set" "${rest#"$check"}" | cut -d'|' -f"$column"
	done | grep -vx -e - | sort -u | tr '\n' ' '
}

packages=$(missing)
[ -n "$packages" ] || exit 0
sudo=
if [ "$(id -u)" -ne 0 ]; then
	if command -v sudo >/dev/null && sudo -n true 2>/dev/null || { [ -t 0 ] && command -v sudo >/dev/null; }
	then sudo=sudo
	else column=0
	fi
fi
if [ "$install" != "apt-get install -y" ] || [ "$column" = 0 ]; then
	echo "These packages are missing; as root, run:" >&2
	echo "  $install $packages" >&2
	exit 1
fi
echo "Installing $packages" >&2
# One that cannot be had does not keep the others away.
apt() {
	DEBIAN_FRONTEND=noninteractive $sudo apt-get "$@" >/dev/null
}
apt update -q || { echo "apt-get could not update its lists" >&2; exit 1; }
# shellcheck disable=SC2086 # a list of words
apt install -y -q --no-install-recommends $packages || for package in $packages; do
	apt install -y -q --no-install-recommends "$package" ||
		echo "apt-get could not install: $package" >&2
done
left=$(missing)
[ -z "$left" ] || { echo "Still not found: $left" >&2; exit 1; }
