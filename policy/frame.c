/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reader of nft-templates/.  A frame is one table of chains; a chain holds
 * an optional hook line, rules, and slots.  Words are separated by white space,
 * ';' or line ends; '#' begins a comment.  What a rule may say stands in the
 * table `phrases`, each with the number of words it takes behind its own.
 */
#include "policy/frame.h"

#include "policy/marks.h"

#include <netinet/in.h>
#include <stdlib.h>

struct frame_reader {
	struct str rest;
	struct place place;
	const struct frame_filler *filler;
	struct diag_list *diags;
	struct ruleset *rs;
	bool failed;
};

/* What follows the words of a phrase. */
enum phrase_arg {
	ARG_NONE,
	ARG_NAME,
	ARG_MARK,
	ARG_STATES,
	ARG_L4,
	ARG_TYPES,
	ARG_BITS
};

static const struct phrase {
	const char *words;
	enum rs_op op;
	enum phrase_arg arg;
} phrases[] = {
	{"iifname", RS_IIFNAME, ARG_NAME},
	{"oifname", RS_OIFNAME, ARG_NAME},
	{"meta l4proto", RS_L4PROTO, ARG_L4},
	{"icmpv6 type", RS_ICMP_TYPE, ARG_TYPES},
	{"tcp flags rst", RS_TCP_RST, ARG_NONE},
	{"tcp flags urg", RS_TCP_URG, ARG_NONE},
	{"tcp flags syn", RS_TCP_SYN, ARG_NONE},
	{"tcp flags ack", RS_TCP_ACK, ARG_NONE},
	{"payload", RS_PAYLOAD, ARG_NONE},
	{"datagram", RS_UDP_BITS, ARG_BITS},
	{"ct state", RS_CT_STATE, ARG_STATES},
	{"ct direction reply", RS_CT_REPLY, ARG_NONE},
	{"ct direction original", RS_CT_ORIGINAL, ARG_NONE},
	{"ct mark set", RS_CT_MARK_SET, ARG_MARK},
	{"ct mark", RS_CT_MARK, ARG_MARK},
	{"meta mark set", RS_META_MARK_SET, ARG_MARK},
	{"meta mark", RS_META_MARK, ARG_MARK},
	{"counter", RS_COUNTER, ARG_NONE},
	{"reject with tcp reset", RS_REJECT_TCP, ARG_NONE},
	{"reject with icmpx admin-prohibited", RS_REJECT_ICMP, ARG_NONE},
	{"accept", RS_ACCEPT, ARG_NONE},
	{"drop", RS_DROP, ARG_NONE},
	{"return", RS_RETURN, ARG_NONE},
	{"jump", RS_JUMP, ARG_NAME},
	{"goto", RS_GOTO, ARG_NAME},
};

static void fail(struct frame_reader *f, const char *what, struct str word)
{
	if (!f->failed)
		diag_error(f->diags, f->place, "frame", "%s '%.*s'", what,
			   STR_ARG(word));
	f->failed = true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == ';';
}

/* The next line without comment and white space around; false at the end. */
static bool next_line(struct frame_reader *f, struct str *out)
{
	while (f->rest.len) {
		struct str whole = str_cut(&f->rest, '\n');
		struct str line = str_cut(&whole, '#');

		f->place.line++;
		while (line.len && is_space(line.p[0]))
			line = str_skip(line, 1);
		while (line.len && is_space(line.p[line.len - 1]))
			line.len--;
		if (line.len) {
			*out = line;
			return true;
		}
	}
	return false;
}

static struct str next_word(struct str *line)
{
	struct str word = {.p = line->p};

	while (word.len < line->len && !is_space(line->p[word.len]))
		word.len++;
	*line = str_skip(*line, word.len);
	while (line->len && is_space(line->p[0]))
		*line = str_skip(*line, 1);
	return word;
}

/* Take all of `words` off the line, or nothing. */
static bool take_words(struct str *line, const char *words)
{
	struct str want = str_of(words), at = *line;

	while (want.len)
		if (!str_eq(next_word(&want), next_word(&at)))
			return false;
	*line = at;
	return true;
}

static const char *keep(struct frame_reader *f, struct str s)
{
	const char *z;

	if (s.len >= 2 && s.p[0] == '"')
		s = str_mem(s.p + 1, s.len - 2);
	z = arena_str(f->diags->arena, s).p;
	if (!z)
		f->failed = true;
	return z;
}

static unsigned number_of(struct str s)
{
	unsigned n = 0;

	for (size_t i = 0; i < s.len && ascii_is_digit(s.p[i]); i++)
		n = n * 10 + (unsigned)(s.p[i] - '0');
	return n;
}

