# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The rows of a report (--format json) as answers.sql and duckdb.mjs have them: -r, with
# --arg by process|protocol|flow and --argjson all false (the plain sums) or true.
def ns: if . == null then null else (.[0:19] + "Z" | fromdate | tostring) + .[20:29] end;
def comm: if .pid == null then null else .comm end;
.rows[] | select(.by == $by) |
if $by == "process" then [.pid, (.start | ns), comm]
elif $by == "protocol" then [.protocol]
else [.protocol, .netns, .local_addr, .local_port, .remote_addr, .remote_port, .pid, comm]
end + [.send_bytes, .recv_bytes, .send_packets, .recv_packets,
	.send_payload_bytes // 0, .recv_payload_bytes // 0, .send_wire_bytes, .recv_wire_bytes,
	(.first | ns), (.last | ns)] +
if $all then [.send_bps, .recv_bps, .send_peak_bps, .recv_peak_bps] +
	[.sources | .socket, .flow, .listener, .kernel | . // 0]
else [] end | @tsv
