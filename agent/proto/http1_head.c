/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Views into one head.  Lenient where servers are (lone LF, folded fields,
 * spaces), strict where two readers of one message would part: framing_is_bad.
 */
#include "agent/proto/http1_head.h"

#include "policy/base/err.h"

/* More digits than any body has; ten to this power fits 64 bits. */
#define LENGTH_DIGITS_MAX 18

size_t http1_scan_head(struct http1_scan *scan, const struct reader *in)
{
	for (;;) {
		size_t end = reader_find(in, '\n', scan->at);
		size_t len = end - scan->line;

		scan->at = end;
		if (end == in->left)
			return 0;
		if (len == 0 || (len == 1 && reader_peek(in, end - 1) == '\r'))
			return end + 1;
		scan->line = scan->at = end + 1;
	}
}

bool http1_head_is_clean(struct reader head)
{
	while (head.left > 0) {
		uint8_t c = reader_u8(&head);

		if (c == 0 || (c == '\r' && reader_peek(&head, 0) != '\n'))
			return false;
	}
	return true;
}

/* RFC 9112 3: there are servers that take any of them for a blank. */
static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r';
}

bool http1_is_gap(uint8_t c)
{
	return is_blank((char)c) || c == '\n';
}

static struct str trim(struct str s)
{
	while (s.len > 0 && http1_is_gap((uint8_t)s.p[0]))
		s = str_skip(s, 1);
	while (s.len > 0 && http1_is_gap((uint8_t)s.p[s.len - 1]))
		s.len--;
	return s;
}

static struct str head_of(struct str s, size_t n)
{
	FW_ASSERT(n <= s.len);
	return str_mem(s.p, n);
}

bool http1_line(struct reader *r, struct str *out_line)
{
	size_t len = reader_find(r, '\n', 0);
	const uint8_t *p;

	if (len == r->left)
		return false;
	p = reader_take(r, len);
	reader_skip(r, 1);
	if (len > 0 && p[len - 1] == '\r')
		len--;
	*out_line = str_mem(p, len);
	return true;
}

bool http1_is_token_byte(uint8_t c)
{
	if (c <= ' ' || c >= 0x7f)
		return false;
	return strchr("\"(),/:;<=>?@[\\]{}", c) == NULL;
}

/* "HTTP/1." and one digit or more; `*out_old` for "0". */
static bool version_read(struct str s, bool *out_old)
{
	if (s.len < 8 || !str_eq_nocase(head_of(s, 7), str_of("HTTP/1.")))
		return false;
	s = str_skip(s, 7);
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_digit(s.p[i]))
			return false;
	*out_old = str_is(s, "0");
	return true;
}

static bool is_usual(struct str method)
{
	static const char *const usual[] = {
		"GET",   "HEAD",    "POST",  "PUT",     "DELETE",
		"PATCH", "CONNECT", "TRACE", "OPTIONS", "CCM_POST"};

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (str_is(method, usual[i]))
			return true;
	return false;
}

/* What stands behind a usual method, and is not "target HTTP/1.x": there are
 * servers that answer even so.  "OPTIONS /x RTSP/1.0" is another protocol. */
static bool loose_target(struct str rest, struct str *out_target)
{
	size_t last = rest.len;
	struct str word;

	while (last > 0 && !is_blank(rest.p[last - 1]))
		last--;
	word = str_skip(rest, last);
	if (str_starts(word, "RTSP/") || str_starts(word, "SIP/"))
		return false;
	if (str_starts(word, "HTTP/"))
		rest = trim(head_of(rest, last));
	else if (rest.len == 0)
		return false;
	*out_target = rest;
	return rest.len == 0 || rest.p[0] == '/' || str_starts(rest, "http://");
}

/* RFC 9112 3.2 allows no blank in a target. */
static struct str torn(struct str target)
{
	for (size_t n = 0; n < target.len; n++)
		if (is_blank(target.p[n]))
			return head_of(target, n);
	return head_of(target, 0);
}

bool http1_request_line(struct str line, struct http1_request *out_request)
{
	struct http1_request request = {0};
	size_t method = 0, version;

	line = trim(line);
	version = line.len;
	while (method < line.len &&
	       http1_is_token_byte((uint8_t)line.p[method]))
		method++;
	if (method == 0 || method == line.len || method > HTTP1_METHOD_MAX ||
	    !is_blank(line.p[method]))
		return false;
	while (!is_blank(line.p[version - 1]))
		version--;
	request.method = head_of(line, method);
	request.target = trim(str_skip(head_of(line, version), method));
	if (request.target.len == 0 ||
	    !version_read(str_skip(line, version), &request.old)) {
		request.loose = true;
		if (!is_usual(request.method) ||
		    !loose_target(trim(str_skip(line, method)),
				  &request.target))
			return false;
	}
	request.torn = torn(request.target);
	*out_request = request;
	return true;
}

size_t http1_answer_start(const struct reader *r)
{
	static const char start[HTTP1_ANSWER_START + 1] = "HTTP/1.";
	size_t n = 0;

	while (n < HTTP1_ANSWER_START && n < r->left &&
	       reader_peek(r, n) == (uint8_t)start[n])
		n++;
	return n;
}

