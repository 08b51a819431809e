/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support.h"

/* What a client of version 2 offers; what a server of it chooses; names of a
 * NetBIOS session. */
#define OFFER                                                              \
	"\000\000\000h\376SMB@\000\001\000\000\000\000\000\000\000\001"    \
	"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000" \
	"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000" \
	"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000" \
	"\000$\000\002\000\001\000\000\000\000\000\000\000ggggggggggggggg" \
	"g\000\000\000\000\000\000\000\000\002\002\021\003"
#define CHOICE(dialect)                                                    \
	"\000\000\000\200\376SMB@\000\001\000\000\000\000\000\000\000\001" \
	"\000\001\000\000\000\000\000\000\000\000\000\000\000\000\000\000" \
	"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000" \
	"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000" \
	"\000A\000\001\000" dialect                                        \
	"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000" \
	"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000" \
	"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000" \
	"\000\000\000\000\000\000\000\000\000\000"
#define SESSION                                                            \
	"\201\000\000D EBEBEBEBEBEBEBEBEBEBEBEBEBEBCACA\000 EBEBEBEBEBEBE" \
	"BEBEBEBEBEBEBEBCACA\000"

static const struct dialogue smb[] = {
	{{C(OFFER)}, "feeding smb smb.client_dialects[0,0]=2.02,3.11"},
	{{C(OFFER), S(CHOICE("\021\003"))},
	 "done smb smb.client_dialects[0,0]=2.02,3.11 smb.dialect[0,0]=3.11"},
	{{C("\000\000\000:"
	    "\377SMBr\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
	    "\000\000\000\000\000\000\000\000\000\000\000\000\000"
	    "\000\027\000\002LANMAN1.0\000\002NT LM 0.12\000"),
	  S("\000\000\000E\377SMBr\000\000\000\000\000\000\000\000\000\000\000"
	    "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
	    "\021\001\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
	    "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
	    "\000\000\000\000"
	    "\000")},
	 "done smb1 smb.client_dialects[0,0]=LANMAN1.0,NT LM 0.12 "
	 "smb.dialect[0,0]=NT LM 0.12"},
	/* both, then the later one */
	{{C("\000\000\000:"
	    "\377SMBr\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
	    "\000\000\000\000\000\000\000\000\000\000\000\000\000"
	    "\000\027\000\002NT LM 0.12\000\002SMB 2.\?\?\?\000"),
	  S(CHOICE("\377\002")), C(OFFER), S(CHOICE("\002\003"))},
	 "done smb smb.client_dialects[0,0]=NT LM 0.12,SMB 2.\?\?\? "
	 "smb.dialect[0,0]=3.02"},
	{{C("\000\000\000#"
	    "\377SMBs\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
	    "\000\000\000\000\000\000\000\000\000\000\000\000\000"
	    "\000\000\000")},
	 "feeding smb1"},
	{{C("\000\000\0004\375SMB\000\000\000\000\000\000\000\000\000\000\000"
	    "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
	    "\000"
	    "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
	    "\000\000\000\000")},
	 "feeding smb"},
	{{C("\000\000\000#\377SMX")}, "done unknown"},
	{{C("\001\000\000#\377SMB")}, "done unknown"},
};

static const struct dialogue session[] = {
	{{C(SESSION)}, "feeding netbios\? netbios.name[0,0]=AAAAAAAAAAAAAA"},
	{{C(SESSION), S("\202\000\000\000"), C(OFFER)},
	 "feeding netbios smb netbios.name[0,0]=AAAAAAAAAAAAAA "
	 "smb.client_dialects[1,0]=2.02,3.11"},
	{{C(SESSION), S("\203\000\000\001\200")},
	 "done netbios netbios.name[0,0]=AAAAAAAAAAAAAA"},
};

START_TEST(versions_are_told)
{
	EXPECT_ALL(smb);
}
END_TEST

START_TEST(sessions_of_netbios_have_a_layer_inside)
{
	EXPECT_ALL(session);
}
END_TEST

START_TEST(no_prefix_is_enough)
{
	no_prefix_settles(reader_of(
		"\000\000\000/"
		"\377SMBr\000\000\000\000\000\000\000\000\000\000\000\000\000"
		"\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
		"\000\014\000\002NT LM 0.12\000",
		51));
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, versions_are_told);
	tcase_add_test(tc, sessions_of_netbios_have_a_layer_inside);
	tcase_add_test(tc, no_prefix_is_enough);
}

int main(void)
{
	return run_suite("smb", add);
}
