-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- Throughput by protocol.
SELECT
	m.time, r.name AS protocol,
	m.send_bytes, m.recv_bytes, m.send_packets, m.recv_packets,
	m.send_payload_bytes, m.recv_payload_bytes, m.send_wire_bytes, m.recv_wire_bytes,
	m.send_bps, m.recv_bps, m.send_peak_bps, m.recv_peak_bps, m.first, m.last
FROM measure m
JOIN protocol r ON r.protocol_id = m.key_id
WHERE m.grouping = 'protocol'
