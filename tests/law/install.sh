#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What install puts there works from there, and uninstall takes all of it away.
. tests/lib.sh

san=0
[ "$(basename "$BUILD")" = san ] && san=1
run_make() {
	make O="${BUILD#"$PWD"/}" SAN=$san DESTDIR="$TMP/root" PREFIX=/usr "$@" >"$TMP/log" 2>&1 ||
		fail "make $*: $(cat "$TMP/log")"
}

run_make install
for program in netsnoop-record netsnoop-analyze; do
	expect 0 "$TMP/root/usr/bin/$program" --version
	says "$TMP/out" "$program"
	[ -s "$TMP/root/usr/share/man/man1/$program.1" ] || fail "no manual page of $program"
done
[ -s "$TMP/root/usr/share/man/man5/netsnoop-trace.5" ] || fail "no manual page of the format"
run_make uninstall
equal "what uninstall left" "$(find "$TMP/root" -type f)" ""

make compile_commands.json >"$TMP/log" 2>&1 || fail "compile_commands.json: $(cat "$TMP/log")"
for file in format/reader.c record/main.c analyze/main.c; do
	jq -e --arg file "$file" 'any(.[]; .file == $file and (.arguments | index("-c")))' \
		compile_commands.json >/dev/null || fail "compile_commands.json lacks $file"
done
