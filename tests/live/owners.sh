#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The scenarios of the rig that show the most in a short time; make check-live plays all.
exec tests/rig/run.sh "$BUILD" tcp tcp-mapped tcp-full-duplex udp-one-way udp-connected \
	udp-reuseport udp-fragments prefork fd-passing-midway inetd answered-late pid-reuse \
	ping-raw raw-253 early-connected early-udp router nat-own-host vxlan \
	udp-multicast-3 udp-tuple-again tcp-tuple-again tcp-before-accept closed-ports
