/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/hostname.h"

#include "policy/base/arena.h"
#include "policy/base/ipaddr.h"
#include "policy/base/name.h"

#include <idn2.h>
#include <libpsl.h>
#include <stdio.h>

/* A name in UTF-8 has at most four bytes for each of A-label form, or nearly;
 * what is longer is none. */
#define WRITTEN_MAX 1024

/* Top names that nobody can register (RFC 6761, RFC 6762 appendix G, RFC 8375,
 * .internal): a wildcard right below them is the owner's own. */
static const char *const private_names[] = {
	"corp",  "home",      "home.arpa", "internal", "intranet", "lan",
	"local", "localhost", "private",   "test",     "invalid",  "example",
};

static bool is_private(const char *name)
{
	for (size_t i = 0; i < sizeof(private_names) / sizeof(*private_names);
	     i++)
		if (!strcmp(name, private_names[i]))
			return true;
	return false;
}

/* Is "*.name" a wildcard over names of different owners? */
static bool is_shared(const char *name)
{
	const psl_ctx_t *psl = psl_builtin();
	char below[NAME_BUF + 4];

	if (is_private(name))
		return false;
	if (psl_is_public_suffix(psl, name))
		return true;
	/* "*.sch.uk" in the list makes each name below sch.uk a suffix. */
	(void)snprintf(below, sizeof(below), "a--.%s", name);
	return psl_is_public_suffix(psl, below);
}

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* Has it a label in A-form?  Those are checked too. */
static bool has_a_label(struct str s)
{
	for (; s.len >= 4; s = str_skip(s, 1))
		if (str_eq_nocase(str_mem(s.p, 4), str_of("xn--")))
			return true;
	return false;
}

/* IDNA, or why not; *out_ascii is owned: idn2_free. */
static enum fw_err to_ascii(struct str s, char **out_ascii,
			    const char **out_why)
{
	char z[WRITTEN_MAX + 1];
	uint8_t *made = NULL;
	int rc;

	memcpy(z, s.p, s.len);
	z[s.len] = '\0';
	rc = idn2_lookup_u8((const uint8_t *)z, &made,
			    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc != IDN2_OK) {
		*out_why =
			rc == IDN2_MALLOC ? "out of memory" : idn2_strerror(rc);
		return rc == IDN2_MALLOC ? FW_ERR_NOMEM : FW_ERR_INVAL;
	}
	*out_ascii = (char *)made;
	return FW_OK;
}

/* Why name_normalise() refused it, as near as one needs to know. */
static const char *why_not(struct str s)
{
	size_t label = 0;

	if (s.len > 0 && s.p[s.len - 1] == '.')
		s.len--;
	if (s.len == 0)
		return "the name is empty";
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (c == '*')
			return "'*' can only be the whole first label, as in "
			       "\"*.example.org\"";
		if (c == '/')
			return "a host name has no '/': it is no URL or prefix";
		if (c == ':')
			return "a host name has no ':': ports belong in "
			       "'service'";
		if (c == '.' && label == 0)
			return "the name has an empty label";
		label = c == '.' ? 0 : label + 1;
		if (label > 63)
			return "a label is longer than 63 bytes";
	}
	if (label == 0)
		return "the name has an empty label";
	if (s.len > NAME_MAX_LEN)
		return "the name is longer than 253 bytes";
	return "only letters, digits, '-', '_' and '.' are possible";
}

/* "127.1" or "0x7f.0.0.1": read as an address by some, as a name by none. */
static bool ends_in_number(struct str name)
{
	size_t i = name.len;
	bool digits = true;

	while (i > 0 && name.p[i - 1] != '.')
		digits = ascii_is_digit(name.p[--i]) && digits;
	return digits || str_starts(str_skip(name, i), "0x");
}

static enum fw_err literal(struct arena *arena, struct str s,
			   struct str *out_normal)
{
	char buf[IPADDR_TEXT_MAX];
	struct ipaddr a;

	if (s.len > 2 && s.p[0] == '[' && s.p[s.len - 1] == ']')
		s = str_mem(s.p + 1, s.len - 2);
	if (ipaddr_parse(s, &a))
		return FW_ERR_INVAL;
	*out_normal = arena_str(arena, str_of(ipaddr_print(&a, buf)));
	return out_normal->p ? FW_OK : FW_ERR_NOMEM;
}

/* The name behind the wildcard, or the whole. */
static enum fw_err normalise(struct str s, char *buf, struct str *out_name,
			     const char **out_why)
{
	char *ascii = NULL;
	enum fw_err err;

	if (s.len > WRITTEN_MAX || !s.p || memchr(s.p, '\0', s.len)) {
		*out_why = s.len > WRITTEN_MAX ? "the name is too long"
					       : "the name has a zero byte";
		return FW_ERR_INVAL;
	}
	if (!is_ascii(s) || has_a_label(s)) {
		err = to_ascii(s, &ascii, out_why);
		if (err)
			return err;
		s = str_of(ascii);
	}
	err = name_normalise(s, buf, out_name);
	if (err)
		*out_why = why_not(s);
	if (ascii)
		idn2_free(ascii);
	return err;
}

enum fw_err hostname_pattern(struct arena *arena, struct str written,
			     struct str *out_normal, const char **out_why)
{
	bool wild = str_starts(written, "*.");
	char buf[2 + NAME_BUF] = "*.";
	struct str name;
	enum fw_err err;

	if (str_is(written, "*")) {
		*out_normal = str_of("*");
		return FW_OK;
	}
	if (written.len == 0 || (wild && written.len == 2)) {
		*out_why = "the name is empty";
		return FW_ERR_INVAL;
	}
	if (name_is_address(written)) {
		*out_why = "out of memory";
		return literal(arena, written, out_normal);
	}
	err = normalise(str_skip(written, wild ? 2 : 0), buf + 2, &name,
			out_why);
	if (err == FW_ERR_NOMEM)
		arena_fail(arena);
	if (err)
		return err;
	if (ends_in_number(name)) {
		*out_why = "it ends like an address but is none that can be "
			   "read";
		return FW_ERR_INVAL;
	}
	if (wild && is_shared(name.p)) {
		*out_why = "it covers a public suffix, below which anybody "
			   "can register a name";
		return FW_ERR_LIMIT;
	}
	*out_why = "out of memory";
	*out_normal =
		arena_str(arena, wild ? str_mem(buf, name.len + 2) : name);
	return out_normal->p ? FW_OK : FW_ERR_NOMEM;
}
