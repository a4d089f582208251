# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# awk -f flat.awk HELD: lines of kilobytes and descriptors at even times. Status 1 if the
# median of the last third is more than 2 % and a megabyte above that of the first, or
# if there are more descriptors.
function median(values, from, to,  sorted, n, i, j, value) {
	for (i = from; i <= to; i++) {
		value = values[i]
		for (j = n++; j > 0 && sorted[j - 1] > value; j--)
			sorted[j] = sorted[j - 1]
		sorted[j] = value
	}
	return sorted[int(n / 2)]
}
{
	kb[NR] = $1
	fds[NR] = $2
}
END {
	third = int(NR / 3)
	if (!third) {
		print "FAIL: too short to tell anything"
		exit 1
	}
	first = median(kb, 1, third)
	last = median(kb, NR - third + 1, NR)
	first_fds = median(fds, 1, third)
	last_fds = median(fds, NR - third + 1, NR)
	printf "resident: %.1f MB in the first third, %.1f MB in the last; descriptors: %d and %d\n", \
		first / 1024, last / 1024, first_fds, last_fds
	if (last > first * 1.02 + 1024) {
		print "FAIL: the recorder grows"
		failed = 1
	}
	if (last_fds > first_fds) {
		print "FAIL: descriptors are left open"
		failed = 1
	}
	exit failed
}
