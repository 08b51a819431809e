/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RFC 1035 3.2 and 4.1, RFC 6891 (EDNS), RFC 7871 (client subnet), RFC 9460
 * (SVCB and HTTPS); names of NetBIOS: RFC 1001 14.1.
 */
#include "agent/proto/dns_tell.h"

#include "agent/limits.h"
#include "policy/base/ipaddr.h"

#include <stdio.h>

#define OPCODE_INVERSE     1
#define EDNS_CLIENT_SUBNET 8
#define SVCB_ALPN          1
#define SVCB_IPV4HINT      4
#define SVCB_ECH           5
#define SVCB_IPV6HINT      6
#define TYPE_NB            0x20
#define TYPE_NBSTAT        0x21
#define TYPE_A             1
#define TYPE_CNAME         5
#define TYPE_AAAA          28
#define TYPE_SVCB          64
#define TYPE_HTTPS         65
#define FAMILY_V4          1
#define FAMILY_V6          2

static const struct {
	uint16_t type;
	const char *name;
} type_names[] = {
	{1, "A"},      {2, "NS"},     {5, "CNAME"},  {6, "SOA"},
	{10, "NULL"},  {12, "PTR"},   {13, "HINFO"}, {15, "MX"},
	{16, "TXT"},   {25, "KEY"},   {28, "AAAA"},  {33, "SRV"},
	{35, "NAPTR"}, {39, "DNAME"}, {41, "OPT"},   {43, "DS"},
	{44, "SSHFP"}, {46, "RRSIG"}, {47, "NSEC"},  {48, "DNSKEY"},
	{50, "NSEC3"}, {52, "TLSA"},  {64, "SVCB"},  {65, "HTTPS"},
	{99, "SPF"},   {249, "TKEY"}, {250, "TSIG"}, {251, "IXFR"},
	{252, "AXFR"}, {255, "ANY"},  {256, "URI"},  {257, "CAA"},
};

static const char *const rcode_names[] = {
	"NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
	"YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE"};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Not again: a flow may ask the same for hours. */
static bool tell_once(struct facts *facts, enum field field, unsigned message,
		      struct str value)
{
	for (unsigned i = 0; i < facts->n_values; i++)
		if (facts->values[i].field == field &&
		    facts->values[i].layer + 1u == facts->n_layers &&
		    str_eq(facts->values[i].value, value))
			return false;
	facts_add(facts, field, message, value);
	return true;
}

static void tell_type(uint16_t type, unsigned message, struct facts *facts)
{
	char text[16];

	for (size_t i = 0; i < COUNT(type_names); i++) {
		if (type_names[i].type != type)
			continue;
		(void)tell_once(facts, FIELD_DNS_RRTYPE, message,
				str_of(type_names[i].name));
		return;
	}
	(void)snprintf(text, sizeof(text), "TYPE%u", type);
	(void)tell_once(facts, FIELD_DNS_RRTYPE, message, str_of(text));
}

static void tell_netbios_name(const struct dns_name *name, unsigned message,
			      struct facts *facts)
{
	char text[DNS_NETBIOS_NAME];
	size_t n;

	if (!dns_name_is_netbios(name))
		return;
	n = dns_netbios_name(name, text);
	(void)tell_once(facts, FIELD_NETBIOS_NAME, message, str_mem(text, n));
}

static void tell_question(const struct dns_name *name, uint16_t type,
			  struct facts *facts)
{
	bool netbios = facts->layers[facts->n_layers - 1].app == APP_NETBIOS;
	unsigned message = facts->messages;

	if (tell_once(facts, FIELD_DNS_RRNAME, message,
		      str_mem(name->text, name->len)) &&
	    netbios)
		tell_netbios_name(name, message, facts);
	if (netbios && (type == TYPE_NB || type == TYPE_NBSTAT))
		(void)tell_once(facts, FIELD_DNS_RRTYPE, message,
				str_of(type == TYPE_NB ? "NB" : "NBSTAT"));
	else
		tell_type(type, message, facts);
}

static void tell_address(enum field field, struct reader data, uint8_t family,
			 unsigned message, struct facts *facts)
{
	char text[IPADDR_TEXT_MAX];
	const uint8_t *p = reader_take(&data, family == FAMILY_V4 ? 4 : 16);
	struct ipaddr a;

	if (!p)
		return;
	a = family == FAMILY_V4 ? ipaddr_v4(p) : ipaddr_v6(p);
	(void)tell_once(facts, field, message, str_of(ipaddr_print(&a, text)));
}

static void tell_hints(struct reader value, uint8_t family, unsigned message,
		       struct facts *facts)
{
	size_t each = family == FAMILY_V4 ? 4 : 16;

	while (value.left >= each)
		tell_address(FIELD_DNS_SVCB_HINT, reader_sub(&value, each),
			     family, message, facts);
}

static void tell_svcb_alpn(struct reader value, unsigned message,
			   struct facts *facts)
{
	while (value.left > 0) {
		struct reader id = reader_sub(&value, reader_u8(&value));
		size_t n = id.left;
		const uint8_t *p = reader_take(&id, n);

		if (p && n > 0)
			(void)tell_once(facts, FIELD_DNS_SVCB_ALPN, message,
					str_mem(p, n));
	}
}

/* Priority, target, then parameters (RFC 9460 2.2). */
static void tell_svcb(const struct reader *whole,
		      const struct dns_record *record, unsigned message,
		      struct facts *facts)
{
	struct reader data = record->data, at = record->rest;
	struct dns_name target;

