/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/feed.h"

#include "policy/base/name.h"
#include "policy/hostname.h"
#include "policy/range.h"

/* Where we are in a list. */
struct reading {
	const struct feed *feed;
	struct str left; /* lines not yet looked at */
	unsigned line;
	size_t wrong; /* lines of it that say nothing we know */
};

static struct reading reading_of(const struct feed *f)
{
	struct reading r = {.feed = f, .left = f->bytes};

	if (str_starts(r.left, "\xef\xbb\xbf")) /* a byte order mark */
		r.left = str_skip(r.left, 3);
	return r;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The line without its comment and without the blanks around it. */
static struct str content(struct str line)
{
	size_t n = 0;

	while (n < line.len && line.p[n] != '#' && line.p[n] != ';')
		n++;
	line.len = n;
	while (line.len && is_blank(line.p[line.len - 1]))
		line.len--;
	while (line.len && is_blank(line.p[0]))
		line = str_skip(line, 1);
	return line;
}

/* The next line that says something; false at the end. */
static bool next_line(struct reading *r, struct str *out)
{
	while (r->left.len) {
		*out = content(str_cut(&r->left, '\n'));
		r->line++;
		if (out->len)
			return true;
	}
	return false;
}

/* The next of a line's words; false behind the last. */
static bool next_word(struct str *line, struct str *out)
{
	size_t n = 0;

	while (line->len && is_blank(line->p[0]))
		*line = str_skip(*line, 1);
	while (n < line->len && !is_blank(line->p[n]))
		n++;
	*out = str_mem(line->p, n);
	*line = str_skip(*line, n);
	return n > 0;
}

static struct place here(const struct reading *r)
{
	return (struct place){r->feed->name, r->line};
}

/* May what is wrong with this line be said?  Of many only the first. */
static bool complains(struct reading *r)
{
	return ++r->wrong <= FEED_LINES_NAMED;
}

static enum fw_err finish(const struct reading *r)
{
	struct diag_list *diags = r->feed->diags;
	struct place whole = {r->feed->name, 0};

	if (r->wrong > FEED_LINES_NAMED)
		diag_error(diags, whole, "file",
			   "and %zu more lines like these",
			   r->wrong - FEED_LINES_NAMED);
	return r->wrong ? FW_ERR_POLICY : FW_OK;
}

static bool too_many(const struct reading *r, size_t n)
{
	if (n <= FEED_ENTRIES_MAX)
		return false;
	diag_error(r->feed->diags, (struct place){r->feed->name, 0}, "too-many",
		   "the list has %zu entries, %lu are possible", n,
		   FEED_ENTRIES_MAX);
	return true;
}

/* --- addresses ----------------------------------------------------------- */

static size_t count_lines(struct str bytes)
{
	size_t n = 0;

	while (bytes.len) {
		(void)str_cut(&bytes, '\n');
		n++;
	}
	return n;
}

/* Room that is enough for all of its entries: no more than lines where those
 * are few, else counted. */
static size_t count_entries(const struct feed *f)
{
	struct reading r = reading_of(f);
	size_t lines = count_lines(r.left), n = 0;
	struct str line;

	if (lines <= FEED_ENTRIES_MAX)
		return lines;
	while (next_line(&r, &line))
		n++;
	return n;
}

static void read_range(struct reading *r, struct str line,
		       struct iprange *ranges, size_t *n)
{
	if (iprange_parse(line, &ranges[*n]) == FW_OK)
		++*n;
	else if (complains(r))
		(void)range_read(line, here(r), r->feed->diags, &ranges[*n]);
}

enum fw_err feed_addresses(const struct feed *f, struct arena *arena,
			   struct ipset *out_set)
{
	struct reading r = reading_of(f);
	size_t most = count_entries(f), n = 0;
	struct iprange *ranges;
	struct str line;
	enum fw_err err;

	if (too_many(&r, most))
		return FW_ERR_POLICY;
	ranges = arena_calloc(arena, most + 1, sizeof(*ranges));
	if (!ranges)
		return FW_ERR_NOMEM;
	while (next_line(&r, &line))
		read_range(&r, line, ranges, &n);
	err = finish(&r);
	if (!err)
		*out_set = ipset_of(ranges, n);
	return err;
}

/* --- names --------------------------------------------------------------- */

/* What a hosts file says of the machine it lies on. */
static bool is_local(struct str name)
{
	static const char *const local[] = {
		"localhost",      "localhost.localdomain", "local",
		"broadcasthost",  "ip6-localhost",         "ip6-loopback",
		"ip6-localnet",   "ip6-mcastprefix",       "ip6-allnodes",
		"ip6-allrouters", "ip6-allhosts",          "0.0.0.0",
	};

	for (size_t i = 0; i < sizeof(local) / sizeof(*local); i++)
		if (str_is(name, local[i]))
			return true;
	return false;
}

static size_t count_words(const struct feed *f)
{
	struct reading r = reading_of(f);
	struct str line, word;
	size_t n = 0;

	while (next_line(&r, &line))
		while (next_word(&line, &word))
			n++;
	return n;
}

struct names_out {
	struct arena *arena;
	struct str *items;
	size_t n;
	enum fw_err err; /* no memory */
};

static void read_name(struct reading *r, struct str word, struct names_out *out)
{
	struct diag_list *diags = r->feed->diags;
	const char *why = "";
	enum fw_err err =
		hostname_pattern(out->arena, word, &out->items[out->n], &why);

	if (!err)
		out->n++;
	else if (err == FW_ERR_NOMEM)
		out->err = err;
	else if (complains(r))
		diag_error(diags, here(r),
			   err == FW_ERR_LIMIT ? "wide-wildcard" : "bad-host",
			   "%s is no host pattern: %s", diag_quote(diags, word),
			   why);
}

static void read_names(struct reading *r, struct str line,
		       struct names_out *out)
{
	struct str first, word;

	if (!next_word(&line, &first))
		return;
	if (!next_word(&line, &word)) {
		read_name(r, first, out);
		return;
	}
	if (!name_is_address(first)) {
		if (complains(r))
			diag_error(r->feed->diags, here(r), "bad-host",
				   "one name a line, or an address and names, "
				   "not %s",
				   diag_quote(r->feed->diags, first));
		return;
	}
	do {
		if (!is_local(word))
			read_name(r, word, out);
	} while (next_word(&line, &word));
}

enum fw_err feed_names(const struct feed *f, struct arena *arena,
		       struct feed_names *out_names)
{
	struct reading r = reading_of(f);
	size_t most = count_words(f);
	struct names_out out = {.arena = arena};
	struct str line;
	enum fw_err err;

	if (too_many(&r, most))
		return FW_ERR_POLICY;
	out.items = arena_calloc(arena, most + 1, sizeof(*out.items));
	if (!out.items)
		return FW_ERR_NOMEM;
	while (!out.err && next_line(&r, &line))
		read_names(&r, line, &out);
	err = out.err ? out.err : finish(&r);
	if (!err)
		*out_names = (struct feed_names){out.items, out.n};
	return err;
}
