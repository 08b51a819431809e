/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/base/diag.h"

#include "policy/base/strbuf.h"

#include <stdarg.h>
#include <stdio.h>

#define DIAG_TEXT_MAX 512

void diag_init(struct diag_list *l, struct arena *arena)
{
	*l = (struct diag_list){.arena = arena};
}

static bool diag_has_room(const struct diag_list *l, enum diag_severity s)
{
	return l->all.n <
	       (s == DIAG_WARNING ? DIAG_KEEP_MAX / 2 : DIAG_KEEP_MAX);
}

bool diag_is_full(const struct diag_list *l)
{
	return !diag_has_room(l, DIAG_ERROR);
}

/* `what` carries severity, code and place; the text is made here. */
__attribute__((format(printf, 3, 0))) static void
diag_add(struct diag_list *l, struct diag what, const char *fmt, va_list ap)
{
	char text[DIAG_TEXT_MAX];
	struct diag *d;

	if (what.severity != DIAG_NOTE)
		l->skipping = !diag_has_room(l, what.severity);
	if (l->skipping || l->all.n >= 2 * DIAG_KEEP_MAX) {
		l->dropped += what.severity != DIAG_NOTE;
		return;
	}
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	what.text = arena_str(l->arena, str_of(text)).p;
	d = what.text ? vec_push(l->arena, &l->all) : NULL;
	if (!d) {
		l->dropped++;
		return;
	}
	*d = what;
}

void diag_error(struct diag_list *l, struct place at, const char *code,
		const char *fmt, ...)
{
	va_list ap;

	l->errors++;
	va_start(ap, fmt);
	diag_add(l, (struct diag){DIAG_ERROR, code, at, NULL}, fmt, ap);
	va_end(ap);
}

void diag_warning(struct diag_list *l, struct place at, const char *code,
		  const char *fmt, ...)
{
	va_list ap;

	l->warnings++;
	va_start(ap, fmt);
	diag_add(l, (struct diag){DIAG_WARNING, code, at, NULL}, fmt, ap);
	va_end(ap);
}

void diag_note(struct diag_list *l, struct place at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_add(l, (struct diag){DIAG_NOTE, "", at, NULL}, fmt, ap);
	va_end(ap);
}

#define QUOTE_MAX 72

const char *diag_quote(struct diag_list *l, struct str s)
{
	char buf[QUOTE_MAX + 16];
	size_t n = 0, i = 0;
	struct str made;

	buf[n++] = '\'';
	while (i < s.len && n < QUOTE_MAX) {
		size_t step = str_utf8(str_skip(s, i));

		if (step == 0) {
			n += (size_t)snprintf(buf + n, 5, "\\x%02x",
					      (unsigned char)s.p[i++]);
			continue;
		}
		memcpy(buf + n, s.p + i, step);
		n += step;
		i += step;
	}
	if (i < s.len)
		n += (size_t)snprintf(buf + n, 4, "...");
	buf[n++] = '\'';
	made = arena_str(l->arena, str_mem(buf, n));
	return made.p ? made.p : "''";
}

void diag_print(const struct diag_list *l, struct strbuf *out)
{
	static const char *const severity[] = {"error", "warning", "note"};

	vec_foreach (d, &l->all) {
		strbuf_addz(out, d->place.file ? d->place.file : "policy");
		if (d->place.line)
			strbuf_addf(out, ":%u", d->place.line);
		strbuf_addf(out, ": %s: %s", severity[d->severity], d->text);
		if (*d->code)
			strbuf_addf(out, " [%s]", d->code);
		strbuf_addz(out, "\n");
	}
	if (l->dropped)
		strbuf_addf(out, "and %zu more\n", l->dropped);
}
