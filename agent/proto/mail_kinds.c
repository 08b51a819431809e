/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands and answers of SMTP, POP3, FTP and IMAP. */
#include "agent/proto/mail.h"
#include "agent/proto/tell.h"
#include "agent/proto/text.h"

/* Recipients and commands that are told. */
#define TOLD_MAX 16

/* A greeting alone, of a server that no client is seen to answer, is certain
 * where it has the protocol's name in it. */

/* --- SMTP ---------------------------------------------------------------- */

/* "250-more", "250 end"; `agreed`: how the good ones begin. */
static enum mail_answer answer_of_code(struct str head, const char *agreed)
{
	if (head.len < 3 || !ascii_is_digit(head.p[0]) ||
	    !ascii_is_digit(head.p[1]) || !ascii_is_digit(head.p[2]) ||
	    (head.len > 3 && head.p[3] == '-'))
		return ANSWER_PART;
	return str_starts(head, agreed) ? ANSWER_YES : ANSWER_NO;
}

static enum mail_answer smtp_answer(const struct mail_state *st,
				    struct str head)
{
	return answer_of_code(head, st->wish == WISH_BODY ? "3" : "220");
}

/* "FROM:<path> parameters" */
static void tell_path(struct mail_state *st, struct str rest, const char *word,
		      enum field field, struct facts *facts)
{
	size_t n = strlen(word);

	if (rest.len < n || !str_eq_nocase(str_mem(rest.p, n), str_of(word)) ||
	    st->told++ >= TOLD_MAX)
		return;
	rest = str_skip(rest, n);
	while (rest.len > 0 && rest.p[0] == ' ')
		rest = str_skip(rest, 1);
	facts_add(facts, field, 0, text_word(&rest));
}

static enum mail_wish smtp_command(struct mail_state *st, struct str line,
				   struct facts *facts)
{
	struct str word = text_word(&line);

	if (text_word_is(word, "EHLO") || text_word_is(word, "HELO") ||
	    text_word_is(word, "LHLO")) {
		if (line.len > 0 && st->told++ < TOLD_MAX)
			facts_add(facts, FIELD_SMTP_HELO, 0, line);
	} else if (text_word_is(word, "MAIL")) {
		tell_path(st, line, "FROM:", FIELD_SMTP_FROM, facts);
	} else if (text_word_is(word, "RCPT")) {
		tell_path(st, line, "TO:", FIELD_SMTP_TO, facts);
	} else if (text_word_is(word, "STARTTLS")) {
		return WISH_TLS;
	} else if (text_word_is(word, "DATA")) {
		return WISH_BODY;
	} else if (text_word_is(word, "BDAT")) {
		st->left = 0;
		while (line.len > 0 && ascii_is_digit(line.p[0]) &&
		       st->left < UINT32_MAX) {
			st->left = st->left * 10 + (uint64_t)(line.p[0] - '0');
			line = str_skip(line, 1);
		}
		return WISH_LENGTH;
	}
	return WISH_NOTHING;
}

static enum probe_result smtp_probe(const struct probe *first)
{
	static const char *const sure[] = {"EHLO", "HELO", "LHLO", NULL};
	static const char *const others[] = {"QUIT", "NOOP", "RSET",     "HELP",
					     "AUTH", "MAIL", "STARTTLS", NULL};
	bool greeted = first->server.left > 0;
	enum probe_result said;

	if (greeted && !text_begins(&first->server, "220"))
		return PROBE_NO;
	if (first->client.left == 0)
		return text_in_banner(first, "SMTP") ? PROBE_YES : PROBE_NO;
	said = text_first_word(&first->client, sure);
	if (said != PROBE_NO || !greeted || !text_in_banner(first, "SMTP"))
		return said;
	return text_first_word(&first->client, others);
}

/* --- POP3 ---------------------------------------------------------------- */

static enum mail_answer pop3_answer(const struct mail_state *st,
				    struct str head)
{
	(void)st;
	if (str_starts(head, "+OK"))
		return ANSWER_YES;
	return str_starts(head, "-ERR") ? ANSWER_NO : ANSWER_PART;
}

static enum mail_wish pop3_command(struct mail_state *st, struct str line,
				   struct facts *facts)
{
	struct str word = text_word(&line);

	(void)st;
	if (text_word_is(word, "STLS"))
		return WISH_TLS;
	if (text_word_is(word, "USER") && line.len > 0)
		facts_add(facts, FIELD_POP3_USER, 0, line);
	return text_word_is(word, "CAPA") || text_word_is(word, "NOOP")
		       ? WISH_NOTHING
		       : WISH_END;
}

static enum probe_result pop3_probe(const struct probe *first)
{
	static const char *const words[] = {"CAPA", "USER", "APOP", "AUTH",
					    "STLS", "QUIT", "NOOP", NULL};

	if (!text_begins(&first->server, "+OK"))
		return PROBE_NO;
	if (first->client.left == 0)
		return text_in_banner(first, "POP3") ? PROBE_YES : PROBE_NO;
	return text_first_word(&first->client, words);
}

/* --- FTP ----------------------------------------------------------------- */

static enum mail_answer ftp_answer(const struct mail_state *st, struct str head)
{
	(void)st;
	return answer_of_code(head, "234");
}

