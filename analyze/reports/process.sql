-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- Throughput by process: who sent and received how much.
SELECT
	m.time, p.pid, p.start_realtime_ns AS start, p.comm, $measures,
	p.exe, p.args, p.build_id, p.uid, p.gid, p.user,
	a.pid AS parent_pid, a.comm AS parent_comm,
	p.exit_realtime_ns AS exit, p.exit_code, p.exit_signal,
	p.cgroup, p.cgroup_id, p.container, p.pod, p.unit, p.netns, p.mntns, p.pidns
FROM measure m
JOIN process p ON p.process_id = m.key_id
LEFT JOIN process a ON a.process_id = p.parent_id
WHERE m.grouping = 'process'
