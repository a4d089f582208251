#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# fetch.sh CODENAME: the newest kernel that this release of Debian ships for clouds (the
# one with the fewest drivers), from the archive that this machine's apt uses; apt
# verifies it. Prints the directory to which it was unpacked, below $NETSNOOP_VM_CACHE or
# build/vm. What is there from within a day is not asked for again. Exit status 77
# with the reason if there is no such archive or no way to it.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/vm/cache.sh
codename=$1
suite=$codename-security package=linux-image-cloud-amd64

[ "$(uname -m)" = x86_64 ] || skip "only Debian's kernels for amd64 are tried"
for tool in apt-get dpkg-deb xz; do
	command -v $tool >/dev/null || skip "there is no $tool here"
done
keys=/usr/share/keyrings/debian-archive-keyring.gpg
[ -e $keys ] || skip "Debian's keys are not here (debian-archive-keyring)"

home=$cache/$codename
mkdir -p "$home/lists/partial" "$home/archives/partial" || exit 1
# Two of us at a time would unpack into the same directory.
exec 9>"$home/lock"
flock 9
find "$home/kernel" -maxdepth 0 -mtime -1 2>/dev/null | grep -q . && {
	echo "$home/kernel"
	exit 0
}

# The security updates of another release are where those of this one are.
site=$(apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT) $(CREATED_BY)' 2>/dev/null |
	awk '$2 ~ /-security$/ && $3 == "main" && $4 == "Packages" { print $1; exit }')
[ -n "$site" ] || skip "this machine's apt knows no archive of Debian's security updates"
echo "deb [arch=amd64 signed-by=$keys] $site $suite main" >"$home/sources.list"

apt() {
	program=$1
	shift
	"$program" -o Dir::Etc::sourcelist="$home/sources.list" -o Dir::Etc::sourceparts=- \
		-o Dir::State::lists="$home/lists" -o Dir::State::status=/dev/null \
		-o Dir::Cache="$home" -o APT::Architecture=amd64 -o Acquire::Languages=none \
		-o APT::Sandbox::User="$(id -un)" "$@"
}
apt apt-get -q update >"$home/log" 2>&1 || skip "apt cannot read $suite: $(tail -n 1 "$home/log")"
image=$(apt apt-cache depends "$package" 2>>"$home/log" |
	awk '$1 == "Depends:" && /linux-image/ { print $2; exit }')
[ -n "$image" ] || skip "$suite has no $package"
if [ "$(cat "$home/image" 2>/dev/null)" != "$image" ]; then
	rm -rf "$home/kernel" "$home"/*.deb "$home/new"
	(cd "$home" && apt apt-get -q download "$image") >>"$home/log" 2>&1 ||
		skip "apt cannot fetch $image: $(tail -n 1 "$home/log")"
	dpkg-deb -x "$home/$image"_*.deb "$home/new" || exit 1
	rm -f "$home"/*.deb
	mv "$home/new" "$home/kernel" && echo "$image" >"$home/image" || exit 1
fi
touch "$home/kernel"
echo "$home/kernel"
