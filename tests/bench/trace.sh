#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# trace.sh BUILD [SECTION...]: what traces take up, and how quickly they answer, beside others
# (trace report load scale; all of them without SECTION). Figures go to $RESULTS, as result.sh
# says. QUICK=1: a tenth of the events, trace and report alone, and not the slow peers.
#
# Every process that is timed is a new one; all files are in the page cache, ours and the
# others'. A report that is not what DuckDB and SQLite find in the same events ends this.
cd "$(dirname "$0")/../.." || exit 1
BUILD=$(cd "$1" && pwd) || exit 1
shift
if [ "${QUICK:-0}" = 1 ]; then
	sections=" ${*:-trace report} "
else
	sections=" ${*:-trace report load scale} "
fi
TMP=$(mktemp -d) || exit 1
export BUILD TMP LC_ALL=C.UTF-8 TZ=UTC PATH="$PATH:/usr/sbin:/sbin"
. tests/lib.sh
. tests/bench/result.sh
. tests/bench/answers.sh
at_exit "rm -rf $TMP"

data=$BUILD/bench/data modules=$BUILD/bench/node
mixed=$BUILD/tests/bench-mixed timed=$BUILD/tests/bench-timed
quick=${QUICK:-0} M=1000000
if [ "$quick" = 1 ]; then n=$M rounds=5; else n=$((10 * M)) rounds=7; fi
main=$((n / M))M
mkdir -p "$data" || exit 1

wanted() {
	case "$sections" in *" $1 "*) return 0 ;; esac
	return 1
}

# is_made NAME: it stands in $data, of this build of bench-mixed
is_made() {
	[ -n "$(find "$data/$1" -newer "$mixed" 2>/dev/null)" ]
}

# make_trace EVENTS NAME OPTION...: make a trace in $data, once for each build of bench-mixed
make_trace() {
	is_made "$2.zst" && return
	events=$1 name=$2
	shift 2
	"$mixed" "$events" "$data/$name.tmp" "$@" 2>"$data/$name.log" || fail "$(cat "$data/$name.log")"
	mv "$data/$name.tmp" "$data/$name.zst"
}

# ratio A B [DIGITS]
ratio() {
	awk -v a="$1" -v b="$2" -v f="%.${3:-3}f\n" 'BEGIN { printf f, a / b }'
}

# seconds FILE: of the rounds that bench-timed noted there, their median
seconds() {
	cut -d' ' -f1 "$1" | median
}

# noted FILE N: of each round, N / seconds
noted() {
	awk -v n="$2" '{ print n / $1 }' "$1" >"$1.rates"
}

# ---- DuckDB ---------------------------------------------------------------------

duckdb=
have_duckdb() {
	[ -n "$duckdb" ] && return
	command -v npm >/dev/null || return
	[ -d "$modules/node_modules/@duckdb/node-api" ] || {
		mkdir -p "$modules" && npm install --silent --no-save --no-package-lock --no-audit \
			--no-fund --prefix "$modules" @duckdb/node-api >"$TMP/npm" 2>&1 || return
	}
	duckdb="node tests/bench/duckdb.mjs $modules"
}

# make_parquet NAME EVENTS [V2] OPTION...: the events of make_trace through a pipe
make_parquet() {
	name=$1 events=$2 version=$3
	shift 3
	is_made "$name.$version" && return
	mkfifo "$TMP/csv" || return
	"$mixed" "$events" /dev/null --csv "$TMP/csv" "$@" 2>/dev/null &
	$duckdb parquet "$TMP/csv" "$data/$name.tmp" "$version" >"$TMP/parquet.json" || return
	wait $!
	rm "$TMP/csv"
	mv "$data/$name.tmp" "$data/$name.$version"
}

# ---- Bytes an event --------------------------------------------------------------

bytes_an_event() {
	ratio "$(stat -c %s "$data/$1")" "$2"
}

# For comparison: is what is made up like what is recorded?
real_recording() {
	if tests/bench/real.sh "$BUILD" "$TMP/real.zst" >"$TMP/real.log" 2>&1 && [ -s "$TMP/real.zst" ]; then
		"$analyze" report --format json "$TMP/real.zst" >"$TMP/real.json"
		events=$(jq '[.traces[].events] | add' "$TMP/real.json")
		result section=trace key=bytes_real what="a recording of ten seconds of mixed traffic" \
			value="$(ratio "$(stat -c %s "$TMP/real.zst")" "$events")" unit=B/event \
			better=lower command="tests/bench/real.sh" note="$events events"
	else
		result section=trace key=bytes_real what="a recording of mixed traffic" unit=B/event \
			note="missing: $(tail -n 1 "$TMP/real.log")"
	fi
}

