#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The process table: who each process was, however short its life, held against
# what the test itself started, /proc, and other tools.
. tests/lib.sh
need_live

lives=$TMP/lives # where another user may execute it
cp "$BUILD/tests/lives" "$lives"
rows=$BUILD/tests/process_rows
address=127.77.0.1 # whoever sends there is of this test

# fields of a row, see process_rows.c
read_rows() {
	"$rows" "$TMP/t.zst" >"$TMP/rows" || fail "the rows cannot be read"
}
# field WHAT PID NUMBER: of the last such row
field() {
	awk -F'\t' -v what="$1" -v pid="$2" -v n="$3" \
		'$1 == "process" && $2 == what && $3 == pid { v = $n } END { print v }' "$TMP/rows"
}
count() { # count WHAT PID
	awk -F'\t' -v what="$1" -v pid="$2" \
		'$1 == "process" && $2 == what && $3 == pid' "$TMP/rows" | wc -l
}

# What is there before the recording: a program that was renamed by then, and
# has an argument with a line in it.
mkfifo "$TMP/in" "$TMP/held"
"$lives" $address 9 name "early bird" tell wait send exit 0 "two
lines" <"$TMP/in" >"$TMP/early" &
early=$!
at_exit "kill -KILL $early"
exec 3>"$TMP/in" 4<>"$TMP/held"
until_true 10 grep -qs start "$TMP/early"

start_record -o "$TMP/t.zst"

# 200 programs that live for a moment, one after the other and side by side.
"$lives" $address 9 tell exit 0 >/dev/null || fail "lives"
setpriv --reuid 12345 --regid 54321 --clear-groups sh -c '
	echo "$$ parent"
	for i in $(seq 100); do "$0" "$1" 9 send exit $i $i "a b" & echo "$! $i"; done; wait
	for i in $(seq 101 200); do "$0" "$1" 9 send exit $i $i "a b" & echo "$! $i"; wait; done
	' "$lives" $address >"$TMP/started" || fail "the shell"

# One that takes other names; one that becomes another program, twice; one that
# is forked without an exec; one that a signal ends; a script.
"$lives" $address 9 tell send name first send name "second one" send exit 0 >"$TMP/renamed"
cp "$lives" "$TMP/other program"
"$lives" $address 9 tell send exec "$TMP/other program" $address 9 send \
	exec "$lives" $address 9 send exit 7 >"$TMP/execed"
"$lives" $address 9 fork tell send exit 9 >"$TMP/forked"
"$lives" $address 9 tell send wait <"$TMP/held" >"$TMP/killed" 3>&- 4>&- &
killed=$!
at_exit "kill -KILL $killed"
until_true 10 grep -qs start "$TMP/killed"
kill -KILL $killed
printf '#!/bin/sh\n"%s" %s 9 exit 0; exec "%s" %s 9 tell send exit 0\n' \
	"$lives" $address "$lives" $address >"$TMP/script"
chmod +x "$TMP/script"
"$TMP/script" >"$TMP/scripted" || fail "the script"

# More arguments than the kernel side takes along, of a process that stays.
# shellcheck disable=SC2046 # 300 words
"$lives" $address 9 tell send wait exit 0 $(seq 1000 1299) <"$TMP/held" >"$TMP/long" 3>&- 4>&- &
long=$!
at_exit "kill -KILL $long"
until_true 10 grep -qs start "$TMP/long"

# A number that is used again. (Others may take it first.)
reused=
take_again() {
	echo $((again - 1)) >/proc/sys/kernel/ns_last_pid
	sh -c "[ \$\$ -eq $again ] && exec \"$lives\" $address 9 tell send exit 2" >"$TMP/second"
	[ $? -eq 2 ] && [ -s "$TMP/second" ]
}
if [ -w /proc/sys/kernel/ns_last_pid ]; then # CONFIG_CHECKPOINT_RESTORE
	"$lives" $address 9 tell send exit 1 >"$TMP/first"
	again=$(awk '{ print $2 }' "$TMP/first")
	until_true 20 take_again
	reused=$again
fi

echo >&3
wait $early || fail "the early one"
has_row() {
	"$rows" "$TMP/t.zst" 2>/dev/null | awk -F'\t' -v pid="$1" '$3 == pid { found = 1 } END { exit !found }'
}
until_true 10 has_row "$(awk '{ print $2 }' "$TMP/long")"
echo >&4
wait $long || fail "the long one"
exec 3>&- 4>&-
stop_record
read_rows

build_id=$(file -L "$lives" | sed -n 's/.*BuildID\[[a-z0-9]*\]=\([0-9a-f]*\).*/\1/p')
[ -n "$build_id" ] || fail "file(1) finds no build id in $lives"
exe=$(readlink -f "$lives")