	reader_skip(&at, 2);
	if (dns_name_read(whole, &at, &target) != DNS_FITS)
		return;
	reader_skip(&data, record->rest.left - at.left);
	while (data.left > 0) {
		uint16_t key = reader_u16(&data);
		struct reader value = reader_sub(&data, reader_u16(&data));

		if (data.failed)
			return;
		if (key == SVCB_ALPN)
			tell_svcb_alpn(value, message, facts);
		else if (key == SVCB_IPV4HINT)
			tell_hints(value, FAMILY_V4, message, facts);
		else if (key == SVCB_IPV6HINT)
			tell_hints(value, FAMILY_V6, message, facts);
		else if (key == SVCB_ECH)
			(void)tell_once(facts, FIELD_DNS_SVCB_ECH, message,
					str_of("1"));
	}
}

static void tell_alias(const struct reader *whole,
		       const struct dns_record *record, unsigned message,
		       struct facts *facts)
{
	struct reader at = record->rest;
	struct dns_name name;

	if (dns_name_read(whole, &at, &name) == DNS_FITS)
		(void)tell_once(facts, FIELD_DNS_CNAME, message,
				str_mem(name.text, name.len));
}

/* Family, prefix, scope, and as much of the address as the prefix needs. */
static void tell_subnet(struct reader option, unsigned message,
			struct facts *facts)
{
	uint16_t family = reader_u16(&option);
	uint8_t prefix = reader_u8(&option), bytes[16] = {0};
	char address[IPADDR_TEXT_MAX], text[IPADDR_TEXT_MAX + 4];
	struct ipaddr a;

	reader_skip(&option, 1);
	if (option.failed || option.left > sizeof(bytes) ||
	    (family != FAMILY_V4 && family != FAMILY_V6))
		return;
	for (size_t i = 0; option.left > 0; i++)
		bytes[i] = reader_u8(&option);
	a = family == FAMILY_V4 ? ipaddr_v4(bytes) : ipaddr_v6(bytes);
	(void)snprintf(text, sizeof(text), "%s/%u", ipaddr_print(&a, address),
		       prefix);
	(void)tell_once(facts, FIELD_DNS_SUBNET, message, str_of(text));
}

static void tell_options(struct reader data, unsigned message,
			 struct facts *facts)
{
	while (data.left > 0) {
		uint16_t code = reader_u16(&data);
		struct reader option = reader_sub(&data, reader_u16(&data));

		if (data.failed)
			return;
		if (code == EDNS_CLIENT_SUBNET)
			tell_subnet(option, message, facts);
	}
}

static void tell_record(const struct reader *whole,
			const struct dns_record *record, unsigned message,
			struct facts *facts)
{
	if (record->type == DNS_TYPE_OPT) {
		tell_options(record->data, message, facts);
		return;
	}
	/* The highest bit is of mDNS: RFC 6762 10.2. */
	if ((record->class & 0x7fff) != DNS_CLASS_IN)
		return;
	if (record->type == TYPE_A)
		tell_address(FIELD_DNS_A, record->data, FAMILY_V4, message,
			     facts);
	else if (record->type == TYPE_AAAA)
		tell_address(FIELD_DNS_AAAA, record->data, FAMILY_V6, message,
			     facts);
	else if (record->type == TYPE_CNAME)
		tell_alias(whole, record, message, facts);
	else if (record->type == TYPE_SVCB || record->type == TYPE_HTTPS)
		tell_svcb(whole, record, message, facts);
}

static void tell_rcode(unsigned rcode, unsigned message, struct facts *facts)
{
	char text[16];

	if (rcode < COUNT(rcode_names)) {
		(void)tell_once(facts, FIELD_DNS_RCODE, message,
				str_of(rcode_names[rcode]));
		return;
	}
	(void)snprintf(text, sizeof(text), "RCODE%u", rcode);
	(void)tell_once(facts, FIELD_DNS_RCODE, message, str_of(text));
}

/* Answers leave room for the questions to come. */
static bool has_room(const struct facts *facts)
{
	return facts->n_values < FACTS_VALUES_MAX / 2;
}

/* An inverse query has its question in the answers (RFC 1035 6.4). */
static void tell_inverse(const struct reader *whole,
			 const struct dns_record *record, struct facts *facts)
{
	struct reader at = record->name;
	struct dns_name name;

	if (dns_name_read(whole, &at, &name) == DNS_FITS)
		tell_question(&name, record->type, facts);
}

void dns_tell(struct reader whole, bool questions, struct dns_told *told,
	      struct facts *facts)
{
	struct reader at = whole;
	struct dns_header h;
	unsigned records;
	bool inverse;

	if (!dns_header_read(&at, &h))
		return;
	for (unsigned i = 0; i < h.counts[DNS_QUESTION]; i++) {
		struct dns_name name;
		uint16_t type, class;

		if (dns_question_read(&whole, &at, &name, &type, &class) !=
		    DNS_FITS)
			return;
		if (questions)
			tell_question(&name, type, facts);
	}
	if ((h.flags & DNS_FLAG_RESPONSE) && has_room(facts))
		tell_rcode(h.flags & DNS_RCODE_MASK, told->answers, facts);
	inverse = questions && dns_opcode(&h) == OPCODE_INVERSE;
	records = 0u + h.counts[DNS_ANSWER] + h.counts[DNS_AUTHORITY] +
		  h.counts[DNS_ADDITIONAL];
	for (unsigned i = 0; i < records && has_room(facts); i++) {
		struct dns_record record;

		if (!dns_record_read(&at, &record))
			return;
		if (inverse && i < h.counts[DNS_ANSWER])
			tell_inverse(&whole, &record, facts);
		else if (i < h.counts[DNS_ANSWER] ||
			 record.type == DNS_TYPE_OPT)
			tell_record(&whole, &record, told->answers, facts);
	}
	if ((h.flags & DNS_FLAG_RESPONSE) && told->answers < UINT16_MAX)
		told->answers++;
}
