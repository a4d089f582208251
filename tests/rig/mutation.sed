# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# bpf/netsnoop.bpf.c: the owner of what is received is the current task. The source says
# "socket", so that nothing that becomes known later repairs it.
s/^\t\tfind_receiver(&seen);$/\t\t{ struct owner now = {}; current_owner(\&now); charge(record, \&now, SOURCE_SOCKET); }/
