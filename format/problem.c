/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "problem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int nst_problem_set(struct nst_problem *problem, enum nst_problem_code code, const char *format,
		    ...)
{
	va_list args;

	problem->code = code;
	va_start(args, format);
	vsnprintf(problem->text, sizeof(problem->text), format, args);
	va_end(args);
	return -EBADMSG;
}

bool nst_problem_is_damage(const struct nst_problem *problem)
{
	return problem->code != NST_PROBLEM_DUPLICATE_CHUNK &&
	       problem->code != NST_PROBLEM_UNKNOWN && problem->code != NST_PROBLEM_BAD_INDEX;
}
