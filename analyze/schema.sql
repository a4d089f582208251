-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- The database of netsnoop-analyze, the same in memory (a trace) and in a file (load).
-- Text is UTF-8: a byte of a trace that is not stands as \xNN. Unknown is NULL, never 0.
-- *_ns is nanoseconds: *_realtime_ns since 1970 UTC, any other on its trace's clock.

PRAGMA application_id = 1314082384; -- "NSNP"
PRAGMA user_version = 3;            -- of this schema

-- A running kernel, from one boot to the next: what process ids and clocks belong to.
CREATE TABLE boot (
	boot_id INTEGER PRIMARY KEY,
	uuid TEXT,                  -- the kernel's boot id
	host TEXT,                  -- its name
	kernel TEXT                 -- its release
);

-- A recording.
CREATE TABLE trace (
	trace_id INTEGER PRIMARY KEY,
	file TEXT NOT NULL,         -- as named on the command line
	uuid TEXT NOT NULL UNIQUE,
	boot_id INTEGER NOT NULL REFERENCES boot,
	clock TEXT,                 -- boottime or monotonic
	start_ns INTEGER,           -- of the recording
	end_ns INTEGER,             -- its end; of a cut trace: the last event
	start_realtime_ns INTEGER,
	end_realtime_ns INTEGER,
	has_end INTEGER NOT NULL,   -- 0: cut, it has no END chunk
	complete INTEGER NOT NULL,  -- 1: has its END and no damage; loss is another matter
	has_events INTEGER NOT NULL, -- and totals; 0: loaded with --no-events, or a trace read in place
	events INTEGER NOT NULL,    -- in the chunks that could be read, in the whole trace
	missing_events INTEGER NOT NULL, -- in chunks that are missing or damaged
	chunks INTEGER NOT NULL,
	missing_chunks INTEGER NOT NULL,
	damaged_chunks INTEGER NOT NULL,
	compressed_bytes INTEGER NOT NULL,
	raw_bytes INTEGER NOT NULL,
	writer TEXT,                -- program and version
	format_major INTEGER,
	format_minor INTEGER,
	owner_view TEXT NOT NULL    -- whom events are charged to: consumed, held or recorded
);

-- The part of a trace that usage covers: all of it, or the window asked for.
CREATE TABLE span (
	trace_id INTEGER PRIMARY KEY REFERENCES trace,
	from_ns INTEGER,
	to_ns INTEGER,              -- half open
	from_realtime_ns INTEGER,
	to_realtime_ns INTEGER
);

-- The intervals of usage. 0 is the whole span; with --interval there is one row an interval.
CREATE TABLE period (
	period_id INTEGER PRIMARY KEY,
	start_realtime_ns INTEGER,
	duration_ns INTEGER NOT NULL -- as far as some trace covers it
);

-- Events that happened and are not in the trace, by cause.
CREATE TABLE lost (
	trace_id INTEGER NOT NULL REFERENCES trace,
	cause TEXT NOT NULL,
	events INTEGER NOT NULL,
	PRIMARY KEY (trace_id, cause)
) WITHOUT ROWID;

-- The same interval by interval and CPU by CPU.
CREATE TABLE loss_interval (
	trace_id INTEGER NOT NULL REFERENCES trace,
	from_ns INTEGER NOT NULL,
	to_ns INTEGER NOT NULL,     -- half open
	cpu INTEGER NOT NULL,       -- -1: not by CPU
	cause TEXT NOT NULL,
	events INTEGER NOT NULL,
	bytes INTEGER NOT NULL
);

-- What was recorded from a time on: an event for each packet, or totals alone.
CREATE TABLE detail_change (
	trace_id INTEGER NOT NULL REFERENCES trace,
	time_ns INTEGER NOT NULL,
	detail TEXT NOT NULL        -- packets or flows
);
CREATE INDEX detail_change_of ON detail_change (trace_id);

