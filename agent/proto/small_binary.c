/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Protocols over TCP that are told by numbers at the start of the client's
 * first message, and of which nothing else is told:
 *
 * Bitcoin: https://en.bitcoin.it/wiki/Protocol_documentation.  OpenWire:
 * https://activemq.apache.org/openwire-version-2-specification.  Thrift:
 * https://github.com/apache/thrift/blob/master/doc/specs.  BGP: RFC 4271 4.2.
 * AMQP: its specifications 0-9-1, 4.2.2, and 1.0, 2.2.  X11: X Window System
 * Protocol, Connection Setup.  Telnet: RFC 854.  VNC: RFC 6143 7.1.1.  Modbus:
 * Modbus Messaging on TCP/IP, 3.1, and Application Protocol, 6.  DNP3: IEEE
 * 1815, 9.2.  TeamViewer has no published one; its greeting is known from
 * captures.
 */
#include "agent/limits.h"
#include "agent/proto/shape.h"
#include "policy/base/str.h"

#define THRIFT_NAME_MAX 256
#define BGP_OPEN_MIN    29
#define BGP_OPEN_MAX    4096
#define TELNET_OPTIONS  50
#define TELNET_EXTENDED 255
#define DNP3_HEADER     10
#define MODBUS_MAX      254

static enum probe_result bitcoin_probe(const struct probe *first)
{
	/* The networks: main, test, regression, signet; then "version". */
	static const char *const shapes[] = {"f9beb4d976657273696f6e0000000000",
					     "0b11090776657273696f6e0000000000",
					     "fabfb5da76657273696f6e0000000000",
					     "0a03cf4076657273696f6e0000000000",
					     NULL};

	return shape_fits_one(&first->client, shapes);
}

/* Length, the type of its first message, "ActiveMQ". */
static enum probe_result openwire_probe(const struct probe *first)
{
	return shape_fits(&first->client, "0000....014163746976654d51");
}

static enum probe_result teamviewer_tcp_probe(const struct probe *first)
{
	return shape_fits(&first->client, "17240a2000000000");
}

static bool is_identifier(struct reader name)
{
	while (name.left > 0) {
		char c = (char)reader_u8(&name);

		if (!ascii_is_alpha(c) && !ascii_is_digit(c) && c != '_' &&
		    c != '.' && c != ':' && c != '-')
			return false;
	}
	return true;
}

/* A call or a call without answer in the strict binary encoding, alone or with
 * the length of its frame. */
static enum probe_result thrift_tcp_probe(const struct probe *first)
{
	static const char *const alone[] = {"80010001", "80010004", NULL};
	static const char *const framed[] = {"00......80010001",
					     "00......80010004", NULL};
	struct reader r = first->client;
	enum probe_result said = shape_fits_one(&r, alone);
	bool is_framed = said == PROBE_NO;
	uint32_t frame = UINT32_MAX, len;

	if (is_framed)
		said = shape_fits_one(&r, framed);
	if (said != PROBE_YES)
		return said;
	if (is_framed)
		frame = reader_u32(&r);
	reader_skip(&r, 4);
	len = reader_u32(&r);
	if (r.failed)
		return PROBE_MORE;
	if (len == 0 || len > THRIFT_NAME_MAX || frame < len + 12)
		return PROBE_NO;
	if (!is_identifier(reader_of(r.p, r.left < len ? r.left : len)))
		return PROBE_NO;
	return shape_when(&r, len, true);
}

static enum probe_result bgp_probe(const struct probe *first)
{
	struct reader r = first->client;
	enum probe_result said =
		shape_fits(&r, "ffffffffffffffffffffffffffffffff....0104");
	uint16_t len;

	if (said != PROBE_YES)
		return said;
	reader_skip(&r, 16);
	len = reader_u16(&r);
	return len >= BGP_OPEN_MIN && len <= BGP_OPEN_MAX ? PROBE_YES
							  : PROBE_NO;
}

static enum probe_result amqp_probe(const struct probe *first)
{
	static const char *const shapes[] = {
		"414d515000000901", "414d515001010009",
		"414d515001010008", "414d515001010b00",
		"414d515000010000", "414d515002010000",
		"414d515003010000", NULL};

	return shape_fits_one(&first->client, shapes);
}

/* Byte order, version 11.0, lengths of the name and data of who may. */
static enum probe_result x11_probe(const struct probe *first)
{
	static const char *const shapes[] = {"6c000b000000........0000",
					     "4200000b0000........0000", NULL};
	struct reader r = first->client;
	enum probe_result said = shape_fits_one(&r, shapes);
	bool little = reader_peek(&r, 0) == 'l';
	unsigned name, data;

	if (said != PROBE_YES)
		return said;
	reader_skip(&r, 6);
	name = little ? reader_le16(&r) : reader_u16(&r);
	data = little ? reader_le16(&r) : reader_u16(&r);
	return name <= 64 && data <= 256 ? PROBE_YES : PROBE_NO;
}

