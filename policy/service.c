/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/service.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
	const char *name, *members;
} builtins[] = {
#define X(name, members) {name, members},
#include "policy/services.def"
#undef X
};

static const struct {
	const char *name;
	uint8_t l4;
	uint16_t most;
} protocols[] = {
	{"tcp", IPPROTO_TCP, 65535},   {"udp", IPPROTO_UDP, 65535},
	{"sctp", IPPROTO_SCTP, 65535}, {"dccp", IPPROTO_DCCP, 65535},
	{"icmp", IPPROTO_ICMP, 255},   {"icmpv6", IPPROTO_ICMPV6, 255},
};

static const struct {
	const char *name; /* "icmp/echo-request" */
	uint8_t l4;
	uint16_t type;
} icmp_types[] = {
#define WORD_ICMP            "icmp/"
#define WORD_ICMPV6          "icmpv6/"
#define X(proto, name, type) {WORD_##proto name, IPPROTO_##proto, type},
#include "policy/icmp_types.def"
#undef X
};

#define N_BUILTINS  (sizeof(builtins) / sizeof(*builtins))
#define N_PROTOCOLS (sizeof(protocols) / sizeof(*protocols))

static bool parse_number(struct str s, unsigned most, uint16_t *out)
{
	unsigned v = 0;

	if (s.len == 0 || s.len > 5 || (s.len > 1 && s.p[0] == '0'))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!ascii_is_digit(s.p[i]))
			return false;
		v = v * 10 + (unsigned)(s.p[i] - '0');
	}
	*out = (uint16_t)v;
	return v <= most;
}

const char *service_icmp_name(unsigned i)
{
	return i < sizeof(icmp_types) / sizeof(*icmp_types) ? icmp_types[i].name
							    : NULL;
}

enum fw_err service_parse(struct str text, struct service *out_service)
{
	const char *cut = text.len ? memchr(text.p, '/', text.len) : NULL;
	struct str proto, range, lo;
	struct service s = {0};

	if (!cut)
		return FW_ERR_INVAL;
	for (unsigned i = 0; service_icmp_name(i); i++) {
		uint16_t type = icmp_types[i].type;

		if (!str_is(text, icmp_types[i].name))
			continue;
		*out_service = (struct service){icmp_types[i].l4, type, type};
		return FW_OK;
	}
	proto = str_mem(text.p, (size_t)(cut - text.p));
	range = str_skip(text, proto.len + 1);
	if (str_is(proto, "proto")) {
		uint16_t number;

		if (!parse_number(range, 255, &number))
			return FW_ERR_INVAL;
		*out_service = (struct service){(uint8_t)number, 0, 65535};
		return FW_OK;
	}
	cut = memchr(range.p, '-', range.len);
	lo = cut ? str_mem(range.p, (size_t)(cut - range.p)) : range;
	for (size_t i = 0; i < N_PROTOCOLS; i++) {
		if (!str_is(proto, protocols[i].name))
			continue;
		s.l4 = protocols[i].l4;
		if (!parse_number(lo, protocols[i].most, &s.lo))
			return FW_ERR_INVAL;
		s.hi = s.lo;
		if (cut && !parse_number(str_skip(range, lo.len + 1),
					 protocols[i].most, &s.hi))
			return FW_ERR_INVAL;
		if (s.hi < s.lo)
			return FW_ERR_INVAL;
		*out_service = s;
		return FW_OK;
	}
	return FW_ERR_INVAL;
}

/* --- what is wrong with what almost is one ---------------------------------
 */

static bool is_digits(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_digit(s.p[i]))
			return false;
	return s.len > 0;
}

static const char *fault_of_number(struct str s, uint16_t most)
{
	uint16_t ignored;

	if (!is_digits(s))
		return "it takes a number, or two with '-' between them";
	if (s.len > 1 && s.p[0] == '0')
		return "a number does not begin with 0";
	if (parse_number(s, most, &ignored))
		return NULL;
	return most == UINT16_MAX ? "the highest number of a port is 65535"
				  : "the highest number there is 255";
}

