-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- A tuple that is used again is another flow.
SELECT 'a tuple used 2 times is ' || count(DISTINCT f.incarnation) || ' flows at ' || n.name
FROM flow f
JOIN protocol r ON r.protocol_id = f.protocol_id AND r.name = 'UDP'
JOIN rig_netns n ON n.netns = f.netns
WHERE f.local_port = :port + 1 AND f.remote_port = :port
GROUP BY f.netns
HAVING count(DISTINCT f.incarnation) <> 2;
