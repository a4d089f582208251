# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# awk -F '\t' [-v all=1] -f table.awk expected.tsv [expected-OLDER.tsv] ROWS: the table of
# the rig, and status 1 if a row is not what it should be. With the expectations of an older
# kernel its total is enough for every scenario that has no line of its own there, reports
# need not be right to the byte, and if all scenarios were played, they must reach the
# total together. A row is a scenario and a line of judge.sql, "skipped" and the
# reason, or what is wrong after "complaint", "ground" or "reported".

FILENAME != ARGV[ARGC - 1] {
	if ($0 ~ /^#/ || $0 == "")
		next
	if ($1 == "most-wrong") {
		most_wrong = $2
		next
	}
	if ($1 == "total") {
		total[1] = $2
		total[0] = $3
		most_wrong = 100 - $2
		for (key in least)
			if (least[key] != "-")
				least[key] = total[substr(key, length(key))]
		next
	}
	least[$1, 1] = $2
	least[$1, 0] = $3
	reason[$1] = $4
	if ($5 == "incomplete")
		may_differ[$1] = 1
	if ($6 != "")
		wrong_here[$1] = $6
	next
}

FNR == 1 {
	format = "%-24s %-4s %9s %7s %7s %7s  %9s %8s %9s  %7s %7s  %6s %6s %6s  %s\n"
	printf format, "", "", "said", "", "% of", "bytes", "bytes:", "", "", "% of", \
		"packets", "", "", "", ""
	printf format, "scenario", "", "bytes", "least", "ours", "current", "right", "wrong", \
		"nobody", "ours", "current", "right", "wrong", "nobody", ""
}

$2 == "skipped" {
	printf "%-24s skipped: %s\n", $1, $3
	skipped++
	next
}

$2 == "reported" && 1 in total {
	next
}

$2 ~ /^(complaint|ground|reported)$/ {
	if ($2 != "complaint" && may_differ[$1]) {
		printf "%-24s KNOWN: %s\n", "", $3
	} else {
		printf "%-24s FAIL: %s\n", $1, $3
		failed = 1
	}
	next
}

{
	seen = $4 + $5 + $6
	packets = $7 + $8 + $9
	note = verdict()
	if (note ~ /FAIL/)
		failed = 1
	if (reason[$1] != "" && note == "" && $4 < seen)
		note = reason[$1]
	if ($17 != "")
		note = note (note == "" ? "" : "; ") "most wrong: " $17
	printf format, $2 ? $1 : "", $2 ? "send" : "recv", $3, wanted, share($4, seen), \
		share($13, $14), $4, $5, $6, share($7, packets), share($15, $16), $7, $8, $9, note
	right[$2] += $4
	wrong[$2] += $5
	all_bytes[$2] += seen
	right_packets[$2] += $7
	all_packets[$2] += packets
	current_right[$2] += $13
	current_all[$2] += $14
	scenarios += $2
}

END {
	if (!scenarios)
		exit 1
	printf "%d scenarios, %d skipped\n", scenarios, skipped
	print "bytes sent:     " totals(1)
	print "bytes received: " totals(0)
	for (is_send in total)
		if (all && 100 * right[is_send] / all_bytes[is_send] < total[is_send]) {
			print "FAIL: fewer " (is_send + 0 ? "sent" : "received") " bytes right than " \
				total[is_send] " %"
			failed = 1
		}
	exit failed
}

# rounded down: 100 is all
function share(part, whole) {
	return whole ? sprintf("%.2f", int(10000 * part / whole) / 100) : "-"
}

function verdict(  text, percent, most) {
	percent = share($4, seen)
	wanted = ($1, $2) in least ? least[$1, $2] : "none"
	if (wanted == "none")
		text = "FAIL: not in expected.tsv"
	else if ((wanted == "-") != (percent == "-") || wanted != "-" && percent + 0 < wanted + 0)
		text = "FAIL: fewer right than expected"
	most = $1 in wrong_here ? wrong_here[$1] : most_wrong
	if (seen && 100 * $5 / seen > most)
		text = text " FAIL: more wrong than " most " %"
	if ($10)
		text = text " " $10 " bytes were sent again"
	if ($11)
		text = text (may_differ[$1] ? " KNOWN: " : " FAIL: ") $11 \
			" conversations differ from what was said"
	if ($12)
		text = text " FAIL: " $12 " receipts charged to the current task"
	return text
}

function totals(is_send) {
	if (!all_bytes[is_send])
		return "none"
	return sprintf("%.3f %% right, %.3f %% wrong (packets %.2f %% right); " \
		"by the current task %.2f %% right", 100 * right[is_send] / all_bytes[is_send], \
		100 * wrong[is_send] / all_bytes[is_send], \
		100 * right_packets[is_send] / all_packets[is_send], \
		100 * current_right[is_send] / current_all[is_send])
}
