-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- Is each process's payload in the report, to the byte, what the process says? One line
-- for each of which it is not. With TCP's repetitions nobody can say how many of them
-- a receiver's tracepoint saw: then there is nothing to compare.
SELECT
	'process ' || s.pid || ' says that it sent ' || s.sent || ' and received ' || s.received ||
		', the report says ' || coalesce(r.sent, 'nothing') || ' and ' ||
		coalesce(r.received, 'nothing')
FROM (
	SELECT
		pid, start_ticks, sum(payload_bytes * is_send) AS sent,
		sum(payload_bytes * (1 - is_send)) AS received
	FROM truth
	WHERE who IN ('process', 'each')
	GROUP BY pid, start_ticks
) s
LEFT JOIN (
	SELECT
		pid, sum(send_payload_bytes) AS sent, sum(recv_payload_bytes) AS received,
		strftime('%s', substr(start, 1, 19)) * 1000000000 + substr(start, 21, 9) - (
			SELECT realtime_ns - clock_ns FROM clock_sample ORDER BY clock_ns LIMIT 1
		) AS start_ns
	FROM reported
	GROUP BY pid, start
) r ON r.pid = s.pid AND abs(r.start_ns - s.start_ticks * 10000000 - 5000000) < 10000000
WHERE (s.sent, s.received) IS NOT (coalesce(r.sent, 0), coalesce(r.received, 0))
	AND NOT (SELECT sum(again_bytes) FROM truth);
