#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The analyzer gives up everything before it reads a trace. Here, and not with the other
# commands, because builds with the sanitizers are allowed more.
. tests/lib.sh
captive=$BUILD/tests/captive
golden=tests/golden/v1-all.zst

has() {
	"$analyze" --version -v | grep -q "^$1: the kernel has \(filters\|version\)"
}

# captive_lines ARGUMENT...: what could still be done; parts end with the execution that works
captive_lines() {
	rm -rf "$TMP/cage"
	mkdir "$TMP/cage"
	echo elsewhere >"$TMP/elsewhere"
	echo there >"$TMP/cage/there"
	echo output >"$TMP/cage/output"
	"$captive" "$@" >"$TMP/lines" 2>&1 || fail "captive $*: $(cat "$TMP/lines")"
}

# only WHAT...: nothing but that was done
only() {
	sed -n 's/: done$//p' "$TMP/lines" >"$TMP/done"
	for what; do echo "$what"; done | sort >"$TMP/wanted"
	sort "$TMP/done" | diff "$TMP/wanted" - || fail "this could be done (>), or could not (<)"
}

has seccomp || has Landlock || skip "this kernel has neither Landlock nor seccomp"
if has seccomp; then
	captive_lines --no-landlock "$TMP/cage"
	only "make a thread"
	captive_lines "$TMP/cage"
	only "make a thread"
	captive_lines "$TMP/cage" "$TMP/cage/output"
	if has Landlock; then
		only "make a thread" "link the output" "rename the output" "remove the output"
		captive_lines "$TMP/cage" /nowhere/output
		[ -e "$TMP/cage/output" ] || fail "a file that is no output was removed"
	fi
fi
if has Landlock; then
	captive_lines --no-seccomp "$TMP/cage"
	for what in "read /etc/passwd" "read a file" "write a file" "make a file" \
		"list a directory" "link a file" "link a file from elsewhere" "make a directory" "remove a file" execute; do
		grep -qx "$what: E\(ACCES\|XDEV\|PERM\)" "$TMP/lines" || fail "$what was not refused"
	done
	if "$analyze" --version -v | grep -q TCP; then
		says "$TMP/lines" "connect an open TCP socket: EACCES"
	fi
fi
captive_lines --no-landlock --no-seccomp "$TMP/cage"
says "$TMP/lines" "read /etc/passwd: done"
says "$TMP/lines" "connect an open TCP socket: done"

filter='seccomp(SECCOMP_SET_MODE_FILTER, .*{len='
# traced NAME WHAT...: run a command under strace; in $TMP/after is what came after the filter, in
# $TMP/apart what the processes did that had been made before
traced() {
	name=$1
	shift
	rm -f "$TMP/strace"
	status=0
	strace -f -o "$TMP/strace" "$@" >"$TMP/out" 2>"$TMP/err" </dev/null || status=$?
	sed "/$filter/q" "$TMP/strace" | grep -v CLONE_THREAD |
		sed -n 's/.*\(clone\|fork\).* = \([0-9]*\)$/^\2 /p' >"$TMP/others"
	grep -f "$TMP/others" "$TMP/strace" >"$TMP/apart"
	grep -v -f "$TMP/others" "$TMP/strace" >"$TMP/own"
	mv "$TMP/own" "$TMP/strace"
	sed "1,/$filter/d" "$TMP/strace" >"$TMP/after"
	[ -s "$TMP/after" ] || fail "$name: there is no filter: $(tail -n 3 "$TMP/strace")"
	# nothing of the file but what tells a database from a trace
	sed "/$filter/q" "$TMP/strace" | sed '1,/open.*\(bad\|private\).zst/d' | grep -v '"TZif' >"$TMP/before"
}

# calls_after PATTERN: the calls of that kind that came after the filter
calls_after() {
	grep -E "(^|[0-9] )($1)\(" "$TMP/after" || true
}

# only_named PATTERN...: that is all that a process apart did, and it did so
only_named() {
	grep -E "^[0-9]+ +($naming)\(" "$TMP/apart" >"$TMP/named"
	for pattern; do
		grep -q "$pattern" "$TMP/named" || [ "${pattern#rename}" != "$pattern" ] ||
			fail "nothing was named by: $pattern"
		grep -v "$pattern" "$TMP/named" >"$TMP/rest" || true
		mv "$TMP/rest" "$TMP/named"
	done
	[ ! -s "$TMP/named" ] || fail "a process apart did: $(cat "$TMP/named")"
}

