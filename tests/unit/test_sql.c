/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support.h"

static const struct dialogue pgsql[] = {
	{{C("\000\000\000 "
	    "\000\003\000\000user\000ann\000database\000shop\000\000")},
	 "done pgsql pgsql.user[0,0]=ann pgsql.database[0,0]=shop"},
	/* it waits for the answer */
	{{C("\000\000\000\010\004\322\026/")}, "feeding pgsql\?"},
	{{C("\000\000\000\010\004\322\026/"), S("S"), C("SSH-2.0-x\r\n")},
	 "feeding pgsql ssh ssh.client.banner[1,0]=SSH-2.0-x "
	 "ssh.client.proto_version[1,0]=2.0 "
	 "ssh.client.software_version[1,0]=x"},
	{{C("\000\000\000\010\004\322\026/"), S("N"),
	  C("\000\000\000 "
	    "\000\003\000\000user\000ann\000database\000shop\000\000")},
	 "done pgsql pgsql.user[0,0]=ann pgsql.database[0,0]=shop"},
	{{C("\000\000\000\010\004\322\0260"), S("N"),
	  C("\000\000\000\010\004\322\026/"), S("S"), C("SSH-2.0-x\r\n")},
	 "feeding pgsql ssh ssh.client.banner[1,0]=SSH-2.0-x "
	 "ssh.client.proto_version[1,0]=2.0 "
	 "ssh.client.software_version[1,0]=x"},
	{{C("\000\000\000\010\004\322\0260"), S("G")}, "done pgsql"},
	/* to cancel */
	{{C("\000\000\000\020\004\322\026.\000\000\000\001\000\000\000\002")},
	 "done pgsql"},
	/* said before TLS */
	{{C("\000\000\000\010\004\322\026/\000\000\000 "
	    "\000\003\000\000user\000ann\000database\000sh"
	    "op\000\000"),
	  S("S")},
	 "bad pgsql\?"},
	{{C("\000\000\000\011\004\322\026/x")}, "done unknown"},
	{{C("\000\000\000\024\000\002\000\000")}, "done unknown"},
};

static const struct dialogue mysql[] = {
	{{S("\032\000\000\000\n8.0.32\000\001\000\000\000saltsalt\000\377\367!"
	    "\002\000"),
	  C("&\000\000\001\000\002\000\000\000\000\000\001!"
	    "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
	    "\000\000\000\000\000\000\000"
	    "root\000\000")},
	 "done mysql mysql.version[0,0]=8.0.32 mysql.user[0,0]=root"},
	{{S("\032\000\000\000\n8.0.32\000\001\000\000\000saltsalt\000\377\367!"
	    "\002\000"),
	  C(" \000\000\001\000\n\000\000\000\000\000\001!"
	    "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
	    "\000\000\000\000\000\000\000"),
	  C("SSH-2.0-x\r\n")},
	 "feeding mysql ssh mysql.version[0,0]=8.0.32 "
	 "ssh.client.banner[1,0]=SSH-2.0-x ssh.client.proto_version[1,0]=2.0 "
	 "ssh.client.software_version[1,0]=x"},
	/* nobody greeted */
	{{C("&\000\000\001\000\002\000\000\000\000\000\001!"
	    "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
	    "\000\000\000\000\000\000\000"
	    "root\000\000")},
	 "done unknown"},
	{{S("hello\n"), C("&\000\000\001\000\002\000\000\000\000\000\001!"
			  "\000\000\000\000\000\000\000\000\000\000\000\000\000"
			  "\000\000\000\000\000\000\000\000\000\000"
			  "root\000\000")},
	 "done unknown"},
};

START_TEST(postgresql_is_read)
{
	EXPECT_ALL(pgsql);
}
END_TEST

START_TEST(mysql_is_read)
{
	EXPECT_ALL(mysql);
}
END_TEST

START_TEST(no_prefix_is_enough)
{
	no_prefix_settles(reader_of(
		"\000\000\000 "
		"\000\003\000\000user\000ann\000database\000shop\000\000",
		32));
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, postgresql_is_read);
	tcase_add_test(tc, mysql_is_read);
	tcase_add_test(tc, no_prefix_is_enough);
}

int main(void)
{
	return run_suite("sql", add);
}
