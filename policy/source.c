/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files, includes, and the way back from lines to places. */
#include "policy/source.h"

#include "policy/file.h"
#include "policy/read.h"
#include "policy/source_priv.h"

#include <stdlib.h>

void source_init(struct source *s, struct diag_list *diags, bool includes)
{
	*s = (struct source){.diags = diags,
			     .line = 1,
			     .includes_allowed = includes,
			     .errors_before = diags->errors};
	strbuf_init(&s->text, SOURCE_TOTAL_MAX);
}

void source_done(struct source *s)
{
	strbuf_done(&s->text);
}

static void piece_begin(struct scan *c)
{
	struct source *s = c->source;
	struct source_piece *p = vec_push(s->diags->arena, &s->pieces);

	if (p)
		*p = (struct source_piece){s->line, here(c)};
}

/* The file of an @include line, as seen from the file that has it. */
static const char *include_path(struct scan *c, struct str name)
{
	const char *cut = strrchr(c->file, '/');

	if (name.p[0] == '/' || !cut)
		return arena_str(c->source->diags->arena, name).p;
	return arena_printf(c->source->diags->arena, "%.*s/%.*s",
			    (int)(cut - c->file), c->file, STR_ARG(name));
}

static bool in_chain(const struct source *s, const char *path, unsigned depth)
{
	for (unsigned i = 0; i <= depth; i++)
		if (!strcmp(s->chain[i], path))
			return true;
	return false;
}

void source_include(struct scan *c, struct str name)
{
	struct source *s = c->source;
	struct diag_list *d = s->diags;
	struct place at = here(c);
	const char *path;

	if (!s->includes_allowed) {
		diag_error(d, at, "include", "'@include' is not possible here");
	} else if (name.len == 0 || memchr(name.p, '\\', name.len)) {
		diag_error(d, at, "include", "'@include' names no file");
	} else if (c->depth >= SOURCE_INCLUDE_DEPTH) {
		diag_error(d, at, "include",
			   "includes are nested more than %d deep",
			   SOURCE_INCLUDE_DEPTH);
	} else if (++s->includes > SOURCE_INCLUDES_MAX) {
		if (s->includes == SOURCE_INCLUDES_MAX + 1)
			diag_error(d, at, "include",
				   "more than %d files are included",
				   SOURCE_INCLUDES_MAX);
	} else {
		path = include_path(c, name);
		if (path && in_chain(s, path, c->depth))
			diag_error(d, at, "include", "%s includes itself",
				   diag_quote(d, str_of(path)));
		else if (path)
			source_add_file(s, path, at, c->depth + 1);
		piece_begin(c);
	}
}

/* Text at all?  Says why not. */
static bool looks_like_text(struct source *s, struct str text, const char *name)
{
	const char *zero = text.len ? memchr(text.p, '\0', text.len) : NULL;
	struct place at = {name, 1};

	if (zero) {
		for (const char *p = text.p; p < zero; p++)
			at.line += *p == '\n';
		diag_error(s->diags, at, "file",
			   "%s holds a zero byte: it is no text",
			   diag_quote(s->diags, str_of(name)));
		return false;
	}
	if (str_starts(text, "\xef\xbb\xbf")) {
		diag_error(s->diags, at, "file",
			   "%s begins with a byte order mark: save it without",
			   diag_quote(s->diags, str_of(name)));
		return false;
	}
	return true;
}

void source_add_text(struct source *s, struct str text, const char *name,
		     unsigned include_depth)
{
	struct scan c = {.source = s,
			 .file = name,
			 .left = text,
			 .line = 1,
			 .depth = include_depth,
			 .fresh = true};

	if (!looks_like_text(s, text, name))
		return;
	s->chain[include_depth] = name;
	piece_begin(&c);
	source_scan(&c);
	/* The next piece starts on a line of its own. */
	strbuf_addz(&s->text, "\n");
	s->line++;
	s->last = (struct word){0};
}

void source_add_file(struct source *s, const char *name, struct place from,
		     unsigned include_depth)
{
	struct diag_list *d = s->diags;
	const char *why = "";
	char *bytes = NULL;
	size_t len = 0;
	enum fw_err err = file_read(name, READ_FILE_MAX, &bytes, &len, &why);

	if (err == FW_ERR_NOMEM) {
		arena_fail(d->arena);
		return;
	}
	if (err) {
		diag_error(d, from, "file", "cannot read %s: %s",
			   diag_quote(d, str_of(name)), why);
		if (err == FW_ERR_LIMIT)
			diag_note(d, from, "a file may have %lu MiB at most",
				  READ_FILE_MAX / 1024 / 1024);
		return;
	}
	source_add_text(s, str_mem(bytes, len), name, include_depth);
	free(bytes);
}

bool source_finish(struct source *s)
{
	unsigned open = s->depth;

	if (open == 0)
		source_keys_end(s, 0);
	if (open > SOURCE_NESTING_MAX)
		open = SOURCE_NESTING_MAX;
	if (open > 0) {
		const struct source_bracket *b = &s->brackets[open - 1];

		diag_error(s->diags, b->place, "syntax",
			   "the '%c' here is never closed", b->open);
	}
	if (s->text.failed && !s->text.full)
		arena_fail(s->diags->arena);
	if (s->text.full)
		diag_error(s->diags, source_place(s, 1), "file",
			   "the policy is larger than %lu MiB with all that "
			   "it includes",
			   SOURCE_TOTAL_MAX / 1024 / 1024);
	return s->diags->errors == s->errors_before && !s->diags->arena->failed;
}

struct place source_place(const struct source *s, unsigned line)
{
	size_t lo = 0, hi = s->pieces.n;
	const struct source_piece *p;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->pieces.items[mid].first <= line)
			lo = mid;
		else
			hi = mid;
	}
	if (s->pieces.n == 0)
		return (struct place){0};
	p = &s->pieces.items[lo];
	return (struct place){p->at.file,
			      line < p->first ? p->at.line
					      : p->at.line + line - p->first};
}

struct str source_line(const struct source *s, unsigned line)
{
	struct str rest = str_mem(s->text.p, s->text.len);

	while (line-- > 1)
		rest = str_skip(rest, length_until(rest, '\n') + 1);
	rest.len = length_until(rest, '\n');
	while (rest.len > 0 && (rest.p[0] == ' ' || rest.p[0] == '\t'))
		rest = str_skip(rest, 1);
	return rest;
}
