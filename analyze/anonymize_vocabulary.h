/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What may stand in an anonymised trace in words: those that are well known, and names given. */
#ifndef NETSNOOP_ANALYZE_ANONYMIZE_VOCABULARY_H
#define NETSNOOP_ANALYZE_ANONYMIZE_VOCABULARY_H

#include "analyze/anonymize.h"
#include "analyze/needles.h"

/*
 * See that every string that stands for something is made of nothing else. 0; -EBADMSG
 * with anonymized->fault; -ENOMEM.
 */
int vocabulary_check(struct anonymized *anonymized);

/* All of it, and all that stands for something, is a haystack that excuses needles. */
void vocabulary_scan(const struct anonymized *anonymized, struct needles *needles);

#endif
