-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- Throughput by network device, where the packets were seen.
SELECT m.time, k.number AS netns, k.detail AS netns_name, k.name AS interface, $measures
FROM measure m
JOIN group_key k ON k.key_id = m.key_id
WHERE m.grouping = 'interface'
