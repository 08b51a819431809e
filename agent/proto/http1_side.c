/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/proto/http1_side.h"

#include "agent/limits.h"

/* Digits of a chunk's size: 60 bits. */
#define CHUNK_DIGITS_MAX 15

void http1_side_begin(struct http1_side *side,
		      const struct http1_framing *framing)
{
	*side = (struct http1_side){0};
	if (framing->chunked) {
		side->part = HTTP1_CHUNK_LINE;
	} else if (framing->length > 0) {
		side->part = HTTP1_LENGTH;
		side->left = framing->length;
	}
}

uint64_t http1_side_skips(const struct http1_side *side)
{
	return side->part == HTTP1_LENGTH || side->part == HTTP1_CHUNK_DATA
		       ? side->left
		       : 0;
}

void http1_side_skip(struct http1_side *side, uint64_t n)
{
	side->left -= n;
	if (side->left == 0)
		side->part = side->part == HTTP1_LENGTH ? HTTP1_HEAD
							: HTTP1_CHUNK_END;
}

static void body_skip(struct http1_side *side, struct reader *in)
{
	size_t n = in->left < side->left ? in->left : (size_t)side->left;

	reader_skip(in, n);
	http1_side_skip(side, n);
}

static int hex_value(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Size, then blanks, then nothing or an extension. */
static bool chunk_size(struct str line, uint64_t *out_size)
{
	uint64_t size = 0;
	size_t n = 0;

	while (n < line.len && hex_value(line.p[n]) >= 0) {
		if (n == CHUNK_DIGITS_MAX)
			return false;
		size = size << 4 | (uint64_t)hex_value(line.p[n++]);
	}
	if (n == 0)
		return false;
	while (n < line.len && (line.p[n] == ' ' || line.p[n] == '\t'))
		n++;
	if (n < line.len && line.p[n] != ';')
		return false;
	*out_size = size;
	return true;
}

static bool chunk_line(struct http1_side *side, struct reader *in)
{
	size_t end = reader_find(in, '\n', side->scan.at);
	struct str line;

	if (end > LIMIT_HTTP_CHUNK_LINE)
		return false;
	side->scan.at = end;
	if (end == in->left || !http1_line(in, &line))
		return true;
	side->scan = (struct http1_scan){0};
	if (!chunk_size(line, &side->left))
		return false;
	side->part = side->left > 0 ? HTTP1_CHUNK_DATA : HTTP1_TRAILER;
	return true;
}

static bool chunk_end(struct http1_side *side, struct reader *in)
{
	struct reader r = *in;
	uint8_t c = reader_u8(&r);

	if (c == '\r')
		c = reader_u8(&r);
	if (r.failed)
		return true;
	if (c != '\n')
		return false;
	*in = r;
	side->part = HTTP1_CHUNK_LINE;
	return true;
}

static void trailer(struct http1_side *side, struct reader *in)
{
	size_t len = http1_scan_head(&side->scan, in);

	if (len == 0)
		return;
	reader_skip(in, len);
	*side = (struct http1_side){0};
}

bool http1_side_step(struct http1_side *side, struct reader *in)
{
	switch (side->part) {
	case HTTP1_CHUNK_LINE:
		return chunk_line(side, in);
	case HTTP1_CHUNK_END:
		return chunk_end(side, in);
	case HTTP1_TRAILER:
		trailer(side, in);
		break;
	case HTTP1_LENGTH:
	case HTTP1_CHUNK_DATA:
		body_skip(side, in);
		break;
	case HTTP1_HEAD:
		break;
	}
	return true;
}
