/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A word that leads to a list is looked up once, however often it stands in
 * the policy.  From disk a file is found from where its word was written; in
 * the canonical policy, which is one text, it is named from the policy's own
 * folder, and that name is the key under which it travels.
 */
#include "policy/load_priv.h"

#include "policy/base/digest.h"
#include "policy/file.h"

#include <stdlib.h>

/* "lists/feed.txt" in "/etc/fwagent/policy.conf" is
 * "/etc/fwagent/lists/feed.txt". */
const char *load_path(struct loading *l, const char *file, struct str path)
{
	const char *cut = strrchr(file, '/');
	const char *made;

	while (str_starts(path, "./"))
		path = str_skip(path, 2);
	if (!cut || str_starts(path, "/"))
		made = arena_str(l->arena, path).p;
	else
		made = arena_printf(l->arena, "%.*s/%.*s", (int)(cut - file),
				    file, STR_ARG(path));
	l->failed |= !made;
	return made ? made : "";
}

/* The same path as seen from the policy's folder, if it is below that. */
static struct str name_from_top(const struct loading *l, const char *path)
{
	const char *cut = strrchr(l->ast->file, '/');
	size_t n = cut ? (size_t)(cut - l->ast->file) + 1 : 0;

	return str_of(strncmp(path, l->ast->file, n) != 0 ? path : path + n);
}

bool load_keep(struct loading *l, const struct word *w, struct str bytes)
{
	struct policy_file *file;

	if (l->files.n >= BUNDLE_FILES_MAX ||
	    bytes.len > BUNDLE_BYTES_MAX - l->bytes) {
		diag_error(l->diags, w->place, "too-many",
			   "with %s the policy names more than %d files or "
			   "%lu MiB",
			   diag_quote(l->diags, w->text), BUNDLE_FILES_MAX,
			   BUNDLE_BYTES_MAX / 1024 / 1024);
		return false;
	}
	file = vec_push(l->arena, &l->files);
	if (!file) {
		l->failed = true;
		return false;
	}
	*file = (struct policy_file){.name = arena_str(l->arena, w->text).p,
				     .bytes = bytes};
	l->failed |= !file->name || !digest_of(bytes.p, bytes.len, &file->hash);
	l->bytes += bytes.len;
	return true;
}

bool load_given(struct loading *l, const struct word *w, struct str *out_bytes)
{
	const struct policy_file *file = bundle_find(l->given, w->text);

	if (!file)
		diag_error(l->diags, w->place, "file",
			   "%s did not come with the policy",
			   diag_quote(l->diags, w->text));
	else
		*out_bytes = file->bytes;
	return file && load_keep(l, w, file->bytes);
}

static bool read_from_disk(struct loading *l, const char *path,
			   const struct word *w, struct str *out_bytes)
{
	const char *why = "";
	char *bytes = NULL;
	size_t len = 0;
	enum fw_err err = file_read(path, BUNDLE_BYTES_MAX, &bytes, &len, &why);

	if (err == FW_ERR_NOMEM) {
		l->failed = true;
		return false;
	}
	if (err) {
		diag_error(l->diags, w->place, "file", "cannot read %s: %s",
			   diag_quote(l->diags, str_of(path)), why);
		return false;
	}
	*out_bytes = str_mem(bytes, len);
	if (load_keep(l, w, *out_bytes))
		return true;
	free(bytes);
	return false;
}

/* The bytes that a word stands for, read once. */
static bool bytes_of(struct loading *l, const char *path, const struct word *w,
		     struct str *out_bytes)
{
	const struct policy_files here = {l->files.items, l->files.n};
	const struct policy_file *file = bundle_find(&here, w->text);

	if (file) {
		*out_bytes = file->bytes;
		return true;
	}
	return l->given ? load_given(l, w, out_bytes)
			: read_from_disk(l, path, w, out_bytes);
}

struct ast_entries *load_entries(struct loading *l, enum ast_kind kind,
				 struct str word)
{
	struct ast_entries *e =
		word.p ? vec_push(l->arena, &l->ast->entries) : NULL;

	if (e)
		*e = (struct ast_entries){.word = word, .kind = kind};
	else
		l->failed = true;
	return e;
}

void load_parse(struct loading *l, const struct feed *feed, struct place at,
		struct ast_entries *out)
{
	struct feed_names names = {0};
	enum fw_err err = out->kind == AST_ADDRESSES
				  ? feed_addresses(feed, &out->addrs)
				  : feed_names(feed, &names);

	out->names = names.items;
	out->n_names = names.n;
	l->failed |= err == FW_ERR_NOMEM;
	if (err == FW_ERR_POLICY)
		diag_note(l->diags, at, "the list is named here");
	else if (!err && !out->addrs.n && !out->n_names)
		diag_error(l->diags, at, "empty", "%s has no entries",
			   diag_quote(l->diags, str_of(feed->name)));
}

/* "@file:lists/feed.txt" */
static void load_file(struct loading *l, enum ast_kind kind, struct word *w)
{
	struct str path = str_skip(w->text, strlen(AST_FILE));
	struct feed feed = {.diags = l->diags};
	struct ast_entries *e;

	if (path.len == 0 || memchr(path.p, '\0', path.len)) {
		diag_error(l->diags, w->place, "file", "%s names no file",
			   diag_quote(l->diags, w->text));
		return;
	}
	feed.name = load_path(l, w->place.file, path);
	w->text = str_of(arena_printf(l->arena, AST_FILE "%s",
				      name_from_top(l, feed.name).p));
	if (ast_entries_of(l->ast, kind, w->text))
		return;
	/* Kept also when it cannot be read: it is complained of once. */
	e = load_entries(l, kind, w->text);
	if (e && bytes_of(l, feed.name, w, &feed.bytes))
		load_parse(l, &feed, w->place, e);
}

static void load_sets(struct loading *l, enum ast_kind kind,
		      const set_list *sets)
{
	vec_foreach (set, sets)
		vec_foreach (w, &set->members)
			if (str_starts(w->text, AST_FILE))
				load_file(l, kind, w);
}

static enum fw_err result(const struct diag_list *diags, size_t errors_before)
{
	return diags->errors > errors_before ? FW_ERR_POLICY : FW_OK;
}

enum fw_err load_files(struct ast *ast, const struct policy_files *given,
		       struct diag_list *diags, struct policy_files *out_files)
{
	struct loading l = {.ast = ast,
			    .given = given,
			    .diags = diags,
			    .arena = diags->arena};
	const size_t before = diags->errors;

	load_sets(&l, AST_ADDRESSES, &ast->addresses);
	load_sets(&l, AST_NAMES, &ast->hosts);
	load_geo(&l);
	*out_files = (struct policy_files){l.files.items, l.files.n};
	if (l.failed)
		return FW_ERR_NOMEM;
	return result(diags, before);
}

void load_free_bytes(const struct policy_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		str_free(files->items[i].bytes);
}
