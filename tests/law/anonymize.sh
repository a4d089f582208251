#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The recorder's words are known to whoever anonymises its traces: what it says in a setting,
# a counter or a list of hooks has a place in analyze/anonymize_words.c, or is left out on purpose.
. tests/lib.sh
words=analyze/anonymize_words.c
dropped='command_line command kernel_version'

known() {
	case " $dropped " in *" $1 "*) return ;; esac
	grep -qF "\"$1\"" "$words"
}

{
	sed -n 's/.*add\(_number\)\{0,1\}(list, "\([a-z_]*\)".*/\2/p' record/environment.c analyze/recover.c
	sed -n 's/.*bytes_of("\(recovered_[a-z]*\)").*/\1/p' analyze/recover.c
	sed -n 's/^	NAME(\([a-z_]*\),.*/\1/p' record/counts.c
	sed -n 's/.*bytes_of("\([a-z_]*\)", COUNT_NAME_MAX).*/\1/p' record/counters.c
	grep -o '"process[a-z]*_[a-z_]*"' record/processes.c | tr -d '"'
	sed -n 's/^	{ "[a-z_]*", "\([a-z_/]*\)", \(LEARNS\|WALKS\|MAKES_EVENTS\),.*/\1/p' record/hooks.c
	sed -n 's/.*{ "\(--[a-z]*\)", parse_.*/\1/p' record/filters.c
} | sort -u >"$TMP/words"

[ "$(wc -l <"$TMP/words")" -gt 60 ] || fail "the recorder's words were not found: $(cat "$TMP/words")"
while read -r word; do
	known "$word" || fail "'$word' is written into traces, and $words does not know it"
done <"$TMP/words"
