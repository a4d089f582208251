#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# document.sh BENCH.json TEMPLATE: the template with its lines that begin with '@' replaced:
# @machine, @versions, @table SECTION, @commands SECTION.
set -u
json=$1 template=$2

show() {
	jq -r -L "$(dirname "$0")" --arg section "${2:-}" '
		include "figures";
		def cell: gsub("\\|"; "\\|") | gsub("\n"; " ");
		def row: "| " + join(" | ") + " |";
		[.results[] | select(.section == $section)] as $own
		| '"$1" "$json"
}

replace() {
	case $1 in
	@machine) show '.machine | "- \(.cpu), \(.cpus) CPUs (virtual machine: \(.virtual)), \(.memory_mib) MiB",
		"- Linux \(.kernel), \(.system)", "- mitigations: \(.spectre_v2)"' &&
		show '"- measured \(.date), commit \(.commit), in \([.seconds[]] | add) s"' ;;
	@versions) show '.versions | to_entries[] | "- \(.key): \(.value)"' ;;
	"@table "*) show 'if $own == [] then "Not measured in this run." else
		(["what", "figure", "95 % interval", "must", "goal", "meets", "note"] | row),
		"| --- | ---: | --- | ---: | ---: | --- | --- |",
		($own[] | [(.what | cell), with_unit, range, shown("must"), shown("goal"), met, (.note | cell)] | row)
		end' "${1#@table }" ;;
	"@commands "*) show '[$own[].command | select(. != "")]
		| reduce .[] as $one ([]; if index($one) then . else . + [$one] end)
		| .[] | "    \(.)"' "${1#@commands }" ;;
	@*) echo "document: $template: what is $1?" >&2; return 1 ;;
	*) printf '%s\n' "$1" ;;
	esac
}

while IFS= read -r line; do
	replace "$line" || exit 1
done <"$template"
