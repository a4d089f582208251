-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- Throughput by protocol.
SELECT m.time, r.name AS protocol, $measures
FROM measure m
JOIN protocol r ON r.protocol_id = m.key_id
WHERE m.grouping = 'protocol'
