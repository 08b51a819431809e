/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Peers, media and calls of procedures over UDP. */
#include "tests/unit/samples.h"

#define HASH "12345678901234567890"

START_TEST(bittorrent_is_told)
{
	static const struct sample samples[] = {
		{C("d1:ad2:id20:" HASH "e1:q4:ping1:t2:aa1:y1:qe"),
		 "done bittorrent"},
		{S("d1:rd2:id20:" HASH "5:tokeni-12ee1:t2:aa1:y1:re"),
		 "done bittorrent"},
		{C("d1:eli201e5:Errore1:t2:aa1:y1:ee"), "done bittorrent"},
		{C("d1:q4:ping1:t2:aa1:y1:qe"), "done unknown"},
		{C("d1:ad2:id20:" HASH "e1:q4:ping1:t2:aa1:y1:qex"),
		 "done unknown"},
		{C("d1:ad2:id99:" HASH "e1:q4:ping1:t2:aa1:y1:qe"),
		 "done unknown"},
		{C("d1:alllllllllllee1:y1:qe"), "done unknown"},
		{C("\x41\0abtttt" Z4 "\0\x10\0\0sq\0\0"), "done bittorrent"},
		{C("\x41\2abtttt" Z4 "\0\x10\0\0sq\0\0\0\x08" T8),
		 "done bittorrent"},
		{C("\x41\0abtttt\0\0\0\1\0\x10\0\0sq\0\0"), "done unknown"},
		{C("\x21\0abttttdddd\0\x10\0\0sqak"), "done bittorrent"},
		{C("\x21\0abttttdddd\0\x10\0\1sqak"), "done unknown"},
		{C("\1\0abttttdddd\0\x10\0\0sqak\x13"
		   "BitTorrent protocol"),
		 "done bittorrent"},
		{C("\1\0abttttdddd\0\x10\0\0sqak\0\0\0\x1b\x14\1d8:"),
		 "done bittorrent"},
		{C("\1\0abttttdddd\0\x10\0\0sqak\0\0\0\x1b\x15\1d8:"),
		 "done unknown"},
		{C("\0\0\x04\x17\x27\x10\x19\x80\0\0\0\0abcd"),
		 "done bittorrent"},
		{C("\0\0\x04\x17\x27\x10\x19\x80\0\0\0\1abcd"), "done unknown"},
		{C("BT-SEARCH * HTTP/1.1\r\n"), "done bittorrent"},
	};
	static const struct dialogue streams[] = {
		{{C("\x13"
		    "BitTorrent protocol" T8 HASH HASH)},
		 "done bittorrent bittorrent.info_hash[0,0]="
		 "3132333435363738393031323334353637383930"},
		{{C("\x13"
		    "BitTorrent protocos")},
		 "done unknown"},
	};

	EXPECT_SAMPLES(samples);
	EXPECT_ALL(streams);
}
END_TEST

START_TEST(media_are_told)
{
	static const struct sample samples[] = {
		/* reports */
		{C("\x80\xc8\0\6" T16 T8), "done rtp"},
		{C("\x80\xc9\0\1abcd\x81\xca\0\2abcd\1\1x\0"), "done rtp"},
		{C("\x81\xce\0\2" T8), "done rtp"},
		{C("\x80\xc8\0\7" T16 T8), "done unknown"},
		{C("\x81\xc8\0\6" T16 T8), "done unknown"},
		{C("\x80\xca\0\6" T16 T8), "done unknown"},
		/* 20 ms of G.711, 10 of G.729 */
		{C("\x80\x08\0\1ttttssss" T64 T64 T32), "done rtp"},
		{C("\x80\x92\0\1ttttssss1234567890"), "done rtp"},
		{C("\x80\x08\0\1ttttssss" T64 T64 T32 "x"), "done unknown"},
		{C("\x80\x08\0\1tttt" Z4 T64 T64 T32), "done unknown"},
		{C("\x80\x60\0\1ttttssss" T64 T64 T32), "done unknown"},
		/* H.263 */
		{C("\x80\x22\0\1ttttssss\0\x70\0\0\0\0\x80xxxx"), "done rtp"},
		/* header extensions */
		{C("\x90\x6f\0\1ttttssss\xbe\xde\0\1\x10x\0\0payload"),
		 "done rtp"},
		{C("\x90\x6f\0\1ttttssss\x10\0\0\1\1\1x\0payload"), "done rtp"},
		{C("\x90\x6f\0\1ttttssss\xbe\xde\0\1\x13x\0\0payload"),
		 "done unknown"},
		{C("\x90\x6f\0\1ttttssss\xbe\xdf\0\1\x10x\0\0payload"),
		 "done unknown"},
		{C("\x90\x6f\0\1ttttssss\xbe\xde\0\1\x10x\0\0"),
		 "done unknown"},
	};

	EXPECT_SAMPLES(samples);
}
END_TEST

#define NFS    "\0\1\x86\xa3"
#define MAP    "\0\1\x86\xa0"
#define CALL   "abcd" Z4 "\0\0\0\2"
#define NOBODY Z4 Z4 Z4 Z4