section_trace() {
	for rate in 10000 50000 200000; do
		events=$((2 * M))
		name=rate-$rate must='' goal=''
		[ "$rate" = 10000 ] && must=5.0 goal=4.0
		make_trace $events $name --rate $rate
		result section=trace key=bytes_$rate what="mixed trace, $rate events/s" \
			value="$(bytes_an_event $name.zst $events)" unit=B/event must=$must goal=$goal \
			better=lower command="bench-mixed $events --rate $rate"
	done
	make_trace "$n" $main
	ours=$(bytes_an_event $main.zst "$n")
	result section=trace key=bytes_mixed what="mixed trace of all other comparisons" \
		value="$ours" unit=B/event better=lower command="bench-mixed $n" \
		note="$(cat "$data/$main.log")"
	real_recording
	if ! have_duckdb; then
		result section=trace key=bytes_parquet what="Parquet, zstd" unit=B/event note="missing: DuckDB"
		return
	fi
	for version in V1 V2; do
		make_parquet $main "$n" $version || fail "no Parquet"
		theirs=$(bytes_an_event $main.$version "$n")
		result section=trace key=bytes_parquet_$version value="$theirs" unit=B/event \
			what="the same events and columns as Parquet ($version), zstd" \
			command="tests/bench/duckdb.mjs parquet" note="DuckDB $(jq -r .version "$TMP/parquet.json")"
	done
	result section=trace key=against_parquet what="trace against Parquet (V1 is DuckDB's default)" \
		value="$(ratio "$(stat -c %s "$data/$main.zst")" "$(stat -c %s "$data/$main.V1")")" \
		unit=ratio must=0.65 goal=0.50 better=lower
}

# ---- Reports -----------------------------------------------------------------------

against_sqlite() {
	make_trace $M 1M
	same_as_sqlite "$data/1M.zst"
	result section=report key=same_sqlite value="$(cat "$TMP/ours"/*.tsv | wc -l)" unit=rows \
		what="rows of the reports, all numbers as SQLite's over $M raw events"
}

