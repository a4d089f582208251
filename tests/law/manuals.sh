#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Every option in --help is in the manual page and back again, and mandoc finds
# nothing wrong with the pages.
. tests/lib.sh

# options FILE: the long options that a text names, one a line
options() {
	grep -oE '(^|[^[:alnum:]-])--[a-z][a-z-]+' "$1" | grep -oE -e '--[a-z][a-z-]+' | sort -u
}

# page SECTION NAME: the page as plain text
page() {
	mandoc -T ascii "docs/$1" | sed "s/.$(printf "\\b")//g" # without overstrikes
}

check_page() { # check_page PAGE HELP-FILE
	page "$1" >"$TMP/page"
	options "$TMP/page" >"$TMP/in-page"
	options "$2" >"$TMP/in-help"
	diff "$TMP/in-help" "$TMP/in-page" >"$TMP/diff" ||
		fail "docs/$1 and --help differ (< help, > page): $(cat "$TMP/diff")"
}

"$record" --help >"$TMP/record.help" || fail "netsnoop-record --help"
check_page netsnoop-record.1 "$TMP/record.help"

"$analyze" --help >"$TMP/analyze.help" || fail "netsnoop-analyze --help"
for command in $(sed -n 's/^  \([a-z]*\)  .*/\1/p' "$TMP/analyze.help"); do
	"$analyze" "$command" --help >"$TMP/command.help" || fail "netsnoop-analyze $command --help"
	cat "$TMP/command.help" >>"$TMP/analyze.help"
	page netsnoop-analyze.1 | grep -qw "$command" || fail "the page does not name $command"
done
check_page netsnoop-analyze.1 "$TMP/analyze.help"

for file in docs/*.[1-9]; do
	mandoc -T lint -W warning "$file" >"$TMP/lint" || fail "$(cat "$TMP/lint")"
done
