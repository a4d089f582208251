-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- The columns that all reports have: what stands for $measures in the others.
send_bytes, recv_bytes, send_packets, recv_packets,
send_payload_bytes, recv_payload_bytes, send_wire_bytes, recv_wire_bytes,
send_bps, recv_bps, send_peak_bps, recv_peak_bps, first, last,
sources_socket, sources_flow, sources_listener, sources_shared, sources_seeded,
sources_kernel, sources_forwarded, sources_current, sources_unknown
