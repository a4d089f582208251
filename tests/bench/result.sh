# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=sh
#
# What the benchmarks share: how a figure is written down, and what many rounds
# come to. Sourced. Figures go to the file that $RESULTS names, one a line.

# result NAME=VALUE...: write a figure down. section, key and what name it; value, unit, low
# and high (where it lies with a probability of 95 %), n (rounds) are the figure; must, goal
# and better (higher, or lower) the budget; command how it was had, note what else there is
# to say. Without a value it is missing, and the note says why.
result() {
	[ -n "${RESULTS:-}" ] || return 0
	jq -nc --args '
		[$ARGS.positional[] | capture("^(?<key>[a-z]+)=(?<value>.*)$"; "m")] | from_entries |
		def text(name): .[name] // "";
		def number(name): text(name) | if . == "" then null else tonumber end;
		{ section: text("section"), key: text("key"), what: text("what"),
		  value: number("value"), unit: text("unit"),
		  low: number("low"), high: number("high"), n: number("n"),
		  must: number("must"), goal: number("goal"), better: text("better"),
		  command: text("command"), note: text("note") }' "$@" >>"$RESULTS" ||
		{ echo "result: no figure: $*" >&2; return 1; }
}

# median: of the numbers on standard input, one a line
median() {
	sort -g | awk '{ value[NR] = $1 }
		END { if (NR) printf "%.6g\n", (value[int((NR + 1) / 2)] + value[int(NR / 2) + 1]) / 2 }'
}

# interval: "LOW HIGH", between which the median lies with a probability of 95 %, whatever
# the numbers' distribution: those whose ranks a binomial distribution leaves 2.5 % beyond.
# Fewer than six numbers allow of no such interval: their lowest and highest.
interval() {
	sort -g | awk '{ value[NR] = $1 }
		END {
			if (!NR)
				exit
			chance = below = 0.5 ^ NR
			for (rank = 1; below <= 0.025; rank++) {
				chance *= (NR - rank + 1) / rank
				below += chance
			}
			rank = rank > 1 ? rank - 1 : 1
			printf "%.6g %.6g\n", value[rank], value[NR + 1 - rank]
		}'
}

# of_rounds FILE: what the rounds' figures in it come to, as arguments of result
of_rounds() {
	# shellcheck disable=SC2046 # two words
	set -- "$1" $(interval <"$1")
	[ $# -eq 3 ] || return 0
	echo "value=$(median <"$1") low=$2 high=$3 n=$(wc -l <"$1")"
}
