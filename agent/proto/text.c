/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/proto/text.h"

enum probe_result text_first_line(const struct probe *first, struct str *out)
{
	const struct reader *r = &first->client;
	size_t end = reader_find(r, '\n', first->seen);

	for (size_t i = first->seen; i < end; i++) {
		uint8_t c = reader_peek(r, i);

		if ((c < ' ' && c != '\t' && c != '\r') || c == 0x7f)
			return PROBE_NO;
	}
	if (end > LIMIT_TEXT_LINE)
		return PROBE_NO;
	if (end == r->left)
		return PROBE_MORE;
	if (end > 0 && reader_peek(r, end - 1) == '\r')
		end--;
	*out = str_mem(r->p, end);
	return PROBE_YES;
}

static enum probe_result word_fits(const struct reader *r, const char *word)
{
	size_t n = 0;

	for (; word[n]; n++) {
		if (n == r->left)
			return PROBE_MORE;
		if (ascii_lower((char)reader_peek(r, n)) !=
		    ascii_lower(word[n]))
			return PROBE_NO;
	}
	if (n == r->left)
		return PROBE_MORE;
	switch (reader_peek(r, n)) {
	case ' ':
	case '\r':
	case '\n':
		return PROBE_YES;
	default:
		return PROBE_NO;
	}
}

enum probe_result text_first_word(const struct reader *r,
				  const char *const words[])
{
	enum probe_result best = PROBE_NO;

	for (size_t i = 0; words[i] && best != PROBE_YES; i++) {
		enum probe_result fits = word_fits(r, words[i]);

		if (fits > best)
			best = fits;
	}
	return best;
}

enum probe_result text_command(const struct probe *first,
			       const char *const words[], struct str *out)
{
	enum probe_result word = text_first_word(&first->client, words);

	return word == PROBE_YES ? text_first_line(first, out) : word;
}

struct str text_word(struct str *line)
{
	struct str word = str_cut(line, ' ');

	while (line->len > 0 && line->p[0] == ' ')
		*line = str_skip(*line, 1);
	return word;
}

bool text_word_is(struct str word, const char *name)
{
	return str_eq_nocase(word, str_of(name));
}

bool text_in_banner(const struct probe *first, const char *text)
{
	size_t n = strlen(text);
	struct str all = str_mem(first->server.p, first->server.left);

	for (; all.len >= n; all = str_skip(all, 1))
		if (str_eq_nocase(str_mem(all.p, n), str_of(text)))
			return true;
	return false;
}

bool text_begins(const struct reader *r, const char *text)
{
	for (size_t i = 0; text[i]; i++)
		if (i >= r->left || reader_peek(r, i) != (uint8_t)text[i])
			return false;
	return true;
}
