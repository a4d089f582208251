#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A trace damaged in many ways (DAMAGED of them): verify and recover say exactly what is
# missing, and what was recovered is whole and has all that was not touched.
. tests/lib.sh

top=$PWD
cd "$TMP" || exit 1
"$BUILD/tests/damage_many" "${DAMAGED:-300}" || fail "see above; the first of them is damaged.zst"
cd "$top" || exit 1
