-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- Resets and ICMP errors are the kernel's, and what knocks at a closed port is no process's.
SELECT 'at the closed ports: ' || count(*) || ' ' || protocol || ' ' ||
	CASE WHEN is_send THEN 'sent' ELSE 'received' END || ' by ' ||
	coalesce(comm, 'nobody') || ' (' || owner_source || ')'
FROM net_event
WHERE netns = (SELECT netns FROM rig_netns WHERE name = 'right')
	AND ((is_send AND protocol = 'TCP' AND sport = :port)
		OR (is_send AND protocol = 'ICMP') OR (NOT is_send AND dport = :port))
	AND (comm IS NOT NULL OR (is_send AND owner_source <> 'kernel'))
GROUP BY protocol, is_send, comm, owner_source;

SELECT 'of 20 resets ' || count(*) || ' were sent'
FROM net_event
WHERE netns = (SELECT netns FROM rig_netns WHERE name = 'right')
	AND is_send AND protocol = 'TCP' AND sport = :port AND tcp_flags & 4
HAVING count(*) <> 20;
