/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every ceiling of the engine: what a stranger can make grow, how far, and what
 * happens there.  The outcome named is a reason of agent/verdict/reasons.def.
 */
#pragma once

/* Flows in one engine's table.  At the ceiling the flow idle longest among the
 * decided ones is forgotten (the kernel has its mark); when all are undecided,
 * the client that has most of them loses the one that was silent for longest:
 * client.limit.  Where none can be given up, the new flow is refused:
 * flow.limit. */
#define LIMIT_FLOWS 65536

/* One client's share of an engine: of its flows, those that are undecided, and
 * of the packets that it holds, LIMIT_HELD_TOTAL; each as one of so many parts.
 * Beyond, the client's new flow is refused, whatever fails open: client.limit.
 */
#define LIMIT_CLIENT_PARTS 4

/* Memory of one flow: facts and parser state.  What does not fit is counted in
 * facts.dropped; a parser without state memory gives "unknown". */
#define LIMIT_FLOW_ARENA 65536

/* Connections that a server has accepted, and that have sent nothing yet; those
 * of one client: an eighth.  Beyond, the oldest of eight is forgotten, and what
 * its client says first is refused: stream.midstream. */
#define LIMIT_HANDSHAKES 131072
/* How long one is remembered; as long as any flow without a packet. */
#define LIMIT_HANDSHAKE_SECONDS 300

/* Bytes of one direction of a stream that wait for a decision: a ClientHello
 * is 16 KiB at most in every known client (BoringSSL's and Envoy's ceiling),
 * a request head 64 KiB.  Beyond: stream.limit. */
#define LIMIT_STREAM_BYTES 131072

/* Separate pieces out of order in one direction.  Beyond: stream.limit. */
#define LIMIT_STREAM_PIECES 64

/* Bytes of requests, and pieces of them, that an allowed flow's server has yet
 * to acknowledge.  Beyond: stream.limit. */
#define LIMIT_LEDGER_BYTES   262144
#define LIMIT_LEDGER_ENTRIES 4096

/* Packets of one flow held for its decision, retransmits not counted (they are
 * dropped: the first copy is held).  Beyond: hold.limit. */
#define LIMIT_HELD_PACKETS 128

/* Packets held by one engine over all flows; the kernel's queue is longer.
 * Beyond, a flow of the client that has most of them is refused: client.limit;
 * or, where that is who asks, the flow that asks: hold.limit. */
#define LIMIT_HELD_TOTAL 4096

/* How long a flow's first bytes may wait for the rest.  Then: hold.timeout; but
 * what tells no protocol yet goes on where the policy allows unknown ones. */
#define LIMIT_HOLD_NS (5ULL * 1000000000)

/* How long what was acknowledged in the server's name may wait for what a
 * network has lost behind it: RFC 6298 5.5 doubles the client's pause each
 * time. Then: hold.timeout. */
#define LIMIT_HOLE_NS (30ULL * 1000000000)

/* Bytes of event lines that wait for a slow disk.  Beyond: they are lost and
 * counted. */
#define LIMIT_LOG_WAITING (4 * 1024 * 1024)

/* How long a flow is remembered without a packet. */
#define LIMIT_IDLE_UNDECIDED_NS (300ULL * 1000000000)
#define LIMIT_IDLE_DECIDED_NS   (30ULL * 1000000000)

/* How long a refused client of UDP that says no more is refused unheard: what
 * comes at once may be the rest of what was refused. */
#define LIMIT_REFUSED_NS 1000000000ULL

/* fail = "open": how long after its first packet an engine passes flows whose
 * beginning it has not seen; and, whatever fails, bodies of requests that one
 * before it has allowed.  No longer than any flow is remembered: a client
 * could make the engine forget, and pass for one that was there before. */
#define LIMIT_LOST_NS LIMIT_IDLE_DECIDED_NS

/* Bytes a server may send before the client's first byte (banners, then the
 * client speaks).  Beyond, the flow is judged as "unknown". */
#define LIMIT_SERVER_FIRST_BYTES 65536

/* Of those, the first that are kept to tell the protocol by. */
#define LIMIT_BANNER 512

/* Bytes of an unknown flow's client that libndpi is shown. */
#define LIMIT_GUESS_BYTES 1400

/* A TLS ClientHello, over all its records. */
#define LIMIT_TLS_HELLO 65536

/* A handshake message of DTLS, collected from its fragments: a hello with the
 * largest keys has 2 KiB, a chain of certificates some 5.  Beyond: a hello is
 * malformed, an answer not told. */
#define LIMIT_DTLS_MESSAGE 16384

/* A server's certificate, and its names as text.  Beyond: the certificate, or
 * the names behind, are not told. */
#define LIMIT_TLS_CERTIFICATE 16384
#define LIMIT_TLS_NAMES       8192

/* Extensions of a hello; some 60 are registered.  Beyond: malformed. */
#define LIMIT_TLS_EXTENSIONS 256

/* The line of numbers that a fingerprint of a hello is made of; all registered
 * cipher suites fit.  Beyond: that fingerprint is not told. */
#define LIMIT_TLS_FINGERPRINT 4096
/* One of a further connection between the same ports, over UDP.  Beyond: the
 * flow is malformed. */
#define LIMIT_TLS_AGAIN 16384

