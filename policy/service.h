/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Services: "tcp/443", "udp/5000-5100", "icmp/8", "icmp/echo-request",
 * "proto/47", or a name. */
#pragma once

#include "policy/base/err.h"
#include "policy/base/str.h"
#include "policy/base/vec.h"

#include <stdbool.h>
#include <stdint.h>

/* Ports lo..hi of tcp or udp (also sctp, dccp), types lo..hi of ICMP, or a
 * whole IP protocol (0..65535). */
struct service {
	uint8_t l4; /* IPPROTO_* */
	uint16_t lo, hi;
};

typedef VEC(struct service) service_list;

/* Take away from the list what `minus` has; false without memory. */
FW_MUST_CHECK bool service_list_subtract(struct arena *arena,
					 service_list *list,
					 struct service minus);

/* Sort them by protocol and port; what touches becomes one. */
void service_list_merge(service_list *list);

/* "tcp/443" and the like; FW_ERR_INVAL when it is none. */
FW_MUST_CHECK enum fw_err service_parse(struct str text,
					struct service *out_service);

/* What is wrong with text that service_parse() refuses and that begins with a
 * protocol, as words behind "no service: "; NULL for all else. */
const char *service_fault(struct str text);

/* Members ("tcp/80 tcp/8080") of a built-in service, or an empty view. */
struct str service_builtin(struct str name);

/* Name of built-in service i, or NULL at the end: for "did you mean". */
const char *service_builtin_name(unsigned i);

/* ICMP type i by name ("icmp/echo-request"), likewise. */
const char *service_icmp_name(unsigned i);

/* "tcp/443"; buf holds SERVICE_TEXT_MAX. */
#define SERVICE_TEXT_MAX 24
const char *service_print(const struct service *s, char *buf);
