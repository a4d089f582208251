-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- Throughput by process: who sent and received how much.
SELECT
	d.start_realtime_ns AS time,
	p.pid,
	p.start_realtime_ns AS start,
	p.comm,
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
	u.first, u.last,
	u.sources_socket, u.sources_flow, u.sources_listener, u.sources_shared,
	u.sources_seeded, u.sources_kernel, u.sources_forwarded, u.sources_current,
	u.sources_unknown
FROM (
	SELECT
		us.period_id, l.process_id,
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
		min(us.first_realtime_ns) AS first, max(us.last_realtime_ns) AS last,
		sum(CASE WHEN o.name = 'socket' THEN us.bytes ELSE 0 END) AS sources_socket,
		sum(CASE WHEN o.name = 'flow' THEN us.bytes ELSE 0 END) AS sources_flow,
		sum(CASE WHEN o.name = 'listener' THEN us.bytes ELSE 0 END) AS sources_listener,
		sum(CASE WHEN o.name = 'shared' THEN us.bytes ELSE 0 END) AS sources_shared,
		sum(CASE WHEN o.name = 'seeded' THEN us.bytes ELSE 0 END) AS sources_seeded,
		sum(CASE WHEN o.name = 'kernel' THEN us.bytes ELSE 0 END) AS sources_kernel,
		sum(CASE WHEN o.name = 'forwarded' THEN us.bytes ELSE 0 END) AS sources_forwarded,
		sum(CASE WHEN o.name = 'current' THEN us.bytes ELSE 0 END) AS sources_current,
		sum(CASE WHEN o.name = 'unknown' THEN us.bytes ELSE 0 END) AS sources_unknown
	FROM usage us
	JOIN lane l ON l.lane_id = us.lane_id
	JOIN owner_source o ON o.owner_source = l.owner_source
	GROUP BY us.period_id, l.process_id
) u
JOIN process p ON p.process_id = u.process_id
JOIN period d ON d.period_id = u.period_id
LEFT JOIN peak k ON k.grouping = 'process' AND k.key_id = u.process_id
	AND k.period_id = u.period_id
