/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table made from protos.def. */
#pragma once

#include "agent/proto/proto.h"

/* At most 32: a set of rows is one word. */
unsigned registry_count(void);

/* Row i in order of probing; static.  NULL behind the last. */
const struct proto *registry_get(unsigned i);
