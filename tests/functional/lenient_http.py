#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Python's own HTTP server, which takes much that others refuse: a page for each
name, and connections are kept.
usage: lenient_http.py ADDRESS PORT
"""
import http.server
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        host = self.headers.get("Host", "")
        if "://" in self.path:
            host = self.path.split("://", 1)[1].split("/", 1)[0].rsplit("@", 1)[-1]
        length = self.headers.get("Content-Length", "0")
        if length.strip().isdigit():
            self.rfile.read(int(length))
        page = ("hello from %s\n" % host.strip().lower().split(":")[0].rstrip(".")).encode("latin-1")
        self.send_response(200)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    do_GET = do_POST = do_get = answer

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