-- The same with the time of day.
CREATE VIEW detail AS
SELECT d.trace_id, d.time_ns,
	d.time_ns + coalesce(
		(SELECT s.realtime_ns - s.clock_ns FROM clock_sample s
		 WHERE s.trace_id = d.trace_id AND s.clock_ns <= d.time_ns
		 ORDER BY s.clock_ns DESC LIMIT 1),
		(SELECT s.realtime_ns - s.clock_ns FROM clock_sample s
		 WHERE s.trace_id = d.trace_id ORDER BY s.clock_ns LIMIT 1),
		0) AS time,
	d.detail
FROM detail_change d;

-- Where the time of day jumped against the trace's clock, further than a clock that is
-- being slewed moves: by step_ns, between the sample before and this one.
CREATE VIEW clock_step AS
SELECT trace_id, clock_ns, realtime_ns, step_ns
FROM (
	SELECT trace_id, clock_ns, realtime_ns,
		realtime_ns - clock_ns - lag(realtime_ns - clock_ns) OVER samples AS step_ns,
		clock_ns - lag(clock_ns) OVER samples AS gap_ns
	FROM clock_sample
	WINDOW samples AS (PARTITION BY trace_id ORDER BY clock_ns)
)
WHERE max(step_ns, -step_ns) > 50000000 + gap_ns / 1000; -- abs() refuses the lowest number

-- What the recorder wrote down about itself and the machine.
CREATE TABLE environment (
	trace_id INTEGER NOT NULL REFERENCES trace,
	key TEXT NOT NULL,
	value TEXT NOT NULL
);
CREATE INDEX environment_of ON environment (trace_id);

-- Network devices. A device that changed has several rows.
CREATE TABLE interface (
	trace_id INTEGER NOT NULL REFERENCES trace,
	time_ns INTEGER,            -- since when it was so; 0: since the start
	netns INTEGER NOT NULL,     -- inode number of its network namespace
	ifindex INTEGER NOT NULL,
	name TEXT,
	kind TEXT,                  -- veth, bridge, vlan, ...
	mac TEXT,
	type INTEGER,               -- ARPHRD_*
	flags INTEGER,              -- IFF_*
	mtu_bytes INTEGER,
	master INTEGER,             -- ifindex of the bridge, bond or VRF above
	link INTEGER,               -- ifindex of the device below, or of the peer
	link_netns INTEGER,
	vlan_id INTEGER
);
CREATE INDEX interface_of ON interface (trace_id, netns, ifindex);

-- The counters of network devices, as read from time to time.
CREATE TABLE interface_counter (
	trace_id INTEGER NOT NULL REFERENCES trace,
	time_ns INTEGER NOT NULL,
	netns INTEGER NOT NULL,
	ifindex INTEGER NOT NULL,
	recv_bytes INTEGER NOT NULL,
	recv_packets INTEGER NOT NULL,
	recv_dropped INTEGER NOT NULL,
	send_bytes INTEGER NOT NULL,
	send_packets INTEGER NOT NULL,
	send_dropped INTEGER NOT NULL
);
CREATE INDEX interface_counter_of ON interface_counter (trace_id);

-- What each device said of itself between two readings of its counters, and what the trace
-- says of that time; both directions, where there was anything.
CREATE TABLE reconciliation (
	trace_id INTEGER NOT NULL REFERENCES trace,
	netns INTEGER NOT NULL,
	ifindex INTEGER NOT NULL,
	interface TEXT,             -- its name
	kind TEXT,
	is_send INTEGER NOT NULL,
	from_ns INTEGER,            -- its first reading
	to_ns INTEGER,              -- and the last
	unit TEXT NOT NULL,         -- what it counts: ip, or frame (with the link header), of
	                            -- skbs; ip_segment, frame_segment: of what they are cut to
	interface_bytes INTEGER,    -- what it said, and of the trace:
	attributed_bytes INTEGER NOT NULL, -- of processes
	kernel_bytes INTEGER NOT NULL,
	forwarded_bytes INTEGER NOT NULL,
	unknown_bytes INTEGER NOT NULL, -- of nobody known
	lost_bytes INTEGER,         -- in events that no total makes up for
	unexplained_bytes INTEGER,  -- what the device said less all of these
	reconciled INTEGER NOT NULL, -- 0: it could not be compared, because of
	reason TEXT
);
CREATE INDEX reconciliation_of ON reconciliation (trace_id);

