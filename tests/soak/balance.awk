# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# awk -F , -v devices=N -f balance.awk COUNTED ACCOUNTS: what N devices and directions
# counted, beside what the files account for; status 1 where these differ. (%d would stop
# at 2^31 in some awks.)
NR == FNR {
	counted[$1, $2] = $3
	counted_bytes[$1, $2] = $4
	next
}
$1 == "recorded" { next }
$1 == "lost" || $1 == "counter" {
	noted[$1 " " $2] += $3
	next
}
{
	events[$1, $2] += $3
	bytes[$1, $2] += $4
}
END {
	for (key in counted) {
		n++
		split(key, part, SUBSEP)
		off = counted[key] - events[key]
		off_bytes = counted_bytes[key] - bytes[key]
		printf "%s %s: the device counted %.0f packets and %.0f bytes, unaccounted %.0f and %.0f\n", \
			part[1], part[2] ? "send" : "receive", counted[key], counted_bytes[key], off, \
			off_bytes
		if (off || off_bytes)
			failed = 1
	}
	for (what in noted)
		printf "%s: %.0f\n", what, noted[what]
	if (n != devices) {
		print "FAIL: " n " devices and directions instead of " devices
		failed = 1
	}
	if (failed)
		print "FAIL: not every packet and byte is accounted for"
	exit failed
}
