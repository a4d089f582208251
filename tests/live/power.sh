#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What a loss of power leaves of a trace: what fdatasync(2) had promised by then, which
# lacks no more than --sync and a second; perhaps with zeros behind it, where the disk had
# made room for what it had not written.
# CUTS: at how many random moments of one recording (default: 10).
. tests/lib.sh
need_live
make_pair

SYNC_MS=500

: >"$TMP/syncs"
FAULTY_FILE=t.zst FAULTY_LOG=$TMP/syncs LD_PRELOAD=$BUILD/tests/faulty.so \
	"$record" --sync "${SYNC_MS}ms" --interface nsl --interface nsr -o "$TMP/t.zst" \
	2>"$TMP/record.err" </dev/null &
recorder=$!
at_exit "kill -KILL $recorder"
until_true 20 recording_or_dead
began=$(date +%s%N)
ip netns exec "$left" "$traffic" flood udp 10.99.0.2 0 100000000 1400 >/dev/null &
flood=$!
at_exit "kill -KILL $flood"
synced_often() { [ "$(wc -l <"$TMP/syncs")" -ge 12 ]; }
until_true 60 synced_often
ended=$(date +%s%N)
kill -KILL $flood
stop_record

# a moment and the size that was promised by then, on a line each
awk -v began="$began" -v ended="$ended" -v cuts="${CUTS:-10}" \
	-v seed="$(od -An -N4 -tu4 /dev/urandom)" '
	{ at[NR] = $1 - began; size[NR] = $2 }
	END {
		srand(seed)
		for (cut = 0; cut < cuts; cut++) {
			moment = rand() * (ended - began)
			promised = 0
			for (i = 1; i <= NR && at[i] <= moment; i++)
				promised = size[i]
			printf "%d %d\n", moment / 1e6, promised
		}
	}' "$TMP/syncs" >"$TMP/cuts"

cuts=0 worst=0
while read -r moment size; do
	cuts=$((cuts + 1))
	lacks=$moment
	if [ "$size" -gt 0 ]; then
		head -c "$size" "$TMP/t.zst" >"$TMP/cut.zst"
		is_cut "$TMP/cut.zst"
		events=$(jq '.traces[0].events' "$TMP/out")
		last=$(date -d "$(jq -r '.traces[0].end' "$TMP/out")" +%s%N)
		[ "$events" -eq 0 ] || lacks=$((moment - (last - began) / 1000000))
		head -c $((1 + moment * 37 % 65536)) /dev/zero >>"$TMP/cut.zst"
		expect 3 "$analyze" report --by process --format json "$TMP/cut.zst"
		equal "events with zeros behind them" "$(jq '.traces[0].events' "$TMP/out")" "$events"
	fi
	[ "$lacks" -le $((SYNC_MS + 1000)) ] ||
		fail "power lost after $moment ms: the last $lacks ms before are missing"
	[ "$lacks" -le $worst ] || worst=$lacks
done <"$TMP/cuts"
equal "cuts" $cuts "${CUTS:-10}"
echo "$cuts power cuts, --sync ${SYNC_MS}ms, $(wc -l <"$TMP/syncs") syncs: at most the last $worst ms missing"

# Who may read what is recorded: nobody else, whatever the umask.
(
	umask 0
	"$record" -q -o "$TMP/private.zst" -- true
) || fail "the recording"
equal "the mode of a trace" "$(stat -c %a "$TMP/private.zst")" 600
