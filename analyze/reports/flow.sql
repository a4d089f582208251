-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- Throughput by conversation: a 5-tuple of a process in a network namespace, both directions.
SELECT
	d.start_realtime_ns AS time,
	r.name AS protocol, c.netns,
	c.local_addr, c.local_port, c.remote_addr, c.remote_port,
	p.pid, p.comm,
	u.send_bytes, u.recv_bytes, u.send_packets, u.recv_packets,
	u.send_payload_bytes, u.recv_payload_bytes, u.send_wire_bytes, u.recv_wire_bytes,
	CAST(round(u.send_bytes * 8e9 / nullif(d.duration_ns, 0)) AS INTEGER) AS send_bps,
	CAST(round(u.recv_bytes * 8e9 / nullif(d.duration_ns, 0)) AS INTEGER) AS recv_bps,
	CASE WHEN d.duration_ns < 1000000000
		THEN CAST(round(u.send_bytes * 8e9 / nullif(d.duration_ns, 0)) AS INTEGER)
		ELSE k.send_bytes * 8 END AS send_peak_bps,
	CASE WHEN d.duration_ns < 1000000000
		THEN CAST(round(u.recv_bytes * 8e9 / nullif(d.duration_ns, 0)) AS INTEGER)
		ELSE k.recv_bytes * 8 END AS recv_peak_bps,
	u.first, u.last
FROM (
	SELECT
		us.period_id, l.conversation_id,
		coalesce(sum(CASE WHEN l.is_send THEN us.bytes END), 0) AS send_bytes,
		coalesce(sum(CASE WHEN NOT l.is_send THEN us.bytes END), 0) AS recv_bytes,
		coalesce(sum(CASE WHEN l.is_send THEN us.packets END), 0) AS send_packets,
		coalesce(sum(CASE WHEN NOT l.is_send THEN us.packets END), 0) AS recv_packets,
		coalesce(sum(CASE WHEN l.is_send THEN us.payload_bytes END),
			CASE WHEN NOT max(l.is_send) THEN 0 END) AS send_payload_bytes,
		coalesce(sum(CASE WHEN NOT l.is_send THEN us.payload_bytes END),
			CASE WHEN min(l.is_send) THEN 0 END) AS recv_payload_bytes,
		coalesce(sum(CASE WHEN l.is_send THEN us.wire_bytes END),
			CASE WHEN NOT max(l.is_send) THEN 0 END) AS send_wire_bytes,
		coalesce(sum(CASE WHEN NOT l.is_send THEN us.wire_bytes END),
			CASE WHEN min(l.is_send) THEN 0 END) AS recv_wire_bytes,
		min(us.first_realtime_ns) AS first, max(us.last_realtime_ns) AS last
	FROM usage us
	JOIN lane l ON l.lane_id = us.lane_id
	GROUP BY us.period_id, l.conversation_id
) u
JOIN conversation c ON c.conversation_id = u.conversation_id
JOIN protocol r ON r.protocol_id = c.protocol_id
JOIN process p ON p.process_id = c.process_id
JOIN period d ON d.period_id = u.period_id
LEFT JOIN peak k ON k.grouping = 'conversation' AND k.key_id = u.conversation_id
	AND k.period_id = u.period_id