-- Network namespaces by inode number.
CREATE TABLE netns (
	trace_id INTEGER NOT NULL REFERENCES trace,
	netns INTEGER NOT NULL,
	name TEXT                   -- as ip-netns(8) has it
);

CREATE TABLE cgroup (
	trace_id INTEGER NOT NULL REFERENCES trace,
	cgroup_id INTEGER NOT NULL,
	path TEXT
);

-- Readings of the trace's clock and of the time of day, side by side.
CREATE TABLE clock_sample (
	trace_id INTEGER NOT NULL REFERENCES trace,
	clock_ns INTEGER NOT NULL,
	realtime_ns INTEGER NOT NULL,
	PRIMARY KEY (trace_id, clock_ns)
) WITHOUT ROWID;

-- The recorder's other counts, at their last writing.
CREATE TABLE counter (
	trace_id INTEGER NOT NULL REFERENCES trace,
	name TEXT NOT NULL,
	cpu INTEGER NOT NULL,       -- -1: not by CPU
	value INTEGER NOT NULL,
	PRIMARY KEY (trace_id, name, cpu)
) WITHOUT ROWID;

-- The kernel's maps send_bytes and recv_bytes, as recorded, at their last writing.
CREATE TABLE throughput (
	trace_id INTEGER NOT NULL REFERENCES trace,
	is_send INTEGER NOT NULL,
	pid INTEGER NOT NULL,
	name TEXT NOT NULL,
	bytes INTEGER NOT NULL,
	PRIMARY KEY (trace_id, is_send, pid, name)
) WITHOUT ROWID;

-- A process is (boot, pid, start); the rest is the last that is known of it. The first
-- three rows stand for nobody known, (kernel) and (forwarded).
CREATE TABLE process (
	process_id INTEGER PRIMARY KEY,
	boot_id INTEGER REFERENCES boot,
	pid INTEGER,
	start_ns INTEGER,           -- CLOCK_BOOTTIME
	start_realtime_ns INTEGER,
	comm TEXT,
	comm_ns INTEGER,            -- when it was last seen with that name
	known_ns INTEGER,           -- the time of the last of its rows in process_event
	parent_id INTEGER REFERENCES process,
	exit_ns INTEGER,
	exit_realtime_ns INTEGER,
	exit_code INTEGER,          -- NULL: it has not exited, or was killed
	exit_signal INTEGER,        -- what killed it
	exe TEXT,
	args TEXT,                  -- in quotes where a shell needs them
	build_id TEXT,              -- of exe, in hexadecimal
	uid INTEGER,
	gid INTEGER,
	user TEXT,                  -- name of uid
	cgroup_id INTEGER,
	cgroup TEXT,                -- its path, and what that says:
	container TEXT,             -- its id; of LXC its name
	pod TEXT,
	unit TEXT,                  -- of systemd
	netns INTEGER,              -- inode numbers of its namespaces
	mntns INTEGER,
	pidns INTEGER
);

-- What the recorder learned of processes, row by row.
CREATE TABLE process_event (
	trace_id INTEGER NOT NULL REFERENCES trace,
	time_ns INTEGER NOT NULL,
	what TEXT,                  -- snapshot, fork, exec, rename or exit
	process_id INTEGER NOT NULL REFERENCES process,
	parent_id INTEGER REFERENCES process,
	comm TEXT,
	exe TEXT,
	args TEXT,
	uid INTEGER,
	gid INTEGER,
	cgroup_id INTEGER,
	netns INTEGER,
	mntns INTEGER,
	pidns INTEGER,
	exit_code INTEGER,
	exit_signal INTEGER,
	build_id TEXT
);

CREATE TABLE protocol (
	protocol_id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE   -- TCP, UDP, ICMPv6, ip-253, ARP, eth-0x88cc, ...
);

