/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef NETSNOOP_ANALYZE_PORT_H
#define NETSNOOP_ANALYZE_PORT_H

#define PORT_EPHEMERAL 32768 /* from here on Linux gives clients theirs */

#endif
