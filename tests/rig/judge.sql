-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- A recording, loaded, held to the truth that its programs told (truth.sql). One line for
-- each direction: is_send; said bytes; bytes right, wrong, nobody's; packets right, wrong,
-- nobody's; bytes sent again; conversations that differ from what was said
-- (what was sent again may be received or not); receipts charged to the current task;
-- bytes and all bytes, packets and all packets that the current task gets right;
-- who has the most of what is wrong.

CREATE INDEX temp.truth_by_local ON truth (local_port, remote_port, local_addr, protocol);

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
CREATE INDEX temp.talk_by_addr ON talk (
	local_port, remote_port, local_addr, remote_addr, netns, is_send, protocol);

-- An owner is a process (its number and its start) or the kernel.
CREATE TEMP TABLE said AS
SELECT
	k.talk_id,
	CASE t.who WHEN 'kernel' THEN 'kernel' ELSE t.pid || '/' || t.start_ticks END AS owner,
	sum(t.payload_bytes) + k.again_bytes AS payload_bytes
FROM truth t
JOIN talk k USING (netns, is_send, protocol, local_addr, local_port, remote_addr, remote_port)
GROUP BY k.talk_id, owner;

-- A packet without ports (a later fragment, ICMP) belongs to the first conversation
-- between its addresses.
CREATE TEMP TABLE first_talk AS
SELECT min(talk_id) AS talk_id, netns, is_send, protocol, local_addr, remote_addr
FROM talk GROUP BY netns, is_send, protocol, local_addr, remote_addr;
CREATE TEMP TABLE lane_talk AS
SELECT l.lane_id, coalesce(k.talk_id, a.talk_id) AS talk_id, l.ifindex, l.is_local_addr
FROM lane l
JOIN flow f ON f.flow_id = l.flow_id
JOIN protocol r ON r.protocol_id = f.protocol_id
LEFT JOIN talk k ON k.netns = f.netns AND k.is_send = l.is_send AND k.protocol = r.name
	AND k.local_addr = f.local_addr AND k.remote_addr = f.remote_addr
	AND k.local_port = f.local_port AND k.remote_port = f.remote_port
LEFT JOIN first_talk a ON f.local_port IS NULL AND a.netns = f.netns
	AND a.is_send = l.is_send AND a.protocol = r.name AND a.local_addr = f.local_addr
	AND a.remote_addr = f.remote_addr
WHERE coalesce(k.talk_id, a.talk_id) IS NOT NULL;

-- On stacked devices a packet counts where its local address is, if it is on any.
DELETE FROM lane_talk WHERE NOT is_local_addr
	AND talk_id IN (SELECT talk_id FROM lane_talk WHERE is_local_addr);
CREATE TEMP TABLE talk_device AS SELECT DISTINCT talk_id, ifindex FROM lane_talk;
CREATE INDEX temp.talk_device_by_talk ON talk_device (talk_id);

-- What the recording has of it. A packet with several consumers is each one's.
CREATE TEMP TABLE seen AS
SELECT t.talk_id, c.owner, sum(u.payload_bytes) AS payload_bytes, sum(u.packets) AS packets
FROM lane_talk t
JOIN usage u ON u.lane_id = t.lane_id AND u.period_id = 0
JOIN (
	SELECT
		l.lane_id, CASE l.owner_source WHEN 6 THEN 'kernel' WHEN 7 THEN 'forwarded'
			ELSE p.pid || '/' || (p.start_ns / 10000000) END AS owner
	FROM lane l
	JOIN process p ON p.process_id = l.process_id
	UNION
	SELECT c.lane_id, p.pid || '/' || (p.start_ns / 10000000)
	FROM consumer c
	JOIN process p ON p.process_id = c.process_id
) c ON c.lane_id = t.lane_id
GROUP BY t.talk_id, c.owner;

