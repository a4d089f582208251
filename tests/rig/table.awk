# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# awk -F '\t' -f table.awk expected.tsv ROWS: the table of the rig, and status 1
# if a row is not what it should be. A row is a scenario and a line of judge.sql.

FNR == NR {
	if ($0 ~ /^#/)
		next
	least[$1, 1] = $2
	least[$1, 0] = $3
	reason[$1] = $4
	may_differ[$1] = $5 == "incomplete"
	next
}

FNR == 1 {
	format = "%-20s %-4s %9s %7s %7s  %9s %8s %9s  %7s %6s %7s  %s\n"
	printf format, "", "", "said", "least", "right", "bytes:", "", "", "packets:", "", "", ""
	printf format, "scenario", "", "bytes", "%", "%", "right", "wrong", "nobody", \
		"right", "wrong", "nobody", ""
}

$2 == "skipped" {
	printf "%-20s skipped: %s\n", $1, $3
	next
}

{
	seen = $4 + $5 + $6
	# rounded down: 100 is all
	share = seen ? int(10000 * $4 / seen) / 100 : "-"
	wanted = ($1, $2) in least ? least[$1, $2] : "none"
	note = ""
	if (wanted == "none")
		note = "FAIL: not in expected.tsv"
	else if ((wanted == "-") != (share == "-") || wanted != "-" && share + 0 < wanted + 0)
		note = "FAIL: fewer right than expected"
	if ($10)
		note = note " " $10 " bytes were sent again"
	if ($11 && may_differ[$1])
		note = note " KNOWN: " $11 " conversations differ from what was said"
	else if ($11)
		note = note " FAIL: " $11 " conversations differ from what was said"
	if ($12)
		note = note " FAIL: " $12 " receipts charged to the current task"
	if (note ~ /FAIL/)
		failed = 1
	if ($2 == 0 && reason[$1] != "" && note == "")
		note = reason[$1]
	printf format, $2 ? $1 : "", $2 ? "send" : "recv", $3, wanted, share, $4, $5, $6, $7, $8, \
		$9, note
	right[$2] += $4
	wrong[$2] += $5
	all[$2] += seen
	scenarios += $2
}

END {
	if (!scenarios)
		exit 1
	printf "%d scenarios: of the bytes sent %s; of those received %s\n", scenarios, \
		shares(1), shares(0)
	exit failed
}

function shares(is_send) {
	if (!all[is_send])
		return "none"
	return sprintf("%.2f %% right, %.3f %% wrong", 100 * right[is_send] / all[is_send], \
		100 * wrong[is_send] / all[is_send])
}
