-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- Throughput by conversation: a 5-tuple of a process in a network namespace, both directions.
SELECT
	m.time, r.name AS protocol, c.netns,
	c.local_addr, c.local_port, c.remote_addr, c.remote_port, p.pid, p.comm, $measures
FROM measure m
JOIN conversation c ON c.conversation_id = m.key_id
JOIN protocol r ON r.protocol_id = c.protocol_id
JOIN process p ON p.process_id = c.process_id
WHERE m.grouping = 'conversation'
