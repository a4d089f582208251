-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- Throughput by conversation: a 5-tuple of a process in a network namespace, both directions.
SELECT
	m.time, r.name AS protocol, c.netns,
	c.local_addr, c.local_port, c.remote_addr, c.remote_port, p.pid, p.comm,
	m.send_bytes, m.recv_bytes, m.send_packets, m.recv_packets,
	m.send_payload_bytes, m.recv_payload_bytes, m.send_wire_bytes, m.recv_wire_bytes,
	m.send_bps, m.recv_bps, m.send_peak_bps, m.recv_peak_bps, m.first, m.last
FROM measure m
JOIN conversation c ON c.conversation_id = m.key_id
JOIN protocol r ON r.protocol_id = c.protocol_id
JOIN process p ON p.process_id = c.process_id
WHERE m.grouping = 'conversation'
