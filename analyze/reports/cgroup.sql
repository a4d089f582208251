-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- Throughput by control group; its number where its path is not known.
SELECT m.time, k.name AS cgroup, k.number AS cgroup_id, k.detail AS unit, $measures
FROM measure m
JOIN group_key k ON k.key_id = m.key_id
WHERE m.grouping = 'cgroup'