const char *service_fault(struct str text)
{
	struct str range = text, proto = str_cut(&range, '/'), lo;
	const char *fault;
	uint16_t most = 0;

	for (size_t i = 0; i < N_PROTOCOLS; i++)
		if (str_is(proto, protocols[i].name))
			most = protocols[i].most;
	if (str_is(proto, "proto"))
		most = 255;
	/* Types of ICMP have names as well. */
	if (!most || proto.len == text.len ||
	    (str_starts(proto, "icmp") && range.len &&
	     !ascii_is_digit(range.p[0])))
		return NULL;
	lo = str_cut(&range, '-');
	fault = fault_of_number(lo, most);
	if (fault || proto.len + 1 + lo.len == text.len)
		return fault;
	if (str_is(proto, "proto"))
		return "IP protocols have no range";
	fault = fault_of_number(range, most);
	return fault ? fault : "its range ends before it begins";
}

/* What is left of s below and above `minus`. */
static void cut(struct service s, struct service minus, struct service out[2],
		size_t *out_n)
{
	*out_n = 0;
	/* "proto/1" has more numbers than there are types. */
	if ((s.l4 == IPPROTO_ICMP || s.l4 == IPPROTO_ICMPV6) && s.hi > 255)
		s.hi = 255;
	if (minus.l4 != s.l4 || minus.lo > s.hi || minus.hi < s.lo) {
		out[(*out_n)++] = s;
		return;
	}
	if (minus.lo > s.lo)
		out[(*out_n)++] =
			(struct service){s.l4, s.lo, (uint16_t)(minus.lo - 1)};
	if (minus.hi < s.hi)
		out[(*out_n)++] =
			(struct service){s.l4, (uint16_t)(minus.hi + 1), s.hi};
}

bool service_list_subtract(struct arena *arena, service_list *list,
			   struct service minus)
{
	service_list left = {0};

	vec_foreach (s, list) {
		struct service pieces[2], *slot;
		size_t n;

		cut(*s, minus, pieces, &n);
		for (size_t i = 0; i < n; i++) {
			slot = vec_push(arena, &left);
			if (!slot)
				return false;
			*slot = pieces[i];
		}
	}
	*list = left;
	return true;
}

static int by_port(const void *pa, const void *pb)
{
	const struct service *a = pa, *b = pb;

	return a->l4 != b->l4 ? a->l4 - b->l4 : a->lo - b->lo;
}

void service_list_merge(service_list *list)
{
	struct service *all = list->items;
	size_t kept = 0;

	if (list->n < 2)
		return;
	qsort(all, list->n, sizeof(*all), by_port);
	for (size_t i = 1; i < list->n; i++) {
		if (all[i].l4 != all[kept].l4 || all[i].lo > all[kept].hi + 1)
			all[++kept] = all[i];
		else if (all[i].hi > all[kept].hi)
			all[kept].hi = all[i].hi;
	}
	list->n = kept + 1;
}

struct str service_builtin(struct str name)
{
	for (size_t i = 0; i < N_BUILTINS; i++)
		if (str_is(name, builtins[i].name))
			return str_of(builtins[i].members);
	return (struct str){0};
}

const char *service_builtin_name(unsigned i)
{
	return i < N_BUILTINS ? builtins[i].name : NULL;
}

const char *service_print(const struct service *s, char *buf)
{
	const char *name = NULL;

	for (size_t i = 0; i < N_PROTOCOLS; i++)
		if (protocols[i].l4 == s->l4)
			name = protocols[i].name;
	if (!name)
		(void)snprintf(buf, SERVICE_TEXT_MAX, "proto/%u", s->l4);
	else if (s->lo == s->hi)
		(void)snprintf(buf, SERVICE_TEXT_MAX, "%s/%u", name, s->lo);
	else
		(void)snprintf(buf, SERVICE_TEXT_MAX, "%s/%u-%u", name, s->lo,
			       s->hi);
	return buf;
}