unsigned http1_status(struct str line)
{
	unsigned status = 0;
	size_t i = 0;

	if (!str_starts(line, "HTTP/1."))
		return 0;
	while (i < line.len && !is_blank(line.p[i]))
		i++;
	line = trim(str_skip(line, i));
	for (i = 0; i < 3; i++) {
		if (i >= line.len || !ascii_is_digit(line.p[i]))
			return 0;
		status = status * 10 + (unsigned)(line.p[i] - '0');
	}
	return status;
}

bool http1_field_next(struct reader *head, struct http1_field *out_field)
{
	struct reader folded = *head;
	struct str line, more;
	size_t colon = 0;

	if (!http1_line(head, &line) || line.len == 0)
		return false;
	/* RFC 9112 5.2: a line that begins with a blank goes on. */
	while (head->left > 0 && is_blank((char)reader_peek(head, 0)))
		if (!http1_line(head, &more))
			break;
	line.len = folded.left - head->left;
	while (colon < line.len && line.p[colon] != ':' &&
	       line.p[colon] != '\n')
		colon++;
	if (colon == line.len || line.p[colon] != ':') {
		*out_field = (struct http1_field){.name = trim(line)};
		return true;
	}
	*out_field = (struct http1_field){
		.name = trim(head_of(line, colon)),
		.value = trim(str_skip(line, colon + 1)),
		.odd_space = is_blank(line.p[0]) ||
			     (colon > 0 && is_blank(line.p[colon - 1])),
	};
	return true;
}

/* The next item of a list apart by commas; false at its end. */
static bool list_next(struct str *list, struct str *out_item)
{
	size_t n = 0;

	if (list->len == 0)
		return false;
	while (n < list->len && list->p[n] != ',')
		n++;
	*out_item = trim(head_of(*list, n));
	*list = str_skip(*list, n < list->len ? n + 1 : n);
	return true;
}

bool http1_list_has(struct str list, struct str item)
{
	struct str one;

	while (list_next(&list, &one))
		if (str_eq_nocase(one, item))
			return true;
	return false;
}

static bool length_read(struct str s, uint64_t *out_length)
{
	uint64_t length = 0;

	if (s.len == 0 || s.len > LENGTH_DIGITS_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!ascii_is_digit(s.p[i]))
			return false;
		length = length * 10 + (uint64_t)(s.p[i] - '0');
	}
	*out_length = length;
	return true;
}

/* RFC 9112 6.3: the same number several times is borne, nothing else. */
static void note_length(struct http1_framing *f, struct str list)
{
	struct str item;
	uint64_t length;

	if (list.len == 0 || list.p[list.len - 1] == ',')
		f->bad = true;
	while (list_next(&list, &item)) {
		if (!length_read(item, &length) ||
		    (f->has_length && length != f->length)) {
			f->bad = true;
			return;
		}
		f->has_length = true;
		f->length = length;
	}
}

/* RFC 9112 6.1: "chunked" once, and last. */
static void note_coding(struct http1_framing *f, struct str list)
{
	struct str item;

	f->coded = true;
	while (list_next(&list, &item)) {
		if (item.len == 0)
			continue;
		if (f->chunked)
			f->bad = true;
		f->chunked = str_eq_nocase(item, str_of("chunked"));
	}
}

void http1_framing_note(struct http1_framing *framing,
			const struct http1_field *field)
{
	bool length = str_eq_nocase(field->name, str_of("content-length"));
	bool coding = str_eq_nocase(field->name, str_of("transfer-encoding"));

	/* RFC 9112 5.1: some readers see this field, some do not. */
	if ((length || coding) && field->odd_space)
		framing->bad = true;
	if (length)
		note_length(framing, field->value);
	if (coding)
		note_coding(framing, field->value);
}

bool http1_framing_is_bad(const struct http1_framing *framing, bool old)
{
	if (framing->bad)
		return true;
	/* RFC 9112 6.1: not in HTTP/1.0, not beside a length, and where
	 * chunked is not last, the end of a request cannot be known. */
	return framing->coded &&
	       (old || framing->has_length || !framing->chunked);
}

struct str http1_host_of(struct str authority)
{
	size_t end = authority.len;
	bool v6 = authority.len > 0 && authority.p[0] == '[';

	if (authority.len == 0)
		return authority;
	while (end > 0 && ascii_is_digit(authority.p[end - 1]))
		end--;
	if (end > 0 && authority.p[end - 1] == ':')
		end--;
	else
		end = authority.len;
	if (v6 && authority.p[end - 1] == ']')
		return str_skip(head_of(authority, end - 1), 1);
	/* A second colon: a bare IPv6 address, which has no port. */
	if (v6 || memchr(authority.p, ':', end))
		return authority;
	return head_of(authority, end);
}

bool http1_authority_of(struct str target, struct str *out_authority)
{
	size_t i = 0, end;

	while (i < target.len &&
	       (ascii_is_alpha(target.p[i]) || ascii_is_digit(target.p[i]) ||
		target.p[i] == '+' || target.p[i] == '-' || target.p[i] == '.'))
		i++;
	if (i == 0 || !str_starts(str_skip(target, i), "://"))
		return false;
	target = str_skip(target, i + 3);
	for (end = 0; end < target.len; end++)
		if (target.p[end] == '/' || target.p[end] == '?' ||
		    target.p[end] == '#' || target.p[end] == '\\')
			break;
	target = head_of(target, end);
	for (i = target.len; i > 0; i--)
		if (target.p[i - 1] == '@')
			break;
	*out_authority = str_skip(target, i);
	return true;
}
