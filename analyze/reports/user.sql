-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- Throughput by user.
SELECT m.time, k.number AS uid, k.name AS user, $measures
FROM measure m
JOIN group_key k ON k.key_id = m.key_id
WHERE m.grouping = 'user'