/* A ClientHello in QUIC: the largest ones with post-quantum keys are of 2 KiB.
 * Beyond: the flow is malformed. */
#define LIMIT_QUIC_HELLO 16384

/* Pieces of it that do not touch each other; clients that shuffle make up to
 * ten.  Beyond: the flow is malformed. */
#define LIMIT_QUIC_PIECES 32

/* One HTTP head: request line and header fields. */
#define LIMIT_HTTP_HEAD 65536

/* Of answers in HTTP/1: the head of one; requests that wait for theirs; bytes
 * of one that came before its request.  Beyond: whom an answer is for is not
 * told any more. */
#define LIMIT_HTTP_ANSWER  32768
#define LIMIT_HTTP_ANSWERS 64
#define LIMIT_HTTP_EARLY   4096

/* A header block of HTTP/2: its frames' payload, its fields as RFC 9113 6.5.2
 * counts them, its CONTINUATION frames, and the authority of a CONNECT. Beyond:
 * malformed. */
#define LIMIT_HTTP2_BLOCK         16384
#define LIMIT_HTTP2_HEAD          65536
#define LIMIT_HTTP2_CONTINUATIONS 16
#define LIMIT_HTTP2_AUTHORITY     272

/* Memory of the decoder of header blocks: the table of 4096 bytes that a client
 * has unless its server offers more, and one field.  A table of nothing but
 * empty fields, or one beyond 4096 bytes, is malformed. */
#define LIMIT_HTTP2_POOL 40960

/* Of that, what the answers may have, and requests that wait for theirs.
 * Beyond: the status of answers is not told. */
#define LIMIT_HTTP2_ANSWER_POOL 16384
#define LIMIT_HTTP2_WAITS       16

/* SOCKS: version, command, user, host name. */
#define LIMIT_SOCKS_MESSAGE 1024

/* IPv6 extension headers of one packet; real ones have three at most.  Beyond:
 * the packet is malformed. */
#define LIMIT_IPV6_EXTENSIONS 8

/* TLS records without a byte before the ClientHello is complete; as many as
 * OpenSSL bears.  Beyond: the flow is malformed. */
#define LIMIT_TLS_EMPTY_RECORDS 32

/* A chunk's size line with its extensions.  Beyond: the flow is malformed. */
#define LIMIT_HTTP_CHUNK_LINE 4096

/* Allowed flows that one engine remembers to judge them again when the policy
 * changes.  Beyond: the oldest is forgotten, and then stays only when the rules
 * that can apply to it are the same in the new policy. */
#define LIMIT_RECORDS 65536

/* Names and values of one of them.  A flow that told more is not remembered. */
#define LIMIT_RECORD_BYTES 8192

/* Policies kept in the history.  Beyond: the oldest are forgotten. */
#define LIMIT_GENERATIONS 50

/* Pointers that are followed in one DNS name.  Beyond: the message is none. */
#define LIMIT_DNS_JUMPS 32

/* A DNS message over TCP with its length. */
#define LIMIT_DNS_MESSAGE 65537

/* The first line of an SSH side: 255 bytes by RFC 4253, more in life.  Beyond:
 * the flow is malformed. */
#define LIMIT_SSH_BANNER 1024

/* Its first packet (RFC 4253 6.1).  Beyond: nothing more is told. */
#define LIMIT_SSH_PACKET 35000

/* A line of a protocol of text lines; RFC 4954 has the longest.  Beyond: it is
 * not this protocol, or nothing more is told of it. */
#define LIMIT_TEXT_LINE 12288

/* Unread bytes of what is told by its first bytes alone: it reads all. */
#define LIMIT_SHAPE 1024

/* What a client of PostgreSQL begins with: as its servers bear. */
#define LIMIT_PGSQL_STARTUP 10000

/* A message of LDAP that is looked into. */
#define LIMIT_LDAP_MESSAGE 65536

/* A message of Kerberos over TCP. */
#define LIMIT_KRB5_MESSAGE 65536

/* A message by which SMB negotiates. */
#define LIMIT_SMB_NEGOTIATE 8192

/* A tag of XMPP before TLS. */
#define LIMIT_XMPP_TAG 4096

/* Addresses of names that clients were told (agent/binding): entries of the
 * table, 24 bytes each.  Beyond, the client that has most of a bucket loses
 * what expires first: its flows to it are refused until it asks again. */
#define LIMIT_BINDINGS 1048576

/* Questions that one flow to a resolver may have open.  Beyond, answers to the
 * oldest are dropped, and asked for again. */
#define LIMIT_BINDING_QUESTIONS 64

/* Of one answer: names from the one that was asked to the one that has the
 * addresses; and addresses.  Beyond, they are not learned. */
#define LIMIT_BINDING_CHAIN     16
#define LIMIT_BINDING_ADDRESSES 256

/* A resolver's answer over TCP that is looked at (application.ech) when it is
 * all there; less than what a server sends before it hears of its client (RFC
 * 6928).  Of a longer one, records go on as they come. */
#define LIMIT_ANSWER_WAITS 8192

/* Of one flow: packets with parts of answers that wait for the rest, and
 * changed answers that the client has yet to acknowledge.  Beyond, packets are
 * dropped, and come again. */
#define LIMIT_ANSWER_PACKETS 64
