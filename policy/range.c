/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An address, prefix or range, and in words what is wrong with it. */
#include "policy/range.h"

static struct str before(struct str s, char cut)
{
	const char *p = s.len ? memchr(s.p, cut, s.len) : NULL;

	return p ? str_mem(s.p, (size_t)(p - s.p)) : s;
}

/* Nothing but letters, digits, dots and dashes, and a letter that is no hex
 * digit among them. */
static bool looks_like_name(struct str s)
{
	bool letter = false;

	for (size_t i = 0; i < s.len; i++) {
		char c = ascii_lower(s.p[i]);

		if (!ascii_is_alpha(c) && !ascii_is_digit(c) && c != '.' &&
		    c != '-' && c != '_' && c != '*')
			return false;
		letter |= c > 'f' && c <= 'z';
	}
	return letter;
}

static bool has_leading_zero(struct str s)
{
	for (size_t i = 0; i + 1 < s.len; i++)
		if (s.p[i] == '0' && ascii_is_digit(s.p[i + 1]) &&
		    (i == 0 || s.p[i - 1] == '.'))
			return true;
	return false;
}

static const char *why_no_address(struct str s)
{
	if (s.len == 0)
		return "it is empty";
	if (memchr(s.p, '[', s.len))
		return "brackets are for URLs, not for addresses";
	if (memchr(s.p, '%', s.len))
		return "an address here has no interface ('%')";
	if (looks_like_name(s))
		return "names are not looked up; a name can be asked for with "
		       "'host' or \"@set\"";
	if (has_leading_zero(s) && !memchr(s.p, ':', s.len))
		return "a number in it begins with 0";
	return "expected an address, a prefix (10.0.0.0/8) or a range "
	       "(10.0.0.1-10.0.0.9)";
}

static const char *why_no_range(struct str s)
{
	struct str lo = before(s, '/');
	struct ipaddr a, b;

	if (lo.len < s.len) {
		if (ipaddr_parse(lo, &a))
			return why_no_address(lo);
		return a.family == IP_V4
			       ? "the prefix length must be from 0 to 32"
			       : "the prefix length must be from 0 to 128";
	}
	lo = before(s, '-');
	if (lo.len == s.len || ipaddr_parse(lo, &a))
		return why_no_address(s);
	if (ipaddr_parse(str_skip(s, lo.len + 1), &b))
		return "behind the '-' stands no address";
	return a.family != b.family ? "its ends are of two families"
				    : "its ends are in the wrong order";
}

/* The prefix with its host bits cleared. */
static void suggest_prefix(struct diag_list *diags, struct place at,
			   struct str written)
{
	struct str text = before(written, '/');
	struct str digits = str_skip(written, text.len + 1);
	char buf[IPADDR_TEXT_MAX];
	unsigned len = 0;
	struct ipaddr a;

	if (ipaddr_parse(text, &a))
		return;
	for (size_t i = 0; i < digits.len; i++)
		len = len * 10 + (unsigned)(digits.p[i] - '0');
	for (unsigned i = len; i < ipaddr_len(a.family) * 8; i++)
		a.bytes[i / 8] &= (uint8_t) ~(0x80U >> i % 8);
	diag_note(diags, at,
		  "did you mean \"%s/%u\", or the address \"%.*s\" alone?",
		  ipaddr_print(&a, buf), len, STR_ARG(text));
}

bool range_read(struct str text, struct place at, struct diag_list *diags,
		struct iprange *out_range)
{
	enum fw_err err = iprange_parse(text, out_range);

	if (!err)
		return true;
	if (err == FW_ERR_LIMIT) {
		diag_error(diags, at, "host-bits",
			   "%s has bits set behind its prefix length",
			   diag_quote(diags, text));
		suggest_prefix(diags, at, text);
	} else {
		diag_error(diags, at, "bad-address", "%s is no address: %s",
			   diag_quote(diags, text), why_no_range(text));
	}
	return false;
}
