#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""One service of gRPC without TLS, its messages plain text.

serve ADDRESS:PORT...          until it is killed
call ADDRESS:PORT AUTHORITY METHOD TEXT
"""
import sys
from concurrent import futures

import grpc


class Anything(grpc.GenericRpcHandler):
    """Answers each call of each service with its name and what was said."""

    def service(self, details):
        def answer(request, _context):
            return f"{details.method} heard ".encode() + request

        return grpc.unary_unary_rpc_method_handler(answer)


def serve(addresses):
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
    server.add_generic_rpc_handlers([Anything()])
    for address in addresses:
        server.add_insecure_port(address)
    server.start()
    server.wait_for_termination()


def call(address, authority, method, text):
    options = [("grpc.default_authority", authority), ("grpc.enable_retries", 0)]
    with grpc.insecure_channel(address, options=options) as channel:
        print(channel.unary_unary(method)(text.encode(), timeout=5).decode())


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2:])
    else:
        call(*sys.argv[2:])