-- A 5-tuple of a process in a network namespace, over all its incarnations and traces.
CREATE TABLE conversation (
	conversation_id INTEGER PRIMARY KEY,
	boot_id INTEGER NOT NULL REFERENCES boot,
	protocol_id INTEGER NOT NULL REFERENCES protocol,
	netns INTEGER,
	local_addr TEXT,
	local_port INTEGER,
	remote_addr TEXT,
	remote_port INTEGER,
	process_id INTEGER NOT NULL REFERENCES process
);

-- A flow: one incarnation of a 5-tuple in one trace.
CREATE TABLE flow (
	flow_id INTEGER PRIMARY KEY, -- of this database
	trace_id INTEGER NOT NULL REFERENCES trace,
	incarnation INTEGER,         -- its id in the trace
	protocol_id INTEGER NOT NULL REFERENCES protocol,
	ethertype INTEGER,
	netns INTEGER,
	local_addr TEXT,             -- source of a send, destination of a receive
	local_port INTEGER,
	remote_addr TEXT,
	remote_port INTEGER
);

-- What many events have in common.
CREATE TABLE lane (
	lane_id INTEGER PRIMARY KEY,
	trace_id INTEGER NOT NULL REFERENCES trace,
	flow_id INTEGER NOT NULL REFERENCES flow,
	conversation_id INTEGER NOT NULL REFERENCES conversation,
	protocol_id INTEGER NOT NULL REFERENCES protocol,
	process_id INTEGER NOT NULL REFERENCES process, -- the owner
	comm TEXT,                  -- the owner's name at the time of the events
	owner_source INTEGER NOT NULL REFERENCES owner_source,
	is_send INTEGER NOT NULL,
	ifindex INTEGER,
	interface TEXT,             -- its name
	link_header_bytes INTEGER,
	cgroup_id INTEGER,
	vlan_id INTEGER,
	is_tunnelled INTEGER NOT NULL,
	is_local_addr INTEGER NOT NULL, -- the local address is on this device
	is_loopback INTEGER NOT NULL,
	counts_elsewhere INTEGER NOT NULL -- 1: the same packets count on another device
);

-- Whom else than its process the packets of a lane went to.
CREATE TABLE consumer (
	lane_id INTEGER NOT NULL REFERENCES lane,
	process_id INTEGER NOT NULL REFERENCES process,
	PRIMARY KEY (lane_id, process_id)
) WITHOUT ROWID;

-- What a row of a report is of, where it is neither process, protocol nor conversation.
CREATE TABLE group_key (
	key_id INTEGER PRIMARY KEY,
	grouping TEXT NOT NULL,     -- and what the other columns hold for it:
	boot_id INTEGER REFERENCES boot, -- of interface and netns
	name TEXT,                  -- program: exe or comm; user: its name; cgroup: path;
	                            -- container: id; interface: name; remote: address;
	                            -- port: protocol
	detail TEXT,                -- program: build id; cgroup: unit; container: pod;
	                            -- interface and netns: name of the namespace
	number INTEGER              -- user: uid; cgroup: id without a path; port;
	                            -- interface and netns: the namespace's inode number
);

-- Which lanes such a row counts. In a trace read in place: of the report's groupings.
CREATE TABLE member (
	grouping TEXT NOT NULL,
	lane_id INTEGER NOT NULL REFERENCES lane,
	key_id INTEGER NOT NULL REFERENCES group_key,
	PRIMARY KEY (grouping, lane_id, key_id)
) WITHOUT ROWID;

-- Which lanes the rows of any report count: of several consumers each, and no packet
-- twice in a row, nor on two devices where it is not by device.
CREATE VIEW membership AS
SELECT 'process' AS grouping, process_id AS key_id, lane_id, is_send, owner_source
FROM lane WHERE NOT counts_elsewhere
UNION ALL
SELECT 'process', c.process_id, l.lane_id, l.is_send, l.owner_source
FROM consumer c JOIN lane l ON l.lane_id = c.lane_id
WHERE NOT l.counts_elsewhere AND c.process_id <> l.process_id
UNION ALL
SELECT 'protocol', protocol_id, lane_id, is_send, owner_source FROM lane WHERE NOT counts_elsewhere
UNION ALL
SELECT 'conversation', conversation_id, lane_id, is_send, owner_source
FROM lane WHERE NOT counts_elsewhere
UNION ALL
SELECT m.grouping, m.key_id, l.lane_id, l.is_send, l.owner_source
FROM member m JOIN lane l ON l.lane_id = m.lane_id;