static void arg_mark(struct frame_reader *f, struct str word,
		     struct rs_stmt *stmt)
{
	static const struct {
		const char *name;
		enum mark_state state;
	} marks[] = {
#define X(id, value, name) {"$" name, MARK_##id},
		MARK_STATES(X)
#undef X
	};
	const struct frame_filler *fill = f->filler;
	struct str name = word;
	bool now = word.len > 4 && !memcmp(word.p + word.len - 4, ".now", 4);

	if (now)
		name.len -= 4;
	stmt->m = now ? mark_bits_of_both(fill->marks) : mark_bits(fill->marks);
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		if (!str_is(name, marks[i].name))
			continue;
		stmt->n = mark_value_of(fill->marks, marks[i].state,
					now ? fill->generation : 0);
		return;
	}
	fail(f, "no such mark", word);
}

static void arg_states(struct frame_reader *f, struct str word,
		       struct rs_stmt *stmt)
{
	if (str_is(word, "invalid"))
		stmt->n = RS_CT_INVALID;
	else if (str_is(word, "established"))
		stmt->n = RS_CT_ESTABLISHED;
	else if (str_is(word, "related"))
		stmt->n = RS_CT_RELATED;
	else if (str_is(word, "untracked"))
		stmt->n = RS_CT_UNTRACKED;
	else
		fail(f, "no such connection state", word);
}

/* "N" or "N-M" */
static void arg_types(struct str word, struct rs_stmt *stmt)
{
	const char *dash = memchr(word.p, '-', word.len);

	stmt->n = IPPROTO_ICMPV6;
	stmt->m = stmt->m2 = number_of(word);
	if (dash)
		stmt->m2 =
			number_of(str_skip(word, (size_t)(dash - word.p) + 1));
}

/* "FIRST,COUNT,VALUE": bits of a datagram, as nft counts them; VALUE in
 * hexadecimal digits. */
static void arg_bits(struct frame_reader *f, struct str word,
		     struct rs_stmt *stmt)
{
	struct str rest = word;
	struct str first = str_cut(&rest, ','), count = str_cut(&rest, ',');

	stmt->n = number_of(first);
	stmt->m = number_of(count);
	for (size_t i = 0; i < rest.len; i++) {
		char c = rest.p[i];

		if (!ascii_is_digit(c) && !(c >= 'a' && c <= 'f'))
			fail(f, "no such bits", word);
		stmt->m2 =
			stmt->m2 << 4 |
			(uint32_t)(ascii_is_digit(c) ? c - '0' : c - 'a' + 10);
	}
	if (stmt->m == 0 || stmt->m > 32 || rest.len == 0)
		fail(f, "no such bits", word);
}

static void arg_l4(struct frame_reader *f, struct str word,
		   struct rs_stmt *stmt)
{
	if (str_is(word, "tcp"))
		stmt->n = IPPROTO_TCP;
	else if (str_is(word, "udp"))
		stmt->n = IPPROTO_UDP;
	else if (str_is(word, "icmp"))
		stmt->n = IPPROTO_ICMP;
	else if (str_is(word, "icmpv6"))
		stmt->n = IPPROTO_ICMPV6;
	else
		fail(f, "no such protocol", word);
}

static struct rs_stmt read_stmt(struct frame_reader *f, struct str *line)
{
	struct rs_stmt stmt = {0};

	for (size_t i = 0; i < sizeof(phrases) / sizeof(*phrases); i++) {
		struct str word;

		if (!take_words(line, phrases[i].words))
			continue;
		stmt.op = phrases[i].op;
		if (phrases[i].arg == ARG_NONE)
			return stmt;
		word = next_word(line);
		switch (phrases[i].arg) {
		case ARG_NONE:
			break;
		case ARG_NAME:
			stmt.name = keep(f, word);
			break;
		case ARG_MARK:
			arg_mark(f, word, &stmt);
			break;
		case ARG_STATES:
			arg_states(f, word, &stmt);
			break;
		case ARG_L4:
			arg_l4(f, word, &stmt);
			break;
		case ARG_TYPES:
			arg_types(word, &stmt);
			break;
		case ARG_BITS:
			arg_bits(f, word, &stmt);
			break;
		}
		return stmt;
	}
	fail(f, "cannot be read in a frame:", next_word(line));
	return stmt;
}

static int signed_of(struct str s)
{
	return str_starts(s, "-") ? -(int)number_of(str_skip(s, 1))
				  : (int)number_of(s);
}

