/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a flow may be that our own parsers do not know.  A guess is evidence, a
 * fact of the layer "unknown" (ndpi.proto): no rule asks for it, and a policy
 * decides over the flow as over any unknown one.
 *
 * With `make NDPI=1` libndpi is asked; else nobody, and nothing is told.
 */
#pragma once

#include "policy/base/reader.h"
#include "policy/facts.h"

/* Is there anybody to ask? */
bool guess_is_there(void);

/* The current layer is unknown; `client` is what its client has said. */
void guess_unknown(struct facts *facts, struct reader client);
