/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What tests of HTTP/1 say, and what is told of it. */
#pragma once

#include "agent/limits.h"
#include "agent/proto/http1_head.h"
#include "agent/proto/registry.h"
#include "tests/unit/support.h"

#include <netinet/in.h>

#define METHOD      "http.http_method[0,0]="
#define TARGET      " http.url[0,0]="
#define HOST        " http.hostname[0,0]="
#define GET_A       METHOD "GET" TARGET "/" HOST "a.org"
#define POST_A      METHOD "POST" TARGET "/" HOST "a.org"
#define STATUS(n)   " http.status[0,0]=" #n
#define UNSURE(why) " http.ambiguous[0,0]=" why
#define GET_B                                          \
	" http.http_method[0,1]=GET http.url[0,1]=/b " \
	"http.hostname[0,1]=b.org"
#define NEXT_B "GET /b HTTP/1.1\r\nHost: b.org\r\n\r\n"
#define HEAD_A "POST / HTTP/1.1\r\nHost: a.org\r\n"

#define NEXT_A  "GET / HTTP/1.1\r\nHost: a.org\r\n\r\n"
#define OK0     "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define CONNECT "CONNECT a.org:443 HTTP/1.1\r\nHost: a.org:443\r\n\r\n"
#define CONNECTED                           \
	METHOD "CONNECT" TARGET "a.org:443" \
	       " http.connect[0,0]=a.org:443" HOST "a.org"
#define OK200 "HTTP/1.1 200 OK\r\nX: y\r\n\r\n"
