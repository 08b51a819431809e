/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SMTP (RFC 5321, 3207), POP3 (RFC 1939, 2595), FTP (RFC 959, 4217) and IMAP
 * (RFC 3501, 9051): commands in lines, answers in lines, and a command after
 * which both speak TLS.
 *
 *	client		until			then
 *	COMMANDS	one asks for TLS	ANSWER
 *			one has a body (SMTP)	ANSWER, or BODY by its length
 *	ANSWER		the server agrees	TLS: an inner layer; BODY
 *			it does not		COMMANDS
 *	BODY		its end			COMMANDS
 *
 * A decision has what it needs with the first command: TLS may never be asked
 * for.  What a client says behind its wish for TLS without waiting for the
 * answer would be taken as said under TLS by some servers: bad.
 *
 * Answers are counted, for a client may say several commands at once.  Of each
 * line of the server only the beginning is looked at, and nothing left unread.
 */
#include "agent/proto/mail.h"

#include "agent/proto/tell.h"
#include "agent/proto/text.h"

/* --- the client ---------------------------------------------------------- */

static void body_skip(struct mail_state *st, struct reader *in)
{
	while (in->left > 0 && st->phase == MAIL_BODY) {
		uint8_t c = reader_u8(in);

		if (c == '\n' && (st->dot == DOT_DOT || st->dot == DOT_RETURN))
			st->phase = MAIL_COMMANDS;
		else if (c == '\n')
			st->dot = DOT_LINE;
		else if (c == '.' && st->dot == DOT_LINE)
			st->dot = DOT_DOT;
		else if (c == '\r' && st->dot == DOT_DOT)
			st->dot = DOT_RETURN;
		else
			st->dot = DOT_NONE;
	}
	if (st->phase == MAIL_COMMANDS)
		st->owed++;
}

static void length_skip(struct mail_state *st, struct reader *in)
{
	size_t n = in->left < st->left ? in->left : (size_t)st->left;

	reader_skip(in, n);
	st->left -= n;
	if (st->left == 0)
		st->phase = MAIL_COMMANDS;
}

static void wish_for(struct mail_state *st, enum mail_wish wish)
{
	if (wish == WISH_TLS || wish == WISH_BODY) {
		st->phase = MAIL_ANSWER;
		st->wish = wish;
	} else if (wish == WISH_LENGTH && st->left > 0) {
		st->phase = MAIL_LENGTH;
	}
}

static enum proto_result command_feed(const struct mail_kind *kind,
				      struct mail_state *st, struct reader *in,
				      struct facts *facts)
{
	size_t end = reader_find(in, '\n', st->scanned);
	enum mail_wish wish;
	struct reader line;

	if (end > LIMIT_TEXT_LINE)
		return PROTO_DONE;
	st->scanned = end;
	if (end == in->left)
		return PROTO_MORE;
	st->scanned = 0;
	line = reader_sub(in, end);
	reader_skip(in, 1);
	if (end > 0 && reader_peek(&line, end - 1) == '\r')
		line.left--;
	if (!st->spoke) {
		st->spoke = true;
		st->owed = !st->greeted;
		st->n = 0;
	}
	st->owed++;
	wish = kind->command(st, reader_text(line), facts);
	facts_layer_settle(facts, false);
	wish_for(st, wish);
	return wish == WISH_END ? PROTO_DONE : PROTO_MORE;
}

static enum proto_result client_feed(const struct mail_kind *kind,
				     struct mail_state *st, struct reader *in,
				     struct facts *facts)
{
	enum proto_result result = PROTO_MORE;
	size_t before = in->left + 1;

	while (result == PROTO_MORE && in->left > 0 && in->left < before) {
		before = in->left;
		switch (st->phase) {
		case MAIL_COMMANDS:
			result = command_feed(kind, st, in, facts);
			break;
		case MAIL_ANSWER:
			break;
		case MAIL_BODY:
			body_skip(st, in);
			break;
		case MAIL_LENGTH:
			length_skip(st, in);
			break;
		}
	}
	st->ahead = st->phase == MAIL_ANSWER && in->left > 0;
	return result;
}

/* --- the server ---------------------------------------------------------- */

static enum proto_result answered(struct mail_state *st, bool yes,
				  struct facts *facts)
{
	enum mail_wish wish = st->wish;

	st->phase = MAIL_COMMANDS;
	if (!yes)
		return PROTO_MORE;
	if (wish == WISH_BODY) {
		st->phase = MAIL_BODY;
		st->dot = DOT_LINE;
		return PROTO_MORE;
	}
	if (st->ahead)
		return PROTO_BAD;
	facts_layer_settle(facts, true);
	return PROTO_INNER;
}

static enum proto_result line_end(const struct mail_kind *kind,
				  struct mail_state *st, struct facts *facts)
{
	enum mail_answer answer = kind->answer(st, str_mem(st->head, st->n));

	st->n = 0;
	if (!st->spoke) {
		st->greeted = true;
		return PROTO_MORE;
	}
	if (answer == ANSWER_PART)
		return PROTO_MORE;
	if (st->owed > 0)
		st->owed--;
	if (st->owed > 0 || st->phase != MAIL_ANSWER)
		return PROTO_MORE;
	return answered(st, answer == ANSWER_YES, facts);
}

static enum proto_result server_feed(const struct mail_kind *kind,
				     struct mail_state *st, struct reader *in,
				     struct facts *facts)
{
	enum proto_result result = PROTO_MORE;

	/* A body, or unread commands, come before more answers. */
	while (in->left > 0 && result == PROTO_MORE &&
	       (st->phase == MAIL_ANSWER || !st->ahead)) {
		uint8_t c = reader_u8(in);

		if (c == '\n')
			result = line_end(kind, st, facts);
		else if (st->n < MAIL_HEAD_MAX)
			st->head[st->n++] = (char)c;
	}
	return result;
}

bool mail_waits(const void *state)
{
	const struct mail_state *st = state;

	return st->phase == MAIL_ANSWER;
}

enum proto_result mail_feed(const struct mail_kind *kind, struct mail_state *st,
			    enum dir dir, struct reader *in,
			    struct facts *facts)
{
	return dir == DIR_CLIENT ? client_feed(kind, st, in, facts)
				 : server_feed(kind, st, in, facts);
}
