/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Is what stands for something what the rules say? */
#ifndef NETSNOOP_ANALYZE_ANONYMIZE_PAIRS_H
#define NETSNOOP_ANALYZE_ANONYMIZE_PAIRS_H

#include "analyze/anonymize.h"

/*
 * See that addresses keep their prefixes and special ranges and nothing else, that numbers stay
 * in their class, and that no more of them are what they were than by chance. Names are
 * vocabulary_check()'s. 0; -EBADMSG with anonymized->fault; -ENOMEM.
 */
int pairs_check(struct anonymized *anonymized);

#endif