/* IAC, then WILL, WON'T, DO or DON'T, and an option. */
static enum probe_result negotiates(const struct reader *r)
{
	uint8_t command = reader_peek(r, 1), option = reader_peek(r, 2);

	if (r->left == 0)
		return PROBE_NO;
	if (reader_peek(r, 0) != 0xff)
		return PROBE_NO;
	if (r->left > 1 && (command < 0xfb || command > 0xfe))
		return PROBE_NO;
	return shape_when(r, 3,
			  option < TELNET_OPTIONS || option == TELNET_EXTENDED);
}

static enum probe_result telnet_probe(const struct probe *first)
{
	if (negotiates(&first->server) == PROBE_YES)
		return PROBE_YES;
	return negotiates(&first->client);
}

/* "RFB 003.008\n", after the server's. */
static enum probe_result rfb_probe(const struct probe *first)
{
	const struct reader *r = &first->client;
	enum probe_result said = shape_fits(r, "524642203030..2e3030..0a");

	if (said != PROBE_YES)
		return said;
	return ascii_is_digit((char)reader_peek(r, 6)) &&
			       ascii_is_digit((char)reader_peek(r, 10))
		       ? PROBE_YES
		       : PROBE_NO;
}

/* Bytes of a Modbus request behind its function code: the fixed ones, and the
 * place among them of a count of what follows. */
static const struct {
	uint8_t function, fixed, count_at;
} modbus_requests[] = {
	{1, 4, 0},  {2, 4, 0},  {3, 4, 0},  {4, 4, 0},  {5, 4, 0},
	{6, 4, 0},  {7, 0, 0},  {8, 4, 0},  {11, 0, 0}, {12, 0, 0},
	{15, 5, 5}, {16, 5, 5}, {17, 0, 0}, {20, 1, 1}, {21, 1, 1},
	{22, 6, 0}, {23, 9, 9}, {24, 2, 0}, {43, 3, 0},
};

/* Behind the length: unit, function code, what that asks for. */
static enum probe_result modbus_request(struct reader r, uint16_t len)
{
	uint8_t function;

	reader_skip(&r, 1);
	function = reader_u8(&r);
	if (r.failed)
		return PROBE_MORE;
	for (size_t i = 0;
	     i < sizeof(modbus_requests) / sizeof(*modbus_requests); i++) {
		size_t fixed = modbus_requests[i].fixed;
		size_t at = modbus_requests[i].count_at, more = 0;

		if (modbus_requests[i].function != function)
			continue;
		if (at > 0 && r.left < at)
			return PROBE_MORE;
		if (at > 0)
			more = reader_peek(&r, at - 1);
		/* Those of diagnosis and identification may be longer. */
		if (len == 2 + fixed + more ||
		    (function == 8 && len > 2 + fixed))
			return shape_when(&r, fixed, true);
		return PROBE_NO;
	}
	return PROBE_NO;
}

static enum probe_result modbus_probe(const struct probe *first)
{
	struct reader r = first->client;
	enum probe_result said = shape_fits(&r, "....000000..");
	uint16_t len;

	if (said != PROBE_YES)
		return said;
	reader_skip(&r, 4);
	len = reader_u16(&r);
	if (len < 2 || len > MODBUS_MAX)
		return PROBE_NO;
	return modbus_request(r, len);
}

/* The checksum of DNP3: polynomial 0x3d65, from the lowest bit on. */
static uint16_t dnp3_checksum(struct reader r)
{
	uint16_t crc = 0;

	while (r.left > 0) {
		crc ^= reader_u8(&r);
		for (unsigned i = 0; i < 8; i++)
			crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0xa6bc
						 : crc >> 1);
	}
	return (uint16_t)~crc;
}

static enum probe_result dnp3_probe(const struct probe *first)
{
	struct reader r = first->client, header;
	enum probe_result said = shape_fits(&r, "0564................");

	if (said != PROBE_YES)
		return said;
	header = reader_sub(&r, DNP3_HEADER - 2);
	return reader_peek(&header, 2) >= 5 &&
			       dnp3_checksum(header) == reader_le16(&r)
		       ? PROBE_YES
		       : PROBE_NO;
}

SHAPE(bitcoin, APP_BITCOIN);
SHAPE(openwire, APP_OPENWIRE);
SHAPE(teamviewer_tcp, APP_TEAMVIEWER);
SHAPE(thrift_tcp, APP_THRIFT);
SHAPE(bgp, APP_BGP);
SHAPE(amqp, APP_AMQP);
SHAPE(x11, APP_X11);
SHAPE(telnet, APP_TELNET);
SHAPE(rfb, APP_RFB);
SHAPE(modbus, APP_MODBUS);
SHAPE(dnp3, APP_DNP3);