-- How the owner of an event was found.
CREATE TABLE owner_source (
	owner_source INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
);
INSERT INTO owner_source VALUES (0, 'unknown'), (1, 'socket'), (2, 'flow'), (3, 'listener'),
	(4, 'shared'), (5, 'seeded'), (6, 'kernel'), (7, 'forwarded'), (8, 'current');

-- The roll-up: events and totals summed by lane and period.
CREATE TABLE usage (
	period_id INTEGER NOT NULL REFERENCES period,
	lane_id INTEGER NOT NULL REFERENCES lane,
	events INTEGER NOT NULL,    -- skbs
	packets INTEGER NOT NULL,   -- segments
	bytes INTEGER NOT NULL,     -- at the IP layer, headers included
	payload_bytes INTEGER,      -- of the events whose headers could be read
	wire_bytes INTEGER,         -- payload + segments x (link + IP + transport headers)
	first_realtime_ns INTEGER NOT NULL,
	last_realtime_ns INTEGER NOT NULL,
	total_events INTEGER NOT NULL, -- of all these, what totals alone tell
	total_bytes INTEGER NOT NULL,
	PRIMARY KEY (period_id, lane_id)
) WITHOUT ROWID;

-- The highest second of each row of the reports: seconds count from the recording's
-- start, and each direction has its own highest.
CREATE TABLE peak (
	grouping TEXT NOT NULL,     -- process, protocol, conversation or group_key's
	key_id INTEGER NOT NULL,    -- process_id, protocol_id, conversation_id or key_id
	period_id INTEGER NOT NULL REFERENCES period,
	send_bytes INTEGER NOT NULL,
	recv_bytes INTEGER NOT NULL,
	PRIMARY KEY (grouping, key_id, period_id)
) WITHOUT ROWID;

-- The measures of a report: usage summed by process, by protocol and so on.
CREATE VIEW measure AS
SELECT
	u.*, d.start_realtime_ns AS time,
	CAST(round(u.send_bytes * 8e9 / nullif(d.duration_ns, 0)) AS INTEGER) AS send_bps,
	CAST(round(u.recv_bytes * 8e9 / nullif(d.duration_ns, 0)) AS INTEGER) AS recv_bps,
	CASE WHEN d.duration_ns < 1000000000
		THEN CAST(round(u.send_bytes * 8e9 / nullif(d.duration_ns, 0)) AS INTEGER)
		ELSE k.send_bytes * 8 END AS send_peak_bps,
	CASE WHEN d.duration_ns < 1000000000
		THEN CAST(round(u.recv_bytes * 8e9 / nullif(d.duration_ns, 0)) AS INTEGER)
		ELSE k.recv_bytes * 8 END AS recv_peak_bps
