/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support.h"

static const struct dialogue ldap[] = {
	{{C("0\024\002\001\001`\017\002\001\003\004\006cn=ann\200\002pw")},
	 "done ldap ldap.request.operation[0,0]=bind_request "
	 "ldap.request.bind_request.name[0,0]=cn=ann"},
	{{C("0\n\002\001\002c\005\004\000\n\001\000"),
	  C("0\024\002\001\001`\017\002\001\003\004\006cn=ann\200\002pw")},
	 "done ldap ldap.request.operation[0,0]=search_request "
	 "ldap.request.bind_request.name[0,0]=cn=ann"},
	{{C("0\035\002\001\001w\030\200\0261.3.6.1.4.1.1466.20037")},
	 "feeding ldap\? ldap.request.operation[0,0]=extended_request"},
	{{C("0\035\002\001\001w\030\200\0261.3.6.1.4.1.1466.20037"),
	  S("0\014\002\001\001x\007\n\001\000\004\000\004\000"),
	  C("SSH-2.0-x\r\n")},
	 "feeding ldap ssh ldap.request.operation[0,0]=extended_request "
	 "ssh.client.banner[1,0]=SSH-2.0-x ssh.client.proto_version[1,0]=2.0 "
	 "ssh.client.software_version[1,0]=x"},
	{{C("0\035\002\001\001w\030\200\0261.3.6.1.4.1.1466.20037"),
	  S("0\014\002\001\001x\007\n\001\002\004\000\004\000"),
	  C("0\024\002\001\001`\017\002\001\003\004\006cn=ann\200\002pw")},
	 "done ldap ldap.request.operation[0,0]=extended_request "
	 "ldap.request.bind_request.name[0,0]=cn=ann"},
	/* said before TLS */
	{{C("0\035\002\001\001w\030\200\0261.3.6.1.4.1.1466."
	    "200370\024\002\001\001"
	    "`\017\002\001\003\004\006cn=ann\200\002pw"),
	  S("0\014\002\001\001x\007\n\001\000\004\000\004\000")},
	 "bad ldap\? ldap.request.operation[0,0]=extended_request"},
	/* sealed from there on */
	{{C("0\n\002\001\002c\005\004\000\n\001\000\000\000\000")},
	 "done ldap ldap.request.operation[0,0]=search_request"},
	/* SNMP */
	{{C("0\013\002\001\001\004\006public")}, "done unknown"},
	{{C("0\200\002\001\001`")}, "done unknown"},
};

static const struct dialogue krb5[] = {
	{{C("\000\000\000^"
	    "j\\0Z\241\003\002\001\005\242\003\002\001\n\244N0L\240\007\003\005"
	    "\000\000\000\000\000\241\0200\016\240"
	    "\003\002\001\001\241\0070\005\033\003ann\242\r\033\013EXAMPLE."
	    "ORG\243 0\036\240\003\002\001"
	    "\001\241\0270\025\033\006krbtgt\033\013EXAMPLE.ORG")},
	 "done krb5 krb5.cname[0,0]=ann krb5.realm[0,0]=EXAMPLE.ORG "
	 "krb5.sname[0,0]=krbtgt/EXAMPLE.ORG"},
	{{C("\000\000\000_"
	    "j\\0Z\241\003\002\001\005\242\003\002\001\n\244N0L\240\007\003\005"
	    "\000\000\000\000\000\241\0200\016\240"
	    "\003\002\001\001\241\0070\005\033\003ann\242\r\033\013EXAMPLE."
	    "ORG\243 0\036\240\003\002\001"
	    "\001\241\0270\025\033\006krbtgt\033\013EXAMPLE.ORGx")},
	 "done unknown"},
	/* version 4 */
	{{C("\000\000\000^"
	    "j\\0Z\241\003\002\001\004\242\003\002\001\n\244N0L\240\007\003\005"
	    "\000\000\000\000\000\241\0200\016\240"
	    "\003\002\001\001\241\0070\005\033\003ann\242\r\033\013EXAMPLE."
	    "ORG\243 0\036\240\003\002\001"
	    "\001\241\0270\025\033\006krbtgt\033\013EXAMPLE.ORG")},
	 "done unknown"},
};

START_TEST(ldap_is_read)
{
	EXPECT_ALL(ldap);
}
END_TEST

START_TEST(kerberos_is_read)
{
	EXPECT_ALL(krb5);
}
END_TEST

START_TEST(no_prefix_is_enough)
{
	no_prefix_settles(reader_of(
		"0\024\002\001\001`\017\002\001\003\004\006cn=ann\200\002pw",
		22));
	no_prefix_settles(reader_of(
		"\000\000\000^"
		"j\\0Z\241\003\002\001\005\242\003\002\001\n\244N0L\240\007\003"
		"\005\000\000\000\000\000\241\0200\016\240"
		"\003\002\001\001\241\0070\005\033\003ann\242\r\033\013EXAMPLE."
		"ORG\243 0\036\240\003\002\001"
		"\001\241\0270\025\033\006krbtgt\033\013EXAMPLE.ORG",
		98));
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, ldap_is_read);
	tcase_add_test(tc, kerberos_is_read);
	tcase_add_test(tc, no_prefix_is_enough);
}

int main(void)
{
	return run_suite("directory", add);
}
