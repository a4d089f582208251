# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=sh
#
# How a benchmark that records begins: as a live test does, with two namespaces of its own.
# Sourced at the top of the tree, with the build's directory as $1.
BUILD=$(cd "$1" && pwd) || exit 1
TMP=$(mktemp -d) || exit 1
export BUILD TMP LC_ALL=C.UTF-8 PATH="$PATH:/usr/sbin:/sbin"
. tests/lib.sh
. tests/bench/result.sh
at_exit "rm -rf $TMP"
need_live
make_pair
