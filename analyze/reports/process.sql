-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- Throughput by process: who sent and received how much.
SELECT
	m.time, p.pid, p.start_realtime_ns AS start, p.comm,
	m.send_bytes, m.recv_bytes, m.send_packets, m.recv_packets,
	m.send_payload_bytes, m.recv_payload_bytes, m.send_wire_bytes, m.recv_wire_bytes,
	m.send_bps, m.recv_bps, m.send_peak_bps, m.recv_peak_bps, m.first, m.last,
	m.sources_socket, m.sources_flow, m.sources_listener, m.sources_shared,
	m.sources_seeded, m.sources_kernel, m.sources_forwarded, m.sources_current,
	m.sources_unknown
FROM measure m
JOIN process p ON p.process_id = m.key_id
WHERE m.grouping = 'process'
