#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The house law: which room may include what of which other (docs/design.md).
. tests/lib.sh

# room_may ROOM PATTERN...: the quoted includes of a room, as paths
room_may() {
	room=$1
	shift
	for file in "$room"/*.[ch]; do
		sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$file" |
			while read -r header; do
				case $header in */*) ;; *) header=$room/$header ;; esac
				for allowed; do
					# shellcheck disable=SC2254 # the law is written in patterns
					case $header in $allowed) continue 2 ;; esac
				done
				echo "$file may not include $header"
			done
	done
}

{
	room_may bpf 'bpf/*'
	room_may format 'format/*'
	room_may common 'common/*'
	room_may record 'record/*' 'common/*' format/trace.h bpf/events.h bpf/netsnoop.skel.h bpf/netsnoop_casts.skel.h
	room_may analyze 'analyze/*' 'common/*' format/trace.h
	grep -nE '#include <(bpf|sqlite3|seccomp|libelf|gelf)' format/*.[ch] common/*.[ch] |
		sed 's/$/: not in this room/'
	grep -nE '#include <(bpf|libelf|gelf)' analyze/*.[ch] | sed 's/$/: not in this room/'
	grep -nE '#include <(sqlite3|seccomp)' record/*.[ch] | sed 's/$/: not in this room/'
} >"$TMP/broken"
[ -s "$TMP/broken" ] && fail "$(cat "$TMP/broken")"

# The ring's layout may change with every build, the file's never: one file
# knows both. The compiler's own lists tell, so that no header hides it.
both=$(grep -l 'bpf/events\.h' "$BUILD"/record/*.d | xargs grep -l 'format/trace\.h' | wc -l)
equal "the number of files that know both layouts" "$both" 1
