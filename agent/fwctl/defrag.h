/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fragments of a capture -> whole IP packets (RFC 791 3.2, RFC 8200 4.5), as
 * connection tracking hands them to the queue of a gateway.  Overlapping
 * fragments that differ, and what never becomes whole, are dropped, as the
 * kernel does.
 */
#pragma once

#include "policy/base/reader.h"

struct defrag;

/* NULL without memory.  Free with defrag_free(). */
struct defrag *defrag_new(void);
void defrag_free(struct defrag *d);

/* `ip` begins with an IP header.  True: it is a whole packet now, as it was or
 * put together (borrowed until the next call).  False: there is more to come.
 */
bool defrag_take(struct defrag *d, struct reader *ip);