has seccomp || skip "this kernel has no filters of system calls"
strace true 2>/dev/null || skip "strace does not work here"
damage=$BUILD/tests/damage
"$damage" "$golden" flip 700 >"$TMP/bad.zst"
"$analyze" load -o "$TMP/of.db" "$golden" || fail "load"
naming='open|openat|openat2|creat|connect|socket|sendto|bind|execve|execveat|fork|vfork|ptrace|unlink|unlinkat|rename|renameat|renameat2|link|linkat|symlink|mkdir|chmod|fchmod|access|faccessat|faccessat2|readlink'
for command in "report $TMP/bad.zst" "report --by process --interval 1ms $TMP/bad.zst" \
	"report --from +0.001 $TMP/bad.zst" "info $TMP/bad.zst" "dump $TMP/bad.zst" \
	"verify $TMP/bad.zst" "recover -o - $TMP/bad.zst"; do
	# shellcheck disable=SC2086 # the command's words
	traced "$command" "$analyze" $command
	[ $status -eq 3 ] || [ $status -eq 0 ] || fail "$command: status $status: $(cat "$TMP/err")"
	found=$(calls_after "$naming")
	[ -z "$found" ] || fail "$command: after the sandbox: $found"
	reads=$(grep -cE 'pread64\(|[^a-z]read\([3-9]' "$TMP/before")
	[ "$reads" -le 1 ] || fail "$command: before the sandbox: $(cat "$TMP/before")"
done
traced sql "$analyze" sql "$TMP/bad.zst" \
	"SELECT a.bytes, random() FROM net_event a JOIN net_event b ORDER BY 1 LIMIT 3"
equal "status of sql" $status 3
found=$(calls_after "$naming")
[ -z "$found" ] || fail "sql: after the sandbox: $found"

# what is put in its place
traced "recover to a file" "$analyze" recover -o "$TMP/whole.zst" "$TMP/bad.zst"
equal "status of recover" $status 0
found=$(calls_after "$naming")
[ -z "$found" ] || fail "recover: after the sandbox: $found"
only_named 'linkat(.*/proc/self/fd/.*whole.zst'
traced load "$analyze" load -o "$TMP/new.db" "$TMP/bad.zst"
equal "status of load" $status 3
found=$(calls_after "$naming" | grep -v 'rename(.*new.db')
[ -z "$found" ] || fail "load: after the sandbox: $found"

cp "$golden" "$TMP/private.zst"
rm -f "$TMP/key"
mkdir "$TMP/maps" "$TMP/made"
for command in anonymize share "share --to +0.001 --port 443 --max-size 1M"; do
	rm -f "$TMP/maps/map"
	# shellcheck disable=SC2086 # the command's words
	traced "$command" "$analyze" $command --key "$TMP/key" --map "$TMP/maps/map" --force \
		-o "$TMP/made/public.zst" "$TMP/private.zst"
	equal "status of $command" $status 0
	found=$(calls_after "$naming")
	[ -z "$found" ] || fail "$command: after the sandbox: $found"
	only_named 'linkat(.*/proc/self/fd/.*/\(key\|maps/map\|made/public.zst.*\)",' 'rename(.*public.zst'
	reads=$(grep -v netsnoop-key "$TMP/before" | grep -cE 'pread64\(|[^a-z]read\([3-9]')
	[ "$reads" -le 1 ] || fail "$command: before the sandbox: $(cat "$TMP/before")"
done
mkfifo "$TMP/pipe"
cat "$TMP/private.zst" >"$TMP/pipe" &
traced "anonymize a pipe" "$analyze" anonymize --key "$TMP/key" -o - "$TMP/pipe"
equal "status of anonymize" $status 0
found=$(calls_after "$naming")
[ -z "$found" ] || fail "anonymize: after the sandbox: $found"
mv "$TMP/out" "$TMP/confined.zst"

# a kernel that has neither
rm -f "$TMP/maps/map" "$TMP/made/public.zst"
strace -f -o "$TMP/strace" -e inject=landlock_create_ruleset,seccomp:error=ENOSYS "$analyze" anonymize \
	--key "$TMP/key" --map "$TMP/maps/map" -o "$TMP/made/public.zst" "$TMP/private.zst" >"$TMP/out" 2>"$TMP/err" ||
	fail "without a sandbox: $(cat "$TMP/err")"
cmp "$TMP/confined.zst" "$TMP/made/public.zst" || fail "without a sandbox there is another trace"
[ -s "$TMP/maps/map" ] || fail "without a sandbox there is no map"

# a kernel that has Landlock and refuses to begin: no trace is read, and nobody is told that it is used
if has Landlock; then
	expect 1 strace -o "$TMP/strace" -e inject=landlock_restrict_self:error=EPERM "$analyze" report "$golden"
	says "$TMP/err" "the trace would be read unconfined"
	[ ! -s "$TMP/out" ] || fail "it was read all the same"
	strace -o "$TMP/strace" -e inject=landlock_restrict_self:error=EPERM "$analyze" --version -v >"$TMP/out"
	says "$TMP/out" "not used: Operation not permitted"
fi

