-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- What a recording is held to.

-- What the programs of a scenario say that they moved, a line a process and conversation.
CREATE TEMP TABLE truth (
	pid INTEGER,
	start_ticks INTEGER,        -- of the process, in hundredths of a second since the boot
	netns INTEGER,
	is_send INTEGER,
	protocol TEXT,
	local_addr TEXT,
	local_port INTEGER,         -- 0: the protocol has none
	remote_addr TEXT,
	remote_port INTEGER,
	payload_bytes INTEGER,
	count INTEGER,              -- datagrams, or calls
	again_bytes INTEGER,        -- payload that TCP sent again
	who TEXT                    -- whose it is: process, each, kernel, held (rig.h)
);

-- What nftables counted at the devices.
CREATE TEMP TABLE ground (
	netns INTEGER,
	interface TEXT,
	is_send INTEGER,
	events INTEGER,
	bytes INTEGER
);
CREATE TEMP TABLE rig_netns (
	netns INTEGER,
	name TEXT                   -- left, right, inner or bridge
);

-- What attribution by the current task gives.
CREATE TEMP TABLE by_current (
	netns INTEGER,
	ifindex INTEGER,
	is_send INTEGER,
	protocol TEXT,
	local_addr TEXT,
	local_port INTEGER,         -- 0: the packet has none
	remote_addr TEXT,
	remote_port INTEGER,
	pid INTEGER,
	start_ns INTEGER,
	payload_bytes INTEGER,
	packets INTEGER
);

-- The report by process.
CREATE TEMP TABLE reported (
	pid INTEGER,
	start TEXT,
	send_payload_bytes INTEGER,
	recv_payload_bytes INTEGER
);

-- Of the database; databases of an earlier schema know no second consumer.
CREATE TABLE IF NOT EXISTS consumer (lane_id INTEGER, process_id INTEGER);