static enum mail_wish ftp_command(struct mail_state *st, struct str line,
				  struct facts *facts)
{
	struct str word = text_word(&line);

	if (st->told < TOLD_MAX)
		facts_add(facts, FIELD_FTP_COMMAND, st->told++, word);
	if (text_word_is(word, "USER") && st->told < TOLD_MAX)
		facts_add(facts, FIELD_FTP_USER, 0, line);
	return text_word_is(word, "AUTH") && (text_word_is(line, "TLS") ||
					      text_word_is(line, "TLS-C") ||
					      text_word_is(line, "SSL"))
		       ? WISH_TLS
		       : WISH_NOTHING;
}

static enum probe_result ftp_probe(const struct probe *first)
{
	static const char *const words[] = {
		"USER", "AUTH", "FEAT", "SYST", "OPTS", "HOST", "QUIT",
		"NOOP", "HELP", "PBSZ", "LANG", "CLNT", "PASS", NULL};

	if (!text_begins(&first->server, "220") &&
	    !text_begins(&first->server, "120"))
		return PROBE_NO;
	if (first->client.left == 0)
		return text_in_banner(first, "FTP") ? PROBE_YES : PROBE_NO;
	return text_first_word(&first->client, words);
}

/* --- IMAP ---------------------------------------------------------------- */

static enum mail_answer imap_answer(const struct mail_state *st,
				    struct str head)
{
	if (st->phase != MAIL_ANSWER || head.len < st->n_tag + 4u ||
	    memcmp(head.p, st->tag, st->n_tag) != 0 || head.p[st->n_tag] != ' ')
		return ANSWER_PART;
	head = str_mem(head.p + st->n_tag + 1, 2);
	return text_word_is(head, "OK") ? ANSWER_YES : ANSWER_NO;
}

static enum mail_wish imap_command(struct mail_state *st, struct str line,
				   struct facts *facts)
{
	struct str tag = text_word(&line), word = text_word(&line);

	(void)facts;
	/* Answers are told by their tags. */
	st->owed = 1;
	if (text_word_is(word, "STARTTLS") && tag.len <= MAIL_TAG_MAX) {
		memcpy(st->tag, tag.p, tag.len);
		st->n_tag = (uint8_t)tag.len;
		return WISH_TLS;
	}
	return text_word_is(word, "CAPABILITY") || text_word_is(word, "ID") ||
			       text_word_is(word, "NOOP")
		       ? WISH_NOTHING
		       : WISH_END;
}

/* A tag is no list and no wildcard (RFC 3501, 9). */
static bool is_tag(struct str tag)
{
	for (size_t i = 0; i < tag.len; i++)
		if (tag.p[i] <= ' ' || tag.p[i] >= 0x7f ||
		    strchr("(){%*\"\\+", tag.p[i]))
			return false;
	return tag.len > 0 && tag.len <= MAIL_TAG_MAX;
}

static enum probe_result imap_probe(const struct probe *first)
{
	static const char *const words[] = {
		"CAPABILITY", "LOGIN",  "AUTHENTICATE", "STARTTLS", "NOOP",
		"LOGOUT",     "ID",     "SELECT",       "EXAMINE",  "LIST",
		"STATUS",     "ENABLE", "NAMESPACE",    "UID",      NULL};
	bool greeted = first->server.left > 0;
	size_t n = reader_find(&first->client, ' ', 0);
	struct reader rest = first->client;
	struct str line;

	if (greeted && !text_begins(&first->server, "* OK") &&
	    !text_begins(&first->server, "* PREAUTH"))
		return PROBE_NO;
	if (first->client.left == 0)
		return text_in_banner(first, "IMAP") ? PROBE_YES : PROBE_NO;
	if (!is_tag(str_mem(rest.p, n < MAIL_TAG_MAX ? n : MAIL_TAG_MAX)) ||
	    n > MAIL_TAG_MAX)
		return PROBE_NO;
	if (n == rest.left)
		return PROBE_MORE;
	reader_skip(&rest, n + 1);
	switch (text_first_word(&rest, words)) {
	case PROBE_NO:
		return PROBE_NO;
	case PROBE_MORE:
		return PROBE_MORE;
	case PROBE_YES:
		break;
	}
	return text_first_line(first, &line);
}

/* --- the modules --------------------------------------------------------- */

#define MAIL(kind_, app_)                                                \
	static const struct mail_kind kind_ = {kind_##_command,          \
					       kind_##_answer};          \
	static enum proto_result kind_##_feed(void *state, enum dir dir, \
					      struct reader *in,         \
					      struct facts *facts)       \
	{                                                                \
		return mail_feed(&kind_, state, dir, in, facts);         \
	}                                                                \
	const struct proto proto_##kind_ = {                             \
		.name = #kind_,                                          \
		.app = app_,                                             \
		.state_size = sizeof(struct mail_state),                 \
		.ceiling = LIMIT_TEXT_LINE + 2,                          \
		.probe = kind_##_probe,                                  \
		.feed = kind_##_feed,                                    \
		.wants_banner = true,                                    \
		.waits = mail_waits,                                     \
	}

MAIL(smtp, APP_SMTP);
MAIL(pop3, APP_POP3);
MAIL(ftp, APP_FTP);
MAIL(imap, APP_IMAP);
