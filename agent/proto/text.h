/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What protocols of text lines share in their probes. */
#pragma once

#include "agent/limits.h"
#include "agent/proto/proto.h"

/* The client's first line, without its end.  NO: a control byte, or too long;
 * MORE: its end is not there. */
enum probe_result text_first_line(const struct probe *first, struct str *out);

/* Its first word is one of these (their case does not matter), which end with
 * NULL: NO as soon as it cannot be. */
enum probe_result text_first_word(const struct reader *r,
				  const char *const words[]);

/* Both: a first line that begins with one of these words. */
enum probe_result text_command(const struct probe *first,
			       const char *const words[], struct str *out);

/* The word up to a blank, which is taken off `line` with all that follow. */
struct str text_word(struct str *line);

bool text_word_is(struct str word, const char *name);

/* Does the text stand somewhere in what the server said first?  Its case does
 * not matter. */
bool text_in_banner(const struct probe *first, const char *text);
bool text_begins(const struct reader *r, const char *text);
