/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Servers' answers, from the kernel's log into the table of
 * agent/flow/handshakes.h.  Socket and table are the manager's: while no
 * verdict process is there the kernel keeps what the next one asks for.
 */
#pragma once

#include "agent/flow/handshakes.h"
#include "agent/kernel/klog.h"

struct handshake_log {
	struct klog *log; /* NULL: there is none */
	struct handshakes *table;
	size_t size;
	uint16_t group;
};

/* For this group of the log; one for another is closed, but not its table.
 * FW_ERR_EXIST: another program holds it. */
FW_MUST_CHECK enum fw_err handshake_log_open(struct handshake_log *l,
					     uint16_t group);

/* What is wrong with a group of the log, and what helps, as text. */
void handshake_log_trouble(uint16_t group, enum fw_err err, char *out,
			   size_t room);
void handshake_log_close(struct handshake_log *l);
