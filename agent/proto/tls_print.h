/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fingerprints of hellos: a line of numbers, and its digest.  The line has a
 * ceiling: who goes beyond gets no fingerprint.
 */
#pragma once

#include "agent/limits.h"
#include "agent/proto/tls_hello.h"
#include "policy/base/str.h"

struct tls_line {
	char text[LIMIT_TLS_FINGERPRINT];
	size_t len;
	bool full;
};

/* A line is begun, and numbers in decimal are added to its parts: "-" between
 * numbers, "," between parts. */
void tls_line_begin(struct tls_line *line);
void tls_line_number(struct tls_line *line, unsigned v);
void tls_line_next(struct tls_line *line);

#define TLS_JA3_LEN 32
#define TLS_JA4_LEN 36

/* RFC 8701: values that nobody means. */
bool tls_is_grease(uint16_t v);

/* The line that JA3 is the digest of: version, cipher suites, extensions,
 * groups, point formats, all in decimal as they came, without GREASE
 * (https://github.com/salesforce/ja3). */
void tls_ja3_line(const struct tls_hello *hello, struct tls_line *out);

/* MD5 of a line, in hexadecimal; false when there is none. */
bool tls_ja3_hash(const struct tls_line *line, char out[TLS_JA3_LEN]);

/* JA4 by its public description (https://github.com/FoxIO-LLC/ja4, JA4 alone);
 * false when there is none. */
bool tls_ja4(const struct tls_hello *hello, enum tls_over over,
	     char out[TLS_JA4_LEN]);

/* The version that JA4 counts as the highest offered. */
uint16_t tls_highest_version(const struct tls_hello *hello);