FROM (
	SELECT
		l.grouping, l.key_id, us.period_id,
		coalesce(sum(CASE WHEN l.is_send THEN us.bytes END), 0) AS send_bytes,
		coalesce(sum(CASE WHEN NOT l.is_send THEN us.bytes END), 0) AS recv_bytes,
		coalesce(sum(CASE WHEN l.is_send THEN us.packets END), 0) AS send_packets,
		coalesce(sum(CASE WHEN NOT l.is_send THEN us.packets END), 0) AS recv_packets,
		coalesce(sum(CASE WHEN l.is_send THEN us.payload_bytes END),
			CASE WHEN NOT max(l.is_send) THEN 0 END) AS send_payload_bytes,
		coalesce(sum(CASE WHEN NOT l.is_send THEN us.payload_bytes END),
			CASE WHEN min(l.is_send) THEN 0 END) AS recv_payload_bytes,
		coalesce(sum(CASE WHEN l.is_send THEN us.wire_bytes END),
			CASE WHEN NOT max(l.is_send) THEN 0 END) AS send_wire_bytes,
		coalesce(sum(CASE WHEN NOT l.is_send THEN us.wire_bytes END),
			CASE WHEN min(l.is_send) THEN 0 END) AS recv_wire_bytes,
		min(us.first_realtime_ns) AS first, max(us.last_realtime_ns) AS last,
		sum(CASE WHEN l.owner_source = 1 THEN us.bytes ELSE 0 END) AS sources_socket,
		sum(CASE WHEN l.owner_source = 2 THEN us.bytes ELSE 0 END) AS sources_flow,
		sum(CASE WHEN l.owner_source = 3 THEN us.bytes ELSE 0 END) AS sources_listener,
		sum(CASE WHEN l.owner_source = 4 THEN us.bytes ELSE 0 END) AS sources_shared,
		sum(CASE WHEN l.owner_source = 5 THEN us.bytes ELSE 0 END) AS sources_seeded,
		sum(CASE WHEN l.owner_source = 6 THEN us.bytes ELSE 0 END) AS sources_kernel,
		sum(CASE WHEN l.owner_source = 7 THEN us.bytes ELSE 0 END) AS sources_forwarded,
		sum(CASE WHEN l.owner_source = 8 THEN us.bytes ELSE 0 END) AS sources_current,
		sum(CASE WHEN l.owner_source = 0 THEN us.bytes ELSE 0 END) AS sources_unknown
	FROM membership l
	JOIN usage us ON us.lane_id = l.lane_id
	GROUP BY l.grouping, l.key_id, us.period_id
) u
JOIN period d ON d.period_id = u.period_id
LEFT JOIN peak k ON k.grouping = u.grouping AND k.key_id = u.key_id
	AND k.period_id = u.period_id;

-- Every event, in order of time within a trace.
CREATE TABLE event (
	timestamp INTEGER NOT NULL,
	lane_id INTEGER NOT NULL REFERENCES lane,
	bytes INTEGER NOT NULL,
	segments INTEGER,
	header_bytes INTEGER,       -- IP and transport
	tcp_flags INTEGER,
	tid INTEGER,                -- the sending thread
	flags INTEGER NOT NULL      -- 1 fragment, 2 later fragment, 4 bad header
);

-- Every event with all that is known of it. What stands in /*+ and +*/ is so when the table
-- event is a trace's own, which knows of each event whose it is.
CREATE VIEW net_event AS
SELECT
	strftime('%Y-%m-%dT%H:%M:%S', realtime_ns / 1000000000, 'unixepoch') ||
		printf('.%09dZ', realtime_ns % 1000000000) AS time,
	timestamp, is_send, pid, start_ns, tid, comm, owner_source,
	CASE WHEN is_send THEN local_addr ELSE remote_addr END AS saddr,
	CASE WHEN is_send THEN remote_addr ELSE local_addr END AS daddr,
	CASE WHEN is_send THEN local_port ELSE remote_port END AS sport,
	CASE WHEN is_send THEN remote_port ELSE local_port END AS dport,
	protocol, ethertype,
	CASE ethertype WHEN 2048 THEN 4 WHEN 34525 THEN 6 END AS family,
	bytes, segments, header_bytes,
	max(bytes - header_bytes, 0) AS payload_bytes,
	link_header_bytes,
	CASE WHEN coalesce(segments, 1) = 1 THEN bytes + link_header_bytes
		ELSE bytes + (segments - 1) * header_bytes + segments * link_header_bytes
	END AS wire_bytes,
	tcp_flags, interface, ifindex, netns, cgroup_id, flow_id, vlan_id,
	flags & 1 AS is_fragment,
	flags >> 2 & 1 AS is_bad_header,
	is_tunnelled, is_local_addr, is_loopback, counts_elsewhere, trace_id
