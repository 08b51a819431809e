/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words and bounds of what binds names to addresses. */
#pragma once

/* The set of addresses whose answers count. */
#define BINDING_RESOLVERS "resolvers"

/* Seconds that an answer counts at least. */
#define BINDING_TTL_USUAL 3600
#define BINDING_TTL_LEAST 60
#define BINDING_TTL_MOST  (7 * 24 * 3600)

/* What encrypted hellos show in place of the name they are for, where the
 * policy does not say:
 * https://developers.cloudflare.com/ssl/edge-certificates/ech/ */
#define BINDING_ECH_OUTER "cloudflare-ech.com"
