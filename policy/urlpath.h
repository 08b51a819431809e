/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The path of an HTTP request target, and patterns of such paths. */
#pragma once

#include "policy/base/str.h"

/* Longer ones match no pattern. */
#define URLPATH_MAX 8192

/* The path in one form (RFC 3986, 6.2.2): without query, unreserved characters
 * decoded once, dot segments removed; into `buf` of URLPATH_MAX bytes, which
 * *out borrows.  False where servers might not agree what it is: other forms of
 * target ("*", an authority), broken or doubtful escapes (of '/', '\', '%',
 * control bytes), empty segments, parameters behind dots. */
bool urlpath_normalise(struct str target, char *buf, struct str *out);

/* Does the pattern hold for all of the path?  '*' stands for any bytes. */
bool urlpath_fits(struct str pattern, struct str path);
