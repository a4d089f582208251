-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- Throughput by remote address.
SELECT m.time, k.name AS remote_addr, $measures
FROM measure m
JOIN group_key k ON k.key_id = m.key_id
WHERE m.grouping = 'remote'
