-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- What is passed on belongs to no process of the host that passes it on.
SELECT 'passed on by ' || n.name || ', and yet ' || count(*) || ' ' ||
	CASE WHEN e.is_send THEN 'sent' ELSE 'received' END || ' at ' || e.interface || ' by ' ||
	coalesce(e.comm, 'nobody') || ' (' || e.owner_source || ')'
FROM net_event e
JOIN rig_netns n ON n.netns = e.netns AND n.name = 'left'
WHERE :port IN (e.sport, e.dport) AND (e.comm IS NOT NULL OR e.owner_source <> 'forwarded')
GROUP BY e.is_send, e.interface, e.comm, e.owner_source;

SELECT 'nothing was passed on by left'
WHERE NOT EXISTS (
	SELECT 1 FROM net_event e
	JOIN rig_netns n ON n.netns = e.netns AND n.name = 'left'
	WHERE :port IN (e.sport, e.dport));
