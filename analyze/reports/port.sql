-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- Throughput by service: the protocol and the smaller of both ports, or of two ephemeral ones the local one.
SELECT m.time, k.name AS protocol, k.number AS port, $measures
FROM measure m
JOIN group_key k ON k.key_id = m.key_id
WHERE m.grouping = 'port'
