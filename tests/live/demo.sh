#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The demo records what it says; without the right to record it says why and
# reports on a bundled trace.
. tests/lib.sh
need_live

expect 0 samples/demo.sh "$BUILD"
says "$TMP/out" "demo-client"
says "$TMP/out" "lost 0"
for by in process protocol flow; do
	says "$TMP/out" "by $by"
done
"$analyze" report --by flow --format csv "$BUILD/demo.zst" >"$TMP/flows" || fail "the demo's trace"
for kind in TCP,.*,127.0.0.1 UDP,.*,127.0.0.1 TCP,.*,::1 UDP,.*,::1; do
	grep -q "^$kind,.*demo-client" "$TMP/flows" || fail "no $kind of the demo's client"
done

mkdir "$TMP/build" "$TMP/build/tests"
cp "$record" "$analyze" "$TMP/build"
cp "$traffic" "$TMP/build/tests"
cp -r samples "$TMP"
chmod -R a+rX "$TMP"
cd "$TMP" || exit 1
expect 0 setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all env -u TMP TMPDIR=/tmp \
	PATH=/usr/bin:/bin samples/demo.sh build
says "$TMP/err" "Recording is not possible here"
says "$TMP/err" "root"
says "$TMP/out" "mixed-minute"
