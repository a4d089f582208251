-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- A recording, loaded, held to the truth that its programs told (truth.sql). One line for
-- each direction: is_send, said bytes, bytes right, wrong, nobody's, packets right, wrong,
-- nobody's, bytes sent again, conversations that differ from what was said
-- (what was sent again may be received or not), receipts charged to the
-- current task.

-- One direction of a conversation, whoever took part in it.
CREATE TEMP TABLE talk AS
SELECT
	row_number() OVER () AS talk_id, netns, is_send, protocol,
	local_addr, local_port, remote_addr, remote_port, sum(payload_bytes) AS payload_bytes,
	sum(CASE WHEN is_send THEN again_bytes ELSE (
		SELECT coalesce(sum(a.again_bytes), 0) FROM truth a
		WHERE a.is_send AND a.protocol = t.protocol AND a.local_addr = t.remote_addr
			AND a.local_port = t.remote_port AND a.remote_port = t.local_port)
	END) AS again_bytes      -- what TCP sent again, at its receiver too
FROM truth t
GROUP BY netns, is_send, protocol, local_addr, local_port, remote_addr, remote_port;

-- An owner is a process: its number and its start.
CREATE TEMP TABLE said AS
SELECT
	k.talk_id, t.pid || '/' || t.start_ticks AS owner,
	sum(t.payload_bytes) + k.again_bytes AS payload_bytes
FROM truth t
JOIN talk k USING (netns, is_send, protocol, local_addr, local_port, remote_addr, remote_port)
GROUP BY k.talk_id, owner;

-- What the recording has of it. A packet without ports (a later fragment, ICMP) belongs to the
-- first conversation between its addresses. On stacked devices a packet counts where its
-- local address is, if it is on any.
CREATE TEMP TABLE seen AS
SELECT talk_id, owner, sum(payload_bytes) AS payload_bytes, sum(packets) AS packets
FROM (
	SELECT
		k.talk_id, p.pid || '/' || (p.start_ns / 10000000) AS owner, u.payload_bytes,
		u.packets, l.is_local_addr,
		max(l.is_local_addr) OVER (PARTITION BY k.talk_id) AS is_on_any
	FROM talk k
	JOIN flow f ON f.netns = k.netns AND f.local_addr = k.local_addr
		AND f.remote_addr = k.remote_addr
	JOIN protocol r ON r.protocol_id = f.protocol_id AND r.name = k.protocol
	JOIN lane l ON l.flow_id = f.flow_id AND l.is_send = k.is_send
	JOIN usage u ON u.lane_id = l.lane_id AND u.period_id = 0
	JOIN process p ON p.process_id = l.process_id
	WHERE (f.local_port = k.local_port AND f.remote_port = k.remote_port)
		OR (f.local_port IS NULL AND k.talk_id = (
			SELECT min(a.talk_id) FROM talk a
			WHERE a.netns = k.netns AND a.is_send = k.is_send AND a.protocol = k.protocol
				AND a.local_addr = k.local_addr AND a.remote_addr = k.remote_addr))
)
WHERE is_local_addr = is_on_any
GROUP BY talk_id, owner;

CREATE TEMP TABLE verdict AS
SELECT
	k.talk_id, k.is_send, k.payload_bytes AS said_bytes, k.again_bytes,
	coalesce(sum(min(s.payload_bytes, coalesce(d.payload_bytes, 0))), 0) AS right_bytes,
	coalesce(sum(CASE WHEN s.owner IS NULL THEN s.payload_bytes END), 0) AS nobody_bytes,
	coalesce(sum(s.payload_bytes), 0) AS seen_bytes,
	coalesce(sum(CASE WHEN d.owner IS NOT NULL THEN s.packets END), 0) AS right_packets,
	coalesce(sum(CASE WHEN s.owner IS NULL THEN s.packets END), 0) AS nobody_packets,
	coalesce(sum(s.packets), 0) AS seen_packets
FROM talk k
LEFT JOIN seen s ON s.talk_id = k.talk_id
LEFT JOIN said d ON d.talk_id = k.talk_id AND d.owner = s.owner
GROUP BY k.talk_id;

SELECT
	d.is_send, coalesce(sum(v.said_bytes), 0), coalesce(sum(v.right_bytes), 0),
	coalesce(sum(v.seen_bytes - v.right_bytes - v.nobody_bytes), 0),
	coalesce(sum(v.nobody_bytes), 0), coalesce(sum(v.right_packets), 0),
	coalesce(sum(v.seen_packets - v.right_packets - v.nobody_packets), 0),
	coalesce(sum(v.nobody_packets), 0),
	coalesce(sum(v.again_bytes), 0),
	coalesce(sum(v.seen_bytes > v.said_bytes + v.again_bytes
		OR v.seen_bytes < v.said_bytes + v.again_bytes * v.is_send), 0),
	(SELECT count(*) FROM net_event WHERE NOT is_send AND owner_source = 'current')
FROM (SELECT 1 AS is_send UNION ALL SELECT 0) d
LEFT JOIN verdict v ON v.is_send = d.is_send
GROUP BY d.is_send
ORDER BY d.is_send DESC;