# of the 200: every field
parent=$(awk '$2 == "parent" { print $1 }' "$TMP/started")
awk '$2 != "parent"' "$TMP/started" | sort -n >"$TMP/wanted.pids"
equal "programs started" "$(wc -l <"$TMP/wanted.pids")" 200
while read -r pid i; do
	printf 'process\texec\t%s\t%s\t12345\t54321\tlives\t%s\t%s\t8\t%s\n' "$pid" "$parent" "$exe" \
		"$build_id" "$(printf '%s\\x00%s\\x009\\x00send\\x00exit\\x00%s\\x00%s\\x00a\\x20b\\x00' \
			"$lives" $address "$i" "$i")"
	printf 'process\texit\t%s\t%s\n' "$pid" $((i * 256))
done <"$TMP/wanted.pids" | sort >"$TMP/wanted"
awk -F'\t' -v OFS='\t' 'NR == FNR { of[$1] = 1; next }
	$1 != "process" { next }
	$3 in of && $2 == "exec" { print $1, $2, $3, $5, $7, $8, $14, $15, $16, $17, $18 }
	$3 in of && $2 == "exit" { print $1, $2, $3, $13 }
	$3 in of && $2 != "exec" && $2 != "exit" { print "also", $0 }' \
	FS=' ' "$TMP/wanted.pids" FS='\t' "$TMP/rows" | sort >"$TMP/got"
diff "$TMP/wanted" "$TMP/got" >"$TMP/diff" ||
	fail "the rows of short lives (< wanted, > got): $(head -n 20 "$TMP/diff")"

# their shell is there as their ancestor, and so is this one
equal "the shell's row" "$(field exec "$parent" 14) $(field exec "$parent" 7)" "sh 12345"
equal "the shell's parent" "$(field exec "$parent" 5)" $$
equal "this shell's row" "$(field snapshot $$ 15)" "$(readlink /proc/$$/exe)"
equal "its network namespace" "net:[$(field snapshot $$ 10)]" "$(readlink /proc/$$/ns/net)"
equal "its mount namespace" "mnt:[$(field snapshot $$ 11)]" "$(readlink /proc/$$/ns/mnt)"
equal "its pid namespace" "pid:[$(field snapshot $$ 12)]" "$(readlink /proc/$$/ns/pid)"
equal "init" "$(count snapshot 1)" 1

# starts, in ticks, as /proc had them
ticks=$(getconf CLK_TCK)
for name in early renamed execed forked killed scripted long; do
	pid=$(awk '/^pid/ { print $2 }' "$TMP/$name")
	start=$(awk -F'\t' -v pid="$pid" '$1 == "process" && $3 == pid { print $4 }' "$TMP/rows" | sort -u)
	equal "the start of $name" "$((start / (1000000000 / ticks)))" \
		"$(awk '/^pid/ { print $4 }' "$TMP/$name")"
	eval "$name=$pid"
done

equal "one that was there" "$(count snapshot "$early") $(field snapshot "$early" 14)" "1 early\\x20bird"
equal "its arguments" "$(field snapshot "$early" 18)" \
	"$(printf '%s\\x00%s\\x009\\x00name\\x00early\\x20bird\\x00tell\\x00wait\\x00send\\x00exit\\x000\\x00two\\x0alines\\x00' "$lives" $address)"
equal "its build id" "$(field snapshot "$early" 16)" "$build_id"
equal "its exit" "$(field exit "$early" 13)" 0
equal "names taken" "$(awk -F'\t' -v pid="$renamed" '$2 == "rename" && $3 == pid { print $14 }' "$TMP/rows" |
	tr '\n' ' ')" "first second\\x20one "
equal "programs of one process" \
	"$(awk -F'\t' -v pid="$execed" '$2 == "exec" && $3 == pid { print $14, $15 }' "$TMP/rows" | tr '\n' ',')" \
	"lives $exe,other\\x20program $(readlink -f "$TMP")/other\\x20program,lives $exe,"
equal "its exit code" "$(field exit "$execed" 13)" $((7 * 256))
equal "one that was only forked" \
	"$(count exec "$forked") $(field fork "$forked" 15) $(field fork "$forked" 16)" "0 $exe $build_id"
equal "the end by a signal" "$(field exit "$killed" 13)" 9
equal "what became of a script" \
	"$(awk -F'\t' -v pid="$scripted" '$3 == pid && $2 == "exec" { print $14 }' "$TMP/rows" | tail -n 1)" lives
equal "300 arguments more" "$(field exec "$long" 17) $(field exec "$long" 18 | grep -o '1299.*')" \
	"308 1299\\x00"
if [ -n "$reused" ]; then
	equal "exit codes of the two with one number" "$(awk -F'\t' -v pid="$reused" \
		'$2 == "exit" && $3 == pid { print $13 }' "$TMP/rows" | tr '\n' ' ')" "256 512 "
	equal "starts of the two" "$(awk -F'\t' -v pid="$reused" '$3 == pid { print $4 }' "$TMP/rows" |
		sort -u | wc -l)" 2
fi
equal "a user's name" "$(awk -F'\t' '$1 == "setting" && $2 == "user.0" { print $3 }' "$TMP/rows")" root
expect 0 "$analyze" info "$TMP/t.zst"
says "$TMP/out" "process_ring_full: 0"
says "$TMP/out" "processes_unknown: 0"