# where files have to have names until they are whole
rm -f "$TMP/maps/map" "$TMP/made/public.zst"
strace -f -o "$TMP/strace" -e 'inject=?access,?faccessat,?faccessat2:error=ENOENT' "$analyze" anonymize \
	--key "$TMP/key" --map "$TMP/maps/map" -o "$TMP/made/public.zst" "$TMP/private.zst" >"$TMP/out" 2>"$TMP/err" ||
	fail "with names: $(cat "$TMP/err")"
grep -q 'renameat2(.*public.zst' "$TMP/strace" || fail "the output had no name: $(tail -n 5 "$TMP/strace")"
cmp "$TMP/confined.zst" "$TMP/made/public.zst" || fail "with names there is another trace"
equal "what is left" "$(echo "$TMP"/maps/* "$TMP"/made/*)" "$TMP/maps/map $TMP/made/public.zst"

# a database and what stands beside it, and nothing else
for command in "report $TMP/of.db" "report --interval 1ms $TMP/of.db" "load -o $TMP/of.db $TMP/bad.zst"; do
	# shellcheck disable=SC2086 # the command's words
	traced "$command" "$analyze" $command
	[ $status -eq 3 ] || [ $status -eq 0 ] || fail "$command: status $status: $(cat "$TMP/err")"
	found=$(calls_after "$naming" | grep -v -e "$TMP/of.db" -e "\"$TMP\", O_RDONLY")
	[ -z "$found" ] || fail "$command: after the sandbox: $found"
done

# one that an interrupted change has left half done is rolled back, and one with a log is read
"$analyze" load -o "$TMP/big.db" samples/mixed-minute.zst || fail "load"
"$analyze" report --format json "$TMP/big.db" >"$TMP/wanted"
sqlite3 "$TMP/big.db" "PRAGMA cache_size = 2; BEGIN; UPDATE event SET bytes = 1" \
	".shell cp $TMP/big.db $TMP/hot.db; cp $TMP/big.db-journal $TMP/hot.db-journal" ROLLBACK
cp "$TMP/hot.db" "$TMP/torn.db"
expect 0 "$analyze" report --interval 1s --format json "$TMP/torn.db"
mv "$TMP/out" "$TMP/torn"
expect 0 "$analyze" report --interval 1s --format json "$TMP/big.db"
cmp -s "$TMP/torn" "$TMP/out" && fail "the copy is not half done"
expect 0 "$analyze" report --format json "$TMP/hot.db"
sed "s/hot.db/big.db/" "$TMP/out" | cmp - "$TMP/wanted" || fail "it was not rolled back"
[ ! -e "$TMP/hot.db-journal" ] || fail "its journal is still there"
equal "mode" "$(sqlite3 "$TMP/big.db" "PRAGMA journal_mode = WAL")" wal
for command in "report --format json" "report --interval 10s --format json"; do
	# shellcheck disable=SC2086 # the command's words
	expect 0 "$analyze" $command "$TMP/big.db"
done
expect 0 "$analyze" load -o "$TMP/big.db" "$golden"
equal "traces" "$(sqlite3 "$TMP/big.db" "SELECT count(*) FROM trace")" 2

# by a link in another directory: what belongs to a database stands beside what the link leads to
mkdir "$TMP/links" "$TMP/databases"
"$analyze" load -o "$TMP/databases/x.db" "$golden" || fail "load"
ln -s ../databases/x.db "$TMP/links/x.db"
expect 0 "$analyze" load -o "$TMP/links/x.db" samples/mixed-minute.zst
equal "what is beside it" "$(ls "$TMP/databases")" x.db
equal "mode" "$(sqlite3 "$TMP/databases/x.db" "PRAGMA journal_mode = WAL")" wal
expect 0 "$analyze" report --format json "$TMP/links/x.db"
equal "what is beside the link" "$(ls "$TMP/links")" x.db

# nor is anything left of what the caller had open
mkfifo "$TMP/slow"
exec 8<>"$TMP/slow"
"$analyze" dump - <"$TMP/slow" 9>"$TMP/inherited" >"$TMP/out" 2>"$TMP/err" &
at_exit "kill -KILL $!"
until_true 10 grep -q '^Seccomp:[[:space:]]*2' /proc/$!/status
left=$(find /proc/$!/fd -mindepth 1 -printf '%f %l\n' | grep -e inherited -e '^[1-9].*slow') &&
	fail "open in the sandbox: $left"
kill -KILL $!

# ... but what SQLite has locked stays locked, though the caller has the database open
"$analyze" load -o "$TMP/of.db" "$TMP/slow" 9<"$TMP/of.db" >"$TMP/out" 2>"$TMP/err" &
at_exit "kill -KILL $!"
until_true 10 grep -q '^Seccomp:[[:space:]]*2' /proc/$!/status
sqlite3 "$TMP/of.db" "BEGIN IMMEDIATE; ROLLBACK" 2>"$TMP/err" && fail "the database is not locked"
says "$TMP/err" "database is locked"
kill -KILL $!
