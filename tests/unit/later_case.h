/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A flow whose first request was allowed, and what its client may say next. */
#pragma once

#include "tests/unit/lab.h"

#include <netinet/in.h>

#define ZONES                                                \
	"version = 1;\n"                                     \
	"zones: { lan: { interfaces = \"lan0\"; networks = " \
	"[\"10.0.0.0/8\"]; };\n"                             \
	" wan: { interfaces = \"wan0\"; external = true; }; };\n"
#define EGRESS(rule)                                                 \
	ZONES "egress: ( { name = \"good\"; service = \"tcp/443\"; " \
	      "app = \"http\"; " rule " action = \"allow\"; } );\n"
#define HOST EGRESS("host = \"a.example.org\";")
#define PATH EGRESS("path = \"/pub/*\"; method = [\"GET\", \"POST\"];")

#define TEXT(text)                                                     \
	(struct reader)                                                \
	{                                                              \
		.p = (const uint8_t *)(text), .left = sizeof(text) - 1 \
	}
#define GET_A  "GET /pub/x HTTP/1.1\r\nHost: a.example.org\r\n\r\n"
#define GET_B  "GET /pub/x HTTP/1.1\r\nHost: b.example.org\r\n\r\n"
#define SECRET "GET /secret HTTP/1.1\r\nHost: a.example.org\r\n\r\n"
#define TUNNEL "CONNECT a.example.org:22 HTTP/1.1\r\n\r\n"
#define POST                                              \
	"POST /pub/x HTTP/1.1\r\nHost: a.example.org\r\n" \
	"Content-Length: 3000\r\n\r\n"
#define CHUNKED                                           \
	"POST /pub/x HTTP/1.1\r\nHost: a.example.org\r\n" \
	"Transfer-Encoding: chunked\r\n\r\n"
#define LEN(text) (sizeof(text) - 1)
#define OK200     "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

static const struct reader none;

/* Its first request was allowed, and the server has it: the kernel shows what
 * the client says.  Returns the client's next sequence number. */
static inline uint32_t watched(struct lab **out, const char *policy)
{
	struct lab *l = lab_new(policy, NULL);
	uint32_t next = 1 + (uint32_t)LEN(GET_A);

	lab_connect(l);
	lab_client(l, 1, TEXT(GET_A));
	lab_expect(l, "pass 4");
	lab_expect_events(l, "rule.allow good");
	lab_server(l, 1, next, TEXT(OK200));
	lab_expect(l, "watch 5");
	l->mark = MARK_WATCHED;
	*out = l;
	return next;
}
