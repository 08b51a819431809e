/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Panic: nothing passes but those who manage the gateway.  A table beside the
 * policy's, so that ending it brings the policy back as it was; and a record in
 * the store, so that it outlives the daemon and the system.  The daemon does
 * it, and fwctl when there is no daemon.
 */
#pragma once

#include "agent/kernel/nftapply.h"
#include "policy/ir.h"

#include <jansson.h>

#define PANIC_RECORD "panic.json"

/* Who asks for it, and the connections that must go on (as in the requests of
 * the control socket); each may be NULL. */
struct panic_order {
	const struct ir *ir; /* whose management flows go on */
	const json_t *flows;
	const json_t *before; /* the record, if it is on already: who may go on,
				 may */
	const char *author, *told;
	int64_t now;
};

/* What is to be stored; owned. */
json_t *panic_record(const struct panic_order *order);

/* Nobody is let in: what is to be said of that. */
#define PANIC_NOBODY                                                         \
	"no flow is declared as management, and you are not on ssh: nobody " \
	"reaches the gateway until 'fwctl panic off' is typed on it\n"
bool panic_lets_nobody_in(const json_t *record);

/* Have the kernel do as the record says. */
FW_MUST_CHECK enum fw_err
panic_load(const struct nft *nft, const json_t *record, uint32_t table_flags);
FW_MUST_CHECK enum fw_err panic_unload(const struct nft *nft);
