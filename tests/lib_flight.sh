# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=sh disable=SC2154
#
# What the tests of the flight recorder share; behind tests/lib.sh, make_pair and so on.

flood() { # flood COUNT [PORT]
	ip netns exec "$left" "$traffic" flood udp 10.99.0.2 "${2:-9}" "$1" 64
}
# written FILE: the recorder has told that it is whole
written() {
	grep -qF "$1 (" "$TMP/record.err"
}
# is_whole FILE...: as far as one can see from outside
is_whole() {
	for file; do
		expect 0 zstd -qt "$file"
		expect 0 "$analyze" verify "$file"
		expect 0 "$analyze" report --by process --format json "$file"
		equal "$file is complete" "$(jq '.traces[0].complete' "$TMP/out")" true
		equal "the mode of $file" "$(stat -c %a "$file")" 600
	done
}
memory_kb() { # of a process, without the kernel's rings, which it maps
	sed -n 's/^RssAnon:[[:space:]]*\([0-9]*\) kB/\1/p' /proc/"$1"/status
}
begin() { # begin ARGUMENT...: a recorder, without what the last one left
	rm -f "$TMP"/*.zst "$TMP/record.err"
	start_record --interface nsl --interface nsr "$@"
}
