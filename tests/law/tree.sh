#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What must hold for every file of the tree.
. tests/lib.sh

sources=$(find Makefile .ci analyze bpf common format record samples tests -type f \
	\( -name '*.[ch]' -o -name '*.sh' -o -name '*.sql' -o -name Makefile -o -name run \))
for file in $sources; do
	head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause' ||
		fail "$file: no SPDX line among its first three"
done

# shellcheck disable=SC2086 # a list of files
long=$(wc -l $sources | awk '$2 != "total" && $1 > 600 { print $2 " has " $1 " lines" }')
[ -z "$long" ] || fail "files with a second job? $long"

case $(clang-format --version 2>/dev/null) in
*"version 14."*)
	find analyze bpf common format record tests -name '*.[ch]' \
		-exec clang-format --dry-run -Werror {} + 2>"$TMP/style" ||
		fail "clang-format would change: $(grep -o '^[^:]*' "$TMP/style" | sort -u | tr '\n' ' ')" ;;
*) echo "clang-format 14 is not here: the layout of the C files was not checked" ;;
esac