against_duckdb() {
	offset=$("$analyze" sql --format csv "$data/$main.zst" \
		"SELECT start_realtime_ns - start_ns AS n FROM trace" | tail -n 1 | tr -d '\r')
	mkdir "$TMP/duckdb"
	make_parquet $main "$n" V1 || fail "no Parquet"
	our_answers "$data/$main.zst" false "$TMP/plain"
	for round in $(seq $rounds); do
		"$timed" "$TMP/report" "$analyze" report --format json "$data/$main.zst" >/dev/null ||
			fail "no report"
		$duckdb report "$data/$main.V1" "$TMP/duckdb" 3 "$offset" >"$TMP/duckdb/$round.json" ||
			fail "no answer of DuckDB's"
	done
	same_answers "$TMP/plain" "$TMP/duckdb" "DuckDB's"
	# the quickest of three, since the first of a process has more to do
	for of in all lean process protocol flow; do
		jq -r "[.rounds[].$of] | min" "$TMP/duckdb"/*.json >"$TMP/duckdb.$of"
	done
	# shellcheck disable=SC2046 # arguments
	{
		result section=report key=duckdb $(of_rounds "$TMP/duckdb.all") unit=s better=lower \
			what="DuckDB: the same three questions to Parquet, $n events, 2 threads" \
			command="tests/bench/duckdb.mjs report" \
			note="$(printf 'process %s, protocol %s, flow %s s; the quickest of 3 in each process, without its start' \
				$(for of in process protocol flow; do median <"$TMP/duckdb.$of"; done))"
		result section=report key=duckdb_lean $(of_rounds "$TMP/duckdb.lean") unit=s better=lower \
			what="DuckDB: bytes and packets alone, $n events"
	}
	result section=report key=against_duckdb unit=times must=1 goal=3 better=higher \
		what="the three reports, whole process, $n events, against DuckDB" \
		value="$(ratio "$(median <"$TMP/duckdb.all")" "$(seconds "$TMP/report")")" \
		note="every number the same; ours has peaks and sources, too"
}

make_pcap() {
	is_made 1M.pcap || "$mixed" $M /dev/null --pcap "$data/1M.pcap" 2>/dev/null || fail "no pcap"
}

# Others that read packets one by one, once: they are slow.
against_tshark() {
	if ! command -v tshark >/dev/null; then
		result section=report key=against_tshark what="against tshark -z conv" unit=times \
			must=200 better=higher note="missing: tshark"
		return
	fi
	make_pcap
	"$timed" "$TMP/tshark" tshark -q -z conv,tcp -z conv,udp -r "$data/1M.pcap" >/dev/null 2>&1 ||
		fail "tshark failed"
	result section=report key=tshark value="$(ratio $M "$(seconds "$TMP/tshark")" 0)" \
		unit=packets/s what="tshark, $M packets" \
		command="tshark -q -z conv,tcp -z conv,udp -r 1M.pcap"
	result section=report key=against_tshark unit=times must=200 better=higher \
		what="events/s against tshark's packets/s" \
		value="$(ratio "$(median <"$TMP/report.rates")" "$(ratio $M "$(seconds "$TMP/tshark")")" 1)"
}

against_nfdump() {
	if ! command -v nfpcapd >/dev/null; then
		result section=report key=nfpcapd what="nfpcapd -r" unit=packets/s note="missing: nfpcapd"
		return
	fi
	make_pcap
	mkdir "$TMP/flows"
	"$timed" "$TMP/nfpcapd" nfpcapd -r "$data/1M.pcap" -w "$TMP/flows" >/dev/null 2>&1 ||
		"$timed" "$TMP/nfpcapd" nfpcapd -r "$data/1M.pcap" -l "$TMP/flows" >/dev/null 2>&1 ||
		{ result section=report key=nfpcapd what="nfpcapd -r" unit=packets/s note="nfpcapd fails"
			return; }
	result section=report key=nfpcapd value="$(ratio $M "$(tail -n 1 "$TMP/nfpcapd" | cut -d' ' -f1)" 0)" \
		unit=packets/s what="nfpcapd, which folds pcap into flows without owners" \
		command="nfpcapd -r 1M.pcap"
}

# perf has to record for itself what it prints: a flood on the loopback device.
against_perf() {
	missing=
	command -v perf >/dev/null || missing=perf
	[ "$(id -u)" -eq 0 ] || missing="root, to record with perf"
	if [ -z "$missing" ]; then
		ip netns add netsnoop-perf-$$ && at_exit "ip netns del netsnoop-perf-$$" &&
			ip -n netsnoop-perf-$$ link set lo up
		perf record -q -a -m 4096 -o "$TMP/perf.data" -e net:net_dev_queue -e net:netif_receive_skb \
			-- ip netns exec netsnoop-perf-$$ "$traffic" flood udp 127.0.0.1 9 $((M / 2)) 64 \
			>/dev/null 2>&1 || missing="a perf that records"
	fi
	if [ -n "$missing" ]; then
		result section=report key=against_perf what="against perf script" unit=times must=50 \
			better=higher note="missing: $missing"
		return
	fi
	"$timed" "$TMP/script" perf script -i "$TMP/perf.data" >"$TMP/script.txt" 2>/dev/null ||
		fail "perf script failed"
	events=$(wc -l <"$TMP/script.txt")
	result section=report key=perf_script what="perf script, $events events of a flood" \
		value="$(ratio "$events" "$(seconds "$TMP/script")" 0)" unit=events/s \
		command="perf script -i perf.data"
	result section=report key=against_perf unit=times must=50 better=higher \
		what="events/s against perf script's" value="$(ratio "$(median <"$TMP/report.rates")" \
			"$(ratio "$events" "$(seconds "$TMP/script")")" 1)"
	rm "$TMP/perf.data" "$TMP/script.txt"
}

# events_a_second NAME EVENTS OPTION...: the rounds that bench-timed noted in $TMP/NAME
events_a_second() {
	name=$1 events=$2
	shift 2
	noted "$TMP/$name" "$events"
	# shellcheck disable=SC2046 # arguments
	result section=report $(of_rounds "$TMP/$name.rates") unit=events/s better=higher \
		what="the three reports, whole process, $events events" "$@" \
		command="netsnoop-analyze report --format json" note="a new process, its file in the page cache"
}

# In both runs, so that the short one has something to be set beside.
report_of_a_million() {
	make_trace $M 1M
	for round in $(seq 11); do
		"$timed" "$TMP/report_1M" "$analyze" report --format json "$data/1M.zst" >/dev/null ||
			fail "no report"
	done
	events_a_second report_1M $M key=events_a_second_1M
}

section_report() {
	make_trace "$n" $main
	against_sqlite
	report_of_a_million
	if have_duckdb; then
		against_duckdb
	else
		result section=report key=against_duckdb what="against DuckDB" unit=times must=1 goal=3 \
			better=higher note="missing: DuckDB"
		for round in $(seq $rounds); do
			"$timed" "$TMP/report" "$analyze" report --format json "$data/$main.zst" >/dev/null
		done
	fi
	[ "$quick" = 1 ] && return
	events_a_second report "$n" key=events_a_second must=50000000 goal=100000000
	against_tshark
	against_nfdump
	against_perf
}

# ---- Loading ------------------------------------------------------------------------

section_load() {
	events=$((2 * M))
	make_trace $events load
	for round in $(seq 5); do
		rm -f "$TMP/load.db"
		"$timed" "$TMP/load" "$analyze" load -o "$TMP/load.db" "$data/load.zst" || fail "no database"
		[ "$round" = 1 ] && sqlite3 -csv "$TMP/load.db" "SELECT * FROM event" >"$TMP/event.csv"
		rm -f "$TMP/import.db"
		sqlite3 "$TMP/load.db" ".schema event" | sqlite3 "$TMP/import.db"
		"$timed" "$TMP/import" sqlite3 "$TMP/import.db" ".mode csv" ".import $TMP/event.csv event" ||
			fail "no import"
	done
	equal "the number of rows" "$(sqlite3 "$TMP/load.db" "SELECT count(*) FROM event")" $events
	equal "what was imported" "$(sqlite3 "$TMP/import.db" "SELECT count(*), sum(bytes) FROM event")" \
		"$(sqlite3 "$TMP/load.db" "SELECT count(*), sum(bytes) FROM event")"
	noted "$TMP/load" $events
	noted "$TMP/import" $events
	# shellcheck disable=SC2046 # arguments
	{
		result section=load key=load $(of_rounds "$TMP/load.rates") unit=rows/s better=higher \
			what="load with raw events, whole process, $events events" command="netsnoop-analyze load"
		result section=load key=import $(of_rounds "$TMP/import.rates") unit=rows/s better=higher \
			what="sqlite3's .import of the same rows of the table event as CSV" \
			command="sqlite3 import.db '.mode csv' '.import event.csv event'"
	}
	result section=load key=against_import unit=times must=3 goal=5 better=higher \
		what="load against .import" value="$(ratio "$(seconds "$TMP/import")" "$(seconds "$TMP/load")")"
	result section=load key=database_bytes unit=B/event must=35 goal=25 better=lower \
		what="database with raw events" value="$(ratio "$(stat -c %s "$TMP/load.db")" $events)" \
		note="sqlite3's after .import, which has that one table: $(ratio "$(stat -c %s "$TMP/import.db")" $events)"
}

# ---- Scale ---------------------------------------------------------------------------

report_timed() { # NAME ROUNDS OPTION...
	of=$1 times=$2
	shift 2
	for round in $(seq "$times"); do
		"$timed" "$TMP/scale.$of" "$analyze" report --format json "$@" >"$TMP/scale.json" ||
			fail "no report on $*"
	done
	# shellcheck disable=SC2046 # arguments
	result section=scale key=report_$of what="the three reports, $of" unit=s better=lower \
		$(cut -d' ' -f1 "$TMP/scale.$of" >"$TMP/scale.s"; of_rounds "$TMP/scale.s") \
		note="$(awk '{ if ($3 > most) most = $3; cpu += $2 } END {
			printf "%.1f MB, %.2f s of CPU", most / 1024, cpu / NR }' "$TMP/scale.$of")"
}

section_scale() {
	[ "$(df --output=avail -B 1M "$data" | tail -n 1)" -gt 3000 ] || {
		echo "no room for 100 M events in $data: they are left out"
		return
	}
	make_trace $M 1M
	make_trace $((10 * M)) 10M
	make_trace $((100 * M)) 100M
	report_timed 1M 7 "$data/1M.zst"
	report_timed 10M 5 "$data/10M.zst"
	report_timed 100M 3 "$data/100M.zst"
	# 1 % of the seconds, in the middle
	from=$(awk '{ printf "%.3f\n", $1 / 2 }' "$data/100M.log")
	to=$(awk '{ printf "%.3f\n", $1 * 0.51 }' "$data/100M.log")
	report_timed window 7 --from "+$from" --to "+$to" "$data/100M.zst"
	result section=scale key=growth unit=times must=10.5 better=lower \
		what="100 M events against 10 M, time of the reports" \
		value="$(ratio "$(seconds "$TMP/scale.100M")" "$(seconds "$TMP/scale.10M")")"
	result section=scale key=window unit=ratio must=0.03 goal=0.015 better=lower \
		what="1 % of 100 M events by --from and --to, against all of them" \
		command="netsnoop-analyze report --format json --from +$from --to +$to 100M.zst" \
		note="$(jq -r '.traces[0].events' "$TMP/scale.json") events in it" \
		value="$(ratio "$(seconds "$TMP/scale.window")" "$(seconds "$TMP/scale.100M")" 4)"
	result section=scale key=memory unit=MB must=64 goal=32 better=lower \
		what="most memory of the reports on 100 M events" note="$(cat "$data/100M.log")" \
		value="$(awk '{ if ($3 > most) most = $3 } END { printf "%.1f\n", most / 1024 }' "$TMP/scale.100M")"
	[ "${KEEP:-0}" = 1 ] || rm -f "$data/100M.zst"
}

for section in trace report load scale; do
	wanted $section && section_$section
done
exit 0
