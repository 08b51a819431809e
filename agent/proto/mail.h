/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the protocols of mail (and FTP) have in common: see mail.c. */
#pragma once

#include "agent/proto/proto.h"

#define MAIL_HEAD_MAX 40
#define MAIL_TAG_MAX  24

enum mail_phase { MAIL_COMMANDS, MAIL_ANSWER, MAIL_BODY, MAIL_LENGTH };

/* Where the body's end ".\r\n" has been seen up to. */
enum mail_dot { DOT_NONE, DOT_LINE, DOT_DOT, DOT_RETURN };

enum mail_wish {
	WISH_NOTHING,
	WISH_TLS,
	WISH_BODY,
	WISH_LENGTH, /* a body of state.left bytes */
	WISH_END,    /* TLS can follow no more */
};

struct mail_state {
	enum mail_phase phase;
	enum mail_wish wish; /* in ANSWER */
	enum mail_dot dot;
	bool spoke, greeted; /* the client; the server before it */
	bool ahead;          /* the client did not wait */
	unsigned owed;       /* answers */
	unsigned told;
	uint64_t left;
	size_t scanned; /* unread bytes of the client without a line's end */
	uint8_t n;      /* of a line of the server */
	uint8_t n_tag;
	char head[MAIL_HEAD_MAX];
	char tag[MAIL_TAG_MAX]; /* IMAP: of the wish for TLS */
};

enum mail_answer {
	ANSWER_PART, /* it goes on, or is none */
	ANSWER_YES,
	ANSWER_NO,
};

/* What differs between them. */
struct mail_kind {
	enum mail_wish (*command)(struct mail_state *st, struct str line,
				  struct facts *facts);
	enum mail_answer (*answer)(const struct mail_state *st,
				   struct str head);
};

/* One side's bytes, and what `waits` is of a module. */
enum proto_result mail_feed(const struct mail_kind *kind, struct mail_state *st,
			    enum dir dir, struct reader *in,
			    struct facts *facts);
bool mail_waits(const void *state);
