-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- Throughput by program: the executable file, or the name of a process without one known.
SELECT m.time, k.name AS program, k.detail AS build_id, $measures
FROM measure m
JOIN group_key k ON k.key_id = m.key_id
WHERE m.grouping = 'program'