START_TEST(calls_are_told)
{
	static const struct sample samples[] = {
		{C(CALL NFS "\0\0\0\3\0\0\0\0" NOBODY),
		 "done nfs rpc.program[0,0]=100003"},
		{C(CALL MAP "\0\0\0\2\0\0\0\3" NOBODY NFS
			    "\0\0\0\3\0\0\0\x11\0\0\0\0"),
		 "done nfs rpc.program[0,0]=100000"},
		{C(CALL MAP "\0\0\0\2\0\0\0\4" NOBODY),
		 "done sunrpc rpc.program[0,0]=100000"},
		{C("abcd" Z4 "\0\0\0\3" NFS "\0\0\0\3\0\0\0\0" NOBODY),
		 "done unknown"},
		{C(CALL NFS "\0\0\0\3\0\0\0\0\0\0\0\1\0\0\1\x91"),
		 "done unknown"},
		/* a clock that has just been set, and is alike */
		{C("\xe3\0\6\xe8" Z4 "\0\0\0\2INIT" Z16 Z4 Z4 "abcdefgh"),
		 "done ntp ntp.version[0,0]=4 ntp.mode[0,0]=client"},
		{C("\4\0\0\0\x10\0\0\0" Z64 "\0\0\4\0\0\0\0\0abcd"),
		 "done dcerpc"},
		{C("\4\0\0\0\x00\0\0\0" Z64 "\0\0\0\4\0\0\0\0abcd"),
		 "done dcerpc"},
		{C("\4\0\0\0\x10\0\0\0" Z64 "\0\0\5\0\0\0\0\0abcd"),
		 "done unknown"},
		{C("\5\0\0\0\x10\0\0\0" Z64 "\0\0\4\0\0\0\0\0abcd"),
		 "done unknown"},
		{C("\x82\x81\xb2\x81\1\x09"
		   "emitBatch\x1c\x1c"),
		 "done thrift"},
		{C("\x80\1\0\1\0\0\0\4pingabcd\0"), "done thrift"},
		{C("\x82\xa1\xb2\x81\1\x09"
		   "emitBatch\x1c\x1c"),
		 "done unknown"},
		{C("\x82\x81\xb2\x81\1\x09"
		   "emit\1atch\x1c\x1c"),
		 "done unknown"},
		{C("\x6a\x12\x30\x10\xa1\3\2\1\5\xa2\3\2\1\x0a\xa4\4abcd"),
		 "done krb5"},
		{S("\x7e\x0c\x30\x0a\xa0\3\2\1\5\xa1\3\2\1\x1e"), "done krb5"},
		{C("\x6a\x12\x30\x10\xa1\3\2\1\5\xa2\3\2\1\x0b\xa4\4abcd"),
		 "done unknown"},
		{C("\x6a\x12\x30\x10\xa1\3\2\1\4\xa2\3\2\1\x0a\xa4\4abcd"),
		 "done unknown"},
		{C("\x6a\x12\x30\x10\xa1\3\2\1\5\xa2\3\2\1\x0a\xa4\4abcde"),
		 "done unknown"},
	};

	EXPECT_SAMPLES(samples);
}
END_TEST

#define NBNAME                             \
	" "                                \
	"EBEBEBEBEBEBEBEBEBEBEBEBEBEBEBEB" \
	"\0"
#define SIGNED T32 T64

START_TEST(small_ones_are_told)
{
	static const struct sample samples[] = {
		{C("\x11\2id\1\2\3\4\0\x8a\0\x48\0\0" NBNAME NBNAME "data"),
		 "done netbios"},
		{C("\x11\2id\1\2\3\4\0\x8a\0\x48\0\0" NBNAME " q"),
		 "done unknown"},
		{C("\x13\2id\1\2\3\4\0\x8a\x82"), "done netbios"},
		{C("\x14\2id\1\2\3\4\0\x8a" NBNAME), "done netbios"},
		{C("\x14\2id\1\2\3\4\0\x8a" NBNAME "x"), "done unknown"},
		/* ping, pong, find */
		{C(SIGNED "\1\1\xcd\4\xc3\1\2\3\xc3\4\5\6\x83xyz"),
		 "done ethereum"},
		{C(SIGNED "\0\2\xc7\xc3\1\2\3\4\x81\x99"), "done ethereum"},
		{C(SIGNED "\0\3\xc6\x83xyz\x81\x99"), "done ethereum"},
		{C(SIGNED "\2\3\xc6\x83xyz\x81\x99"), "done unknown"},
		{C(SIGNED "\0\7\xc6\x83xyz\x81\x99"), "done unknown"},
		{C(SIGNED "\0\3\xc6\x83xyz\x82\x99"), "done unknown"},
		{C(SIGNED "\0\3\xc6\x83xyz\x81\x99x"), "done unknown"},
		{C(SIGNED "\0\3\xc5\xc4\xc3\xc2\xc1\xc0"), "done unknown"},
		{C("\0" Z4 Z4 "\0\x03\x17\x24\x47P"), "done teamviewer"},
		{C("\0" Z4 Z4 "\0\x03\x17\x24\x48P"), "done unknown"},
	};

	EXPECT_SAMPLES(samples);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, bittorrent_is_told);
	tcase_add_test(tc, media_are_told);
	tcase_add_test(tc, calls_are_told);
	tcase_add_test(tc, small_ones_are_told);
}

int main(void)
{
	return run_suite("datagrams-more", add);
}