/* "type filter hook input priority 10; policy drop;" */
static void read_hook(struct frame_reader *f, struct str line,
		      struct rs_chain *chain)
{
	struct str hook, policy;

	chain->nat = str_starts(line, "type nat ");
	if (!take_words(&line, "type filter hook") &&
	    !take_words(&line, "type nat hook")) {
		fail(f, "not a hook line:", line);
		return;
	}
	hook = next_word(&line);
	if (str_is(hook, "prerouting"))
		chain->hook = RS_PREROUTING;
	else if (str_is(hook, "postrouting"))
		chain->hook = RS_POSTROUTING;
	else if (str_is(hook, "input"))
		chain->hook = RS_INPUT;
	else if (str_is(hook, "forward"))
		chain->hook = RS_FORWARD;
	else if (str_is(hook, "output"))
		chain->hook = RS_OUTPUT;
	else
		fail(f, "no such hook", hook);
	if (!take_words(&line, "priority"))
		fail(f, "no priority in", line);
	chain->priority = signed_of(next_word(&line));
	if (!take_words(&line, "policy"))
		fail(f, "no policy in", line);
	policy = next_word(&line);
	chain->policy_drop = str_is(policy, "drop");
}

/* "chain c_prerouting when nat {": only where the policy has a use for it. */
static bool is_wanted(struct frame_reader *f, struct str *line)
{
	const char *word = keep(f, next_word(line));

	return word && f->filler->has && f->filler->has(f->filler->ctx, word);
}

/* "... when neighbours" at the end of a line: is the line wanted? */
static bool take_condition(struct frame_reader *f, struct str *line)
{
	struct str rest = *line, word;

	while (rest.len) {
		size_t before = line->len - rest.len;

		word = next_word(&rest);
		if (!str_is(word, "when"))
			continue;
		line->len = before;
		return is_wanted(f, &rest);
	}
	return true;
}

static void read_rule(struct frame_reader *f, struct str line,
		      struct rs_chain *chain)
{
	struct arena *a = f->diags->arena;
	struct rs_rule *rule;

	if (line.p[0] == '$') {
		const char *slot = keep(f, str_skip(next_word(&line), 1));

		if (slot && !f->filler->fill(f->filler->ctx, slot, chain))
			fail(f, "no such slot", str_of(slot));
		return;
	}
	if (!take_condition(f, &line))
		return;
	rule = rs_rule_new(a, chain);
	while (line.len && !f->failed)
		rs_rule_add(a, rule, read_stmt(f, &line));
}

static void read_chain(struct frame_reader *f, struct rs_chain *chain)
{
	struct str line;

	while (!f->failed && next_line(f, &line)) {
		if (str_is(line, "}"))
			return;
		if (str_starts(line, "type "))
			read_hook(f, line, chain);
		else
			read_rule(f, line, chain);
	}
	fail(f, "chain without an end:", str_of(chain->name));
}

static void skip_chain(struct frame_reader *f, const char *name)
{
	struct str line;

	while (next_line(f, &line))
		if (str_is(line, "}"))
			return;
	fail(f, "chain without an end:", str_of(name));
}

/* Chains first, so that a slot can go to a chain defined further down. */
static void read_table(struct frame_reader *f)
{
	struct str line, word;

	while (!f->failed && next_line(f, &line)) {
		struct rs_chain *chain;
		const char *name;

		if (str_is(line, "}"))
			return;
		word = next_word(&line);
		if (!str_is(word, "chain")) {
			fail(f, "expected a chain, found", word);
			return;
		}
		name = keep(f, next_word(&line));
		if (take_words(&line, "when") && !is_wanted(f, &line)) {
			skip_chain(f, name);
			continue;
		}
		chain = ruleset_chain(f->diags->arena, f->rs, name);
		if (!chain)
			f->failed = true;
		else
			read_chain(f, chain);
	}
	fail(f, "table without an end:", str_of(f->rs->table));
}

enum fw_err frame_read(const char *text, const char *file,
		       const struct frame_filler *filler,
		       struct diag_list *diags, struct ruleset *out)
{
	struct frame_reader f = {.rest = str_of(text),
				 .place = {.file = file},
				 .filler = filler,
				 .diags = diags,
				 .rs = out};
	struct str line;

	if (!next_line(&f, &line) || !take_words(&line, "table inet")) {
		fail(&f, "a frame begins with", str_of("table inet NAME {"));
		return FW_ERR_POLICY;
	}
	out->table = keep(&f, next_word(&line));
	read_table(&f);
	return f.failed ? FW_ERR_POLICY : FW_OK;
}
