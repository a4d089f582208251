#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Hostile files (tests/bad): for each the very message and exit status, in a second of CPU and
# 256 MB. UPDATE=1 writes what is said now, to be read before it is committed.
. tests/lib.sh
expected=$PWD/tests/bad/expected.txt
plain=${BUILD%/san}

mkdir "$TMP/bad"
golden=$PWD/tests/golden/v1-all.zst
cd "$TMP/bad" || fail "no directory"
"$BUILD/tests/make_bad" "$golden" || fail "make_bad"
zstd -q -c "$golden" >compressed-again
zstd -q -dc "$golden" >decompressed
[ "$(find . -type f | wc -l)" -ge 40 ] || fail "that is not enough"

# What is allowed by default goes by the size of the file, and that by the version of zstd.
without_sizes() {
	sed -E -e '/: many-/s/[0-9]+ ([a-z ]+); at most [0-9]+/N \1; at most N/' \
		-e 's/(lanes-alike|unused-processes): offset [0-9]+/\1: offset N/'
}

# say_all PROGRAM COMMAND...: what a command says of each file, and how it ends
say_all() {
	for file in *; do
		for command in "report --by process" verify; do
			# shellcheck disable=SC2086 # the command's words
			"$@" $command "$file" >../out 2>../err </dev/null
			echo "== $command $file: $?"
			sed "s|$TMP/bad/||" ../err | without_sizes
		done
	done
}

say_all "$BUILD/netsnoop-analyze" >../got
if [ "${UPDATE:-}" ]; then
	cp ../got "$expected"
fi
diff "$expected" ../got || fail "something else is said, or another status given"
grep -qE '^==.*: (0|1|2|3)$' ../got || fail "nothing was said"
grep -E '^==.*: ([4-9]|[0-9][0-9])' ../got && fail "a program was killed"

# what time and memory are is a matter of the build without the sanitizers
if [ -x "$plain/netsnoop-analyze" ] && [ -x "$plain/tests/bounded" ]; then
	say_all "$plain/tests/bounded" 1 256 "$plain/netsnoop-analyze" >../bounded
	diff ../got ../bounded || fail "too much time or memory"
fi

# to make a trace of one takes longer, but no more memory than goes by its size either
for file in many-*; do
	for command in anonymize share; do
		[ -x "$plain/netsnoop-analyze" ] && [ -x "$plain/tests/bounded" ] || continue
		"$plain/tests/bounded" 8 400 "$plain/netsnoop-analyze" $command --force -o ../made "$file" \
			>../out 2>../err </dev/null
		status=$?
		[ $status -le 1 ] || fail "$command $file: status $status: $(tail -n 5 ../err)"
		grep "TOO MUCH" ../err && fail "$command $file: too much time or memory"
	done
done
for command in anonymize share "share --port 443"; do
	for limit in events chunks unpacked; do
		# shellcheck disable=SC2086 # the command's words
		expect 1 "$BUILD/netsnoop-analyze" $command --max-$limit 5 -o ../made.zst "$golden"
		says "$TMP/err" "--max-$limit allows more"
		equal "messages of $command" "$(grep -c : "$TMP/err")" 1
	done
done
expect 1 "$BUILD/netsnoop-analyze" share --max-flows 1 -o ../made.zst "$golden"
says "$TMP/err" "--max-flows allows more"
[ ! -e ../made.zst ] || fail "there is a trace beyond the limits"

# the other commands end as well, and are not killed
rm -f many-*
for file in *; do
	for command in info dump "recover -o ../made --force" "load -o ../made.db" \
		"anonymize -o ../made --force" "share --from -1 -o ../made --force" \
		"report --interval 1s --from -1"; do
		# shellcheck disable=SC2086 # the command's words
		"$BUILD/netsnoop-analyze" $command "$file" >../out 2>../err </dev/null
		status=$?
		[ $status -le 3 ] || fail "$command $file: status $status: $(tail -n 5 ../err)"
		rm -f ../made.db
	done
done
