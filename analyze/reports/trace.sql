-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- What stands above a report: each trace, its sums over the window, each packet once
-- (a packet on a loopback device is sent and received there: the receipt is not counted;
-- nor is one here that counts on another device). Sources are of both ends of loopback,
-- which have an owner each. Packets and bytes are those of events and of totals; events are
-- the recorded ones, total_events and total_bytes what totals alone tell.
SELECT
	t.trace_id, t.file, t.uuid, b.host, b.kernel,
	s.from_realtime_ns AS start, s.to_realtime_ns AS end,
	coalesce(n.events, 0) AS events,
	coalesce(n.packets, 0) AS packets,
	coalesce(n.bytes, 0) AS bytes,
	coalesce(n.total_events, 0) AS total_events,
	coalesce(n.total_bytes, 0) AS total_bytes,
	t.complete, t.has_end, t.missing_chunks, t.damaged_chunks, t.missing_events,
	t.owner_view,
	coalesce(n.sources_socket, 0) AS sources_socket,
	coalesce(n.sources_flow, 0) AS sources_flow,
	coalesce(n.sources_listener, 0) AS sources_listener,
	coalesce(n.sources_shared, 0) AS sources_shared,
	coalesce(n.sources_seeded, 0) AS sources_seeded,
	coalesce(n.sources_kernel, 0) AS sources_kernel,
	coalesce(n.sources_forwarded, 0) AS sources_forwarded,
	coalesce(n.sources_current, 0) AS sources_current,
	coalesce(n.sources_unknown, 0) AS sources_unknown
FROM trace t
JOIN boot b ON b.boot_id = t.boot_id
JOIN span s ON s.trace_id = t.trace_id
LEFT JOIN (
	SELECT
		l.trace_id,
		sum(u.events - u.total_events) AS events,
		sum(u.total_events) AS total_events,
		sum(CASE WHEN (l.is_send OR NOT l.is_loopback) AND NOT l.counts_elsewhere
			THEN u.total_bytes END) AS total_bytes,
		sum(CASE WHEN (l.is_send OR NOT l.is_loopback) AND NOT l.counts_elsewhere
			THEN u.packets END) AS packets,
		sum(CASE WHEN (l.is_send OR NOT l.is_loopback) AND NOT l.counts_elsewhere
			THEN u.bytes END) AS bytes,
		sum(CASE WHEN o.name = 'socket' THEN u.bytes END) FILTER (WHERE NOT l.counts_elsewhere) AS sources_socket,
		sum(CASE WHEN o.name = 'flow' THEN u.bytes END) FILTER (WHERE NOT l.counts_elsewhere) AS sources_flow,
		sum(CASE WHEN o.name = 'listener' THEN u.bytes END) FILTER (WHERE NOT l.counts_elsewhere) AS sources_listener,
		sum(CASE WHEN o.name = 'shared' THEN u.bytes END) FILTER (WHERE NOT l.counts_elsewhere) AS sources_shared,
		sum(CASE WHEN o.name = 'seeded' THEN u.bytes END) FILTER (WHERE NOT l.counts_elsewhere) AS sources_seeded,
		sum(CASE WHEN o.name = 'kernel' THEN u.bytes END) FILTER (WHERE NOT l.counts_elsewhere) AS sources_kernel,
		sum(CASE WHEN o.name = 'forwarded' THEN u.bytes END) FILTER (WHERE NOT l.counts_elsewhere) AS sources_forwarded,
		sum(CASE WHEN o.name = 'current' THEN u.bytes END) FILTER (WHERE NOT l.counts_elsewhere) AS sources_current,
		sum(CASE WHEN o.name = 'unknown' THEN u.bytes END) FILTER (WHERE NOT l.counts_elsewhere) AS sources_unknown
	FROM usage u
	JOIN lane l ON l.lane_id = u.lane_id
	JOIN owner_source o ON o.owner_source = l.owner_source
	GROUP BY l.trace_id
) n ON n.trace_id = t.trace_id
ORDER BY t.trace_id
