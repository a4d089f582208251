-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- Throughput by container; NULL is all that runs in none.
SELECT m.time, k.name AS container, k.detail AS pod, $measures
FROM measure m
JOIN group_key k ON k.key_id = m.key_id
WHERE m.grouping = 'container'
