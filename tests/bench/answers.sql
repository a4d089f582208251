-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- All numbers of the reports from the raw events of a database, and from nothing else of
-- it: for sqlite3, with .parameter set @by 'process'|'protocol'|'flow'. What is nobody's but
-- the kernel's has no pid.
.mode tabs
CREATE TEMP TABLE seen AS
SELECT
	CASE @by
	WHEN 'process' THEN coalesce(pid, '') || char(9) ||
		coalesce(n.start_ns + t.start_realtime_ns - t.start_ns, '') || char(9) || coalesce(comm, '')
	WHEN 'protocol' THEN protocol
	ELSE protocol || char(9) || netns || char(9) ||
		coalesce(iif(is_send, saddr, daddr), '') || char(9) ||
		coalesce(iif(is_send, sport, dport), '') || char(9) ||
		coalesce(iif(is_send, daddr, saddr), '') || char(9) ||
		coalesce(iif(is_send, dport, sport), '') || char(9) ||
		coalesce(pid, '') || char(9) || coalesce(comm, '')
	END AS key,
	is_send, bytes, segments, payload_bytes, wire_bytes, owner_source,
	timestamp + t.start_realtime_ns - t.start_ns AS time_ns,
	(timestamp - t.start_ns) / 1000000000 AS second,
	t.end_ns - t.start_ns AS duration_ns
FROM net_event n
JOIN trace t USING (trace_id)
WHERE NOT counts_elsewhere;

CREATE TEMP TABLE peaks AS
SELECT key, max(send_bytes) * 8 AS send_bps, max(recv_bytes) * 8 AS recv_bps
FROM (
	SELECT key, sum(iif(is_send, bytes, 0)) AS send_bytes, sum(iif(is_send, 0, bytes)) AS recv_bytes
	FROM seen GROUP BY key, second)
GROUP BY key;

SELECT s.key,
	sum(iif(is_send, bytes, 0)), sum(iif(is_send, 0, bytes)),
	sum(iif(is_send, segments, 0)), sum(iif(is_send, 0, segments)),
	coalesce(sum(iif(is_send, payload_bytes, 0)), 0), coalesce(sum(iif(is_send, 0, payload_bytes)), 0),
	sum(iif(is_send, wire_bytes, 0)), sum(iif(is_send, 0, wire_bytes)),
	min(time_ns), max(time_ns),
	CAST(round(sum(iif(is_send, bytes, 0)) * 8e9 / max(duration_ns)) AS INTEGER),
	CAST(round(sum(iif(is_send, 0, bytes)) * 8e9 / max(duration_ns)) AS INTEGER),
	max(p.send_bps), max(p.recv_bps),
	sum(iif(owner_source = 'socket', bytes, 0)), sum(iif(owner_source = 'flow', bytes, 0)),
	sum(iif(owner_source = 'listener', bytes, 0)), sum(iif(owner_source = 'kernel', bytes, 0))
FROM seen s
JOIN peaks p ON p.key = s.key
GROUP BY s.key;
