// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/rig/rig.h"

const struct scenario scenarios_raw[] = {
	{ 0 },
};
