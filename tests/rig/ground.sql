-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- Is there a record of every packet that nftables counted (ground.sh), and of no other?
-- One line for each device and direction that differs. port: the first of the scenario's;
-- ways: the directions that were counted.
SELECT
	n.name || ' ' || interface ||
		CASE WHEN is_send THEN ' send: ' ELSE ' receive: ' END || sum(counted) ||
		' events of ' || sum(counted_bytes) || ' bytes counted by nftables, ' ||
		sum(recorded) || ' of ' || sum(recorded_bytes) || ' recorded'
FROM (
	SELECT
		netns, interface, is_send, events AS counted, bytes AS counted_bytes,
		0 AS recorded, 0 AS recorded_bytes
	FROM ground
	UNION ALL
	SELECT f.netns, l.interface, l.is_send, 0, 0, sum(u.events), sum(u.bytes)
	FROM lane l
	JOIN flow f ON f.flow_id = l.flow_id
	JOIN usage u ON u.lane_id = l.lane_id AND u.period_id = 0
	JOIN protocol r ON r.protocol_id = l.protocol_id
	WHERE f.netns IN (SELECT netns FROM rig_netns)
		AND (NOT l.is_send OR :ways LIKE '%egress%') AND (
		f.local_port BETWEEN :port AND :port + 19
		OR f.remote_port BETWEEN :port AND :port + 19
		OR (f.local_port IS NULL AND r.name IN ('ICMP', 'UDP', 'ip-253', 'ip-254')))
	GROUP BY f.netns, l.interface, l.is_send
)
JOIN rig_netns n USING (netns)
GROUP BY netns, interface, is_send
HAVING sum(counted) <> sum(recorded) OR sum(counted_bytes) <> sum(recorded_bytes);
