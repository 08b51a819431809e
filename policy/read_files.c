/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files -> settings.  Each is parsed by libconfig on its own, so that a syntax
 * error in one does not hide what is wrong in another; source.c prepares the
 * text.  What libconfig built is copied into the arena and freed at once.
 */
#include "policy/read_priv.h"

#include "policy/file.h"

#include <sys/mman.h>

static void libconfig_error(struct reading *r, const config_t *config)
{
	unsigned line = (unsigned)config_error_line(config);
	struct place at = source_place(r->source, line);
	const char *text = config_error_text(config);

	/* It refuses double keys too, but source.c has done so before. */
	if (text && strstr(text, "mismatched"))
		diag_error(r->diags, at, "wrong-type",
			   "the members of an array must all be of one type");
	else
		diag_error(r->diags, at, "syntax", "%s near %s",
			   text ? text : "syntax error",
			   diag_quote(r->diags, source_line(r->source, line)));
}

/* libconfig goes on without looking whether it was given memory, or ends the
 * process.  So there must be room for the largest tree that a text can become:
 * an array of digits and commas takes 45 bytes for each of its own. */
static bool has_room_for_tree(size_t text_len)
{
	size_t most = 64 * text_len + 256UL * 1024;
	void *room = mmap(NULL, most, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return room != MAP_FAILED && munmap(room, most) == 0;
}

/* One file with its includes, ready in `source`, into the tree. */
static void read_source(struct source *source, struct ast *ast,
			struct diag_list *diags)
{
	struct reading r = {ast, diags, source};
	config_t config;

	if (!source_finish(source)) {
		ast->partial = true;
		return;
	}
	if (!has_room_for_tree(source->text.len)) {
		arena_fail(diags->arena);
		return;
	}
	config_init(&config);
	if (config_read_string(&config, strbuf_text(&source->text))) {
		read_tree(&r, config_root_setting(&config));
	} else {
		ast->partial = true;
		libconfig_error(&r, &config);
	}
	config_destroy(&config);
}

static void read_one_file(const char *path, struct ast *ast,
			  struct diag_list *diags)
{
	struct source source;

	source_init(&source, diags, true);
	source_add_file(&source, path, (struct place){path, 0}, 0);
	read_source(&source, ast, diags);
	source_done(&source);
}

static void read_directory(const char *directory, struct ast *ast,
			   struct diag_list *diags)
{
	const char **names = NULL, *why = "";
	size_t n = 0;
	enum fw_err err = file_list(diags->arena, directory, &names, &n, &why);

	if (err == FW_ERR_NOENT)
		return;
	if (err == FW_ERR_NOMEM) {
		arena_fail(diags->arena);
		return;
	}
	if (err) {
		diag_error(diags, (struct place){directory, 0}, "file",
			   "cannot read the directory: %s", why);
		ast->partial = true;
	}
	for (size_t i = 0; i < n; i++)
		read_one_file(names[i], ast, diags);
}

static enum fw_err result(const struct diag_list *diags, size_t errors_before)
{
	if (diags->arena->failed)
		return FW_ERR_NOMEM;
	return diags->errors > errors_before ? FW_ERR_POLICY : FW_OK;
}

enum fw_err read_policy_file(const char *path, const char *directory,
			     struct ast *out_ast, struct diag_list *diags)
{
	const char *name = arena_str(diags->arena, str_of(path)).p;
	size_t before = diags->errors;

	if (!name)
		return FW_ERR_NOMEM;
	*out_ast = (struct ast){.arena = diags->arena, .file = name};
	read_one_file(name, out_ast, diags);
	if (directory)
		read_directory(directory, out_ast, diags);
	return result(diags, before);
}

enum fw_err read_policy_text(struct str text, const char *name,
			     struct ast *out_ast, struct diag_list *diags)
{
	size_t before = diags->errors;
	struct source source;

	name = arena_str(diags->arena, str_of(name)).p;
	if (!name)
		return FW_ERR_NOMEM;
	*out_ast = (struct ast){.arena = diags->arena, .file = name};
	source_init(&source, diags, false);
	source_add_text(&source, text, name, 0);
	read_source(&source, out_ast, diags);
	source_done(&source);
	return result(diags, before);
}