FROM (
	SELECT
		e.timestamp + coalesce(
			(SELECT s.realtime_ns - s.clock_ns FROM clock_sample s
			 WHERE s.trace_id = l.trace_id AND s.clock_ns <= e.timestamp
			 ORDER BY s.clock_ns DESC LIMIT 1),
			(SELECT s.realtime_ns - s.clock_ns FROM clock_sample s
			 WHERE s.trace_id = l.trace_id ORDER BY s.clock_ns LIMIT 1),
			0) AS realtime_ns,
		e.timestamp, l.is_send, p.pid, p.start_ns, e.tid, l.comm,
		o.name AS owner_source, f.local_addr, f.remote_addr, f.local_port, f.remote_port,
		r.name AS protocol, f.ethertype, e.bytes, e.segments, e.header_bytes,
		l.link_header_bytes, e.tcp_flags, l.interface, l.ifindex, f.netns, l.cgroup_id,
		f.incarnation AS flow_id, l.vlan_id, e.flags, l.is_tunnelled, l.is_local_addr,
		l.is_loopback, l.counts_elsewhere, l.trace_id
	FROM event e
	JOIN lane l ON l.lane_id = e.lane_id
	JOIN flow f ON f.flow_id = l.flow_id /*+ AND f.incarnation IS e.of_flow +*/
	JOIN protocol r ON r.protocol_id = l.protocol_id
	JOIN process p ON p.process_id = l.process_id /*+ AND p.pid IS e.of_pid +*/
	JOIN owner_source o ON o.owner_source = l.owner_source
);

-- What the kernel counted and no event tells: it was lost, or no events were recorded.
CREATE TABLE total (
	from_ns INTEGER NOT NULL,
	to_ns INTEGER NOT NULL,     -- half open
	lane_id INTEGER NOT NULL REFERENCES lane,
	events INTEGER NOT NULL,
	packets INTEGER NOT NULL,
	bytes INTEGER NOT NULL,
	payload_bytes INTEGER NOT NULL,
	wire_bytes INTEGER NOT NULL,
	has_protocol INTEGER NOT NULL -- 0: not IP, and no payload_bytes
);

-- Totals with all that is known of them, as net_event of the events.
CREATE VIEW net_total AS
SELECT
	t.from_ns, t.to_ns, l.is_send, p.pid, p.start_ns, l.comm, o.name AS owner_source,
	f.local_addr, f.local_port, f.remote_addr, f.remote_port,
	r.name AS protocol, f.ethertype, t.events, t.packets, t.bytes, t.payload_bytes,
	t.wire_bytes, l.link_header_bytes, l.interface, l.ifindex, f.netns, l.cgroup_id,
	f.incarnation AS flow_id, l.is_tunnelled, l.is_local_addr, l.is_loopback,
	l.counts_elsewhere, l.trace_id
FROM total t
JOIN lane l ON l.lane_id = t.lane_id
JOIN flow f ON f.flow_id = l.flow_id
JOIN protocol r ON r.protocol_id = l.protocol_id
JOIN process p ON p.process_id = l.process_id
JOIN owner_source o ON o.owner_source = l.owner_source;

-- All that the kernel counted in the trace's time, events and totals together, as recorded:
-- by owner and device, not by flow.
CREATE TABLE sum (
	trace_id INTEGER NOT NULL REFERENCES trace,
	from_ns INTEGER NOT NULL,
	to_ns INTEGER NOT NULL,
	is_send INTEGER NOT NULL,
	pid INTEGER,
	start_ns INTEGER,
	comm TEXT,
	owner_source TEXT,
	netns INTEGER,
	ifindex INTEGER,
	protocol TEXT,
	ethertype INTEGER NOT NULL,
	link_header_bytes INTEGER NOT NULL,
	is_tunnelled INTEGER NOT NULL,
	is_local_addr INTEGER NOT NULL,
	is_loopback INTEGER NOT NULL,
	events INTEGER NOT NULL,
	packets INTEGER NOT NULL,
	bytes INTEGER NOT NULL,
	payload_bytes INTEGER NOT NULL,
	wire_bytes INTEGER NOT NULL
);

-- The original's maps {pid, name} -> bytes.
CREATE VIEW send_bytes AS
SELECT pid, name, bytes, trace_id FROM throughput WHERE is_send;
CREATE VIEW recv_bytes AS
SELECT pid, name, bytes, trace_id FROM throughput WHERE NOT is_send;