-- And what the current task would have.
CREATE TEMP TABLE seen_current AS
SELECT
	coalesce(k.talk_id, a.talk_id) AS talk_id,
	CASE c.pid WHEN 0 THEN 'kernel' ELSE c.pid || '/' || (c.start_ns / 10000000) END AS owner,
	sum(c.payload_bytes) AS payload_bytes, sum(c.packets) AS packets
FROM by_current c
LEFT JOIN talk k ON k.netns = c.netns AND k.is_send = c.is_send AND k.protocol = c.protocol
	AND k.local_addr = c.local_addr AND k.remote_addr = c.remote_addr
	AND k.local_port = c.local_port AND k.remote_port = c.remote_port
LEFT JOIN first_talk a ON c.local_port = 0 AND a.netns = c.netns AND a.is_send = c.is_send
	AND a.protocol = c.protocol AND a.local_addr = c.local_addr
	AND a.remote_addr = c.remote_addr
WHERE EXISTS (
	SELECT 1 FROM talk_device d
	WHERE d.talk_id = coalesce(k.talk_id, a.talk_id) AND d.ifindex = c.ifindex)
GROUP BY 1, 2;

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

CREATE TEMP TABLE verdict_current AS
SELECT
	k.is_send,
	sum(min(s.payload_bytes, coalesce(d.payload_bytes, 0))) AS right_bytes,
	sum(s.payload_bytes) AS seen_bytes,
	sum(CASE WHEN d.owner IS NOT NULL THEN s.packets ELSE 0 END) AS right_packets,
	sum(s.packets) AS seen_packets
FROM talk k
JOIN seen_current s ON s.talk_id = k.talk_id
LEFT JOIN said d ON d.talk_id = k.talk_id AND d.owner = s.owner
GROUP BY k.is_send;

-- Who has what he should not have, the most first.
CREATE TEMP TABLE worst AS
SELECT is_send, owner, payload_bytes, row_number() OVER (
	PARTITION BY is_send ORDER BY payload_bytes DESC, packets DESC) AS place
FROM (
	SELECT
		k.is_send, s.owner, sum(s.packets) AS packets,
		sum(max(s.payload_bytes - coalesce(d.payload_bytes, 0), 0)) AS payload_bytes
	FROM talk k
	JOIN seen s ON s.talk_id = k.talk_id AND s.owner IS NOT NULL
	LEFT JOIN said d ON d.talk_id = k.talk_id AND d.owner = s.owner
	GROUP BY k.is_send, s.owner
)
WHERE payload_bytes;

SELECT
	d.is_send, coalesce(sum(v.said_bytes), 0), coalesce(sum(v.right_bytes), 0),
	coalesce(sum(v.seen_bytes - v.right_bytes - v.nobody_bytes), 0),
	coalesce(sum(v.nobody_bytes), 0), coalesce(sum(v.right_packets), 0),
	coalesce(sum(v.seen_packets - v.right_packets - v.nobody_packets), 0),
	coalesce(sum(v.nobody_packets), 0),
	coalesce(sum(v.again_bytes), 0),
	coalesce(sum(v.seen_bytes > v.said_bytes + v.again_bytes
		OR v.seen_bytes < v.said_bytes + v.again_bytes * v.is_send), 0),
	(SELECT count(*) FROM net_event WHERE NOT is_send AND owner_source = 'current'),
	coalesce(c.right_bytes, 0), coalesce(c.seen_bytes, 0), coalesce(c.right_packets, 0),
	coalesce(c.seen_packets, 0),
	coalesce((
		SELECT coalesce(p.comm || ' ', '') || w.owner || ' has ' || w.payload_bytes
		FROM worst w
		LEFT JOIN process p ON p.pid || '/' || (p.start_ns / 10000000) = w.owner
		WHERE w.is_send = d.is_send AND w.place = 1), '')
FROM (SELECT 1 AS is_send UNION ALL SELECT 0) d
LEFT JOIN verdict v ON v.is_send = d.is_send
LEFT JOIN verdict_current c ON c.is_send = d.is_send
GROUP BY d.is_send
ORDER BY d.is_send DESC;
