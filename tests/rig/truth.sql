-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- What the programs of a scenario say that they moved, a line a process and conversation.
CREATE TABLE truth (
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
	again_bytes INTEGER         -- payload that TCP sent again
);
