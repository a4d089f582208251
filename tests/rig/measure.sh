#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# measure.sh PID: what a recorder takes, a line each: the memory of its maps (each
# once), the most that it had in memory, the processor's time.
cat "/proc/$1"/fdinfo/* 2>/dev/null | awk '
	function put() {
		if (map && !(map in bytes)) {
			bytes[map] = memlock
			sum += memlock
			maps++
		}
		map = memlock = 0
	}
	$1 == "pos:" { put() }
	$1 == "map_id:" { map = $2 }
	$1 == "memlock:" { memlock = $2 }
	END { put(); printf "maps: %d, %.1f MB\n", maps, sum / 1e6 }'
awk '$1 == "VmHWM:" { printf "recorder, peak in memory: %.1f MB\n", $2 / 1e3 }' "/proc/$1/status"
awk -v hz="$(getconf CLK_TCK)" '{
	sub(/.*\) /, "")
	printf "recorder, processor time: %.2f s\n", ($12 + $13) / hz
}' "/proc/$1/stat"
