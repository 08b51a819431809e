/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of an HTTP/1 message head (RFC 9112): lines, fields, framing. */
#pragma once

#include "policy/base/reader.h"
#include "policy/base/str.h"

#include <stdint.h>

#define HTTP1_METHOD_MAX 32

/* How far the end of a head was looked for; zero = not at all. */
struct http1_scan {
	size_t at;   /* the next byte to look at */
	size_t line; /* where its line begins */
};

struct http1_request {
	struct str method, target; /* borrowed from the line */
	struct str torn; /* the target up to a blank in it, where some readers
			  * take it to end; empty: it has none */
	bool old;        /* HTTP/1.0 */
	bool loose; /* no good version: servers differ over what it means */
};

struct http1_field {
	struct str name, value; /* borrowed; value trimmed, folds inside */
	bool odd_space;         /* before its name or before the colon */
};

/* What the fields say of the body's length. */
struct http1_framing {
	bool bad; /* two readers could come to two answers */
	bool coded, chunked, has_length;
	uint64_t length;
};

/* Bytes up to and with the first empty line, or 0 when it is not there. */
size_t http1_scan_head(struct http1_scan *scan, const struct reader *in);

/* No NUL, and no CR but before LF: what those mean differs between servers, and
 * the field behind one may be read or not (RFC 9112 2.2). */
bool http1_head_is_clean(struct reader head);

/* The next line without its end (LF, or CR LF); false when there is none. */
bool http1_line(struct reader *r, struct str *out_line);

/* Is it a byte of a token (RFC 9110 5.6.2)? */
bool http1_is_token_byte(uint8_t c);

/* A blank, or the end of a line. */
bool http1_is_gap(uint8_t c);

/* method, target and "HTTP/1.x", apart by spaces; false when it is not that.
 * The usual methods may lack target or version and are loose then. */
bool http1_request_line(struct str line, struct http1_request *out_request);

/* As many of the first bytes as an answer begins with, HTTP1_ANSWER_START at
 * most. */
#define HTTP1_ANSWER_START 7
size_t http1_answer_start(const struct reader *r);

/* Status of "HTTP/1.x 200 ...", or 0. */
unsigned http1_status(struct str line);

/* The next field with its folded lines; false at the empty line.  A line that
 * has no colon is given as a name without value. */
bool http1_field_next(struct reader *head, struct http1_field *out_field);

/* Is it among the items of a list apart by commas, in any case? */
bool http1_list_has(struct str list, struct str item);

/* Take note of a field; http1_framing_is_bad() when all were seen. */
void http1_framing_note(struct http1_framing *framing,
			const struct http1_field *field);
bool http1_framing_is_bad(const struct http1_framing *framing, bool old);

/* Host of "host:port" or "[v6]:port": what is no port stays with it. */
struct str http1_host_of(struct str authority);

/* The authority of an absolute target, without userinfo; false when the target
 * has none. */
bool http1_authority_of(struct str target, struct str *out_authority);
