/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support.h"

static const struct dialogue rdp[] = {
	{{C("\003\000\000!\034\340\000\000\000\000\000Cookie: "
	    "mstshash=ann\r\n")},
	 "done rdp rdp.cookie[0,0]=ann"},
	/* it waits for the answer */
	{{C("\003\000\000)$\340\000\000\000\000\000Cookie: "
	    "mstshash=ann\r\n\001\000\010"
	    "\000\003\000\000\000")},
	 "feeding rdp\? rdp.cookie[0,0]=ann"},
	{{C("\003\000\000)$\340\000\000\000\000\000Cookie: "
	    "mstshash=ann\r\n\001\000\010"
	    "\000\003\000\000\000"),
	  S("\003\000\000\023\016\320\000\000\0224\000\002\000\010\000\002\000"
	    "\000\000"),
	  C("SSH-2.0-x\r\n")},
	 "feeding rdp ssh rdp.cookie[0,0]=ann ssh.client.banner[1,0]=SSH-2.0-x "
	 "ssh.client.proto_version[1,0]=2.0 "
	 "ssh.client.software_version[1,0]=x"},
	{{C("\003\000\000\023\016\340\000\000\000\000\000\001\000\010\000\001"
	    "\000\000\000"),
	  S("\003\000\000\023\016\320\000\000\0224\000\003\000\010\000\002\000"
	    "\000\000")},
	 "done rdp"},
	/* no answer, though it has the length and the type of one */
	{{C("\003\000\000\023\016\340\000\000\000\000\000\001\000\010\000\001"
	    "\000\000\000"),
	  S("w\000\000\023\016\320\000\000\0224\000\002\000\010\000\002\000"
	    "\000\000"),
	  C("SSH-2.0-x\r\n")},
	 "done rdp"},
	/* no connection request */
	{{C("\003\000\000\013\006\360\000\000\000\000\000")}, "done unknown"},
	/* lengths that do not fit */
	{{C("\003\000\000\014\006\340\000\000\000\000\000x")}, "done unknown"},
};

static const struct dialogue mqtt[] = {
	{{C("\020\020\000\004MQTT\004\002\000<\000\004lamp")},
	 "done mqtt mqtt.connect.protocol_version[0,0]=4 "
	 "mqtt.connect.client_id[0,0]=lamp"},
	{{C("\020\024\000\004MQTT\005\002\000<\003!\000\024\000\004lamp")},
	 "done mqtt mqtt.connect.protocol_version[0,0]=5 "
	 "mqtt.connect.client_id[0,0]=lamp"},
	{{C("\020\022\000\006MQIsdp\003\002\000<\000\004lamp")},
	 "done mqtt mqtt.connect.protocol_version[0,0]=3 "
	 "mqtt.connect.client_id[0,0]=lamp"},
	{{C("\020\020\000\004MQTT\006\002\000<\000\004lamp")}, "done unknown"},
	{{C("\020\377\377\377\377\001")}, "done unknown"},
};

static const struct dialogue rpc[] = {
	{{C("\005\000\013\003\020\000\000\000H\000\000\000\001\000\000\000\270"
	    "\020\270\020\000\000\000\000\001\000\000\000\000\000\001\000\310O2"
	    "K"
	    "p\026\323\001\022xZG\277n\341\210\003\000\000\000\004]"
	    "\210\212\353\034\311\021\237\350\010\000+\020H`\002\000\000\000")},
	 "done dcerpc "
	 "dcerpc.interface[0,0]=4b324fc8-1670-01d3-1278-5a47bf6ee188"},
	{{C("\200\000\000(\211\323\324'"
	    "\000\000\000\000\000\000\000\002\000\001\206\243\000\000\000\004"
	    "\000\000\000\000\000\000\000\000\000\000\000\000"
	    "\000\000\000\000\000\000\000\000")},
	 "done nfs rpc.program[0,0]=100003"},
	{{C("\200\000\000(\211\323\324'"
	    "\000\000\000\000\000\000\000\002\000\001\206\240\000\000\000\004"
	    "\000\000\000\000\000\000\000\000\000\000\000\000"
	    "\000\000\000\000\000\000\000\000")},
	 "done sunrpc rpc.program[0,0]=100000"},
	/* an answer */
	{{C("\005\000\014\003\020\000\000\000H\000")}, "done unknown"},
	/* an answer */
	{{C("\200\000\000(\211\323\324'"
	    "\000\000\000\001\000\000\000\002\000\001\206\243\000\000\000\004"
	    "\000\000\000\000\000\000\000\000\000\000\000\000"
	    "\000\000\000\000\000\000\000\000")},
	 "done unknown"},
	{{C("\200\000\000(\211\323\324'\000\000\000\000\000\000\000\002@"
	    "\000\000\001\000\000\000\004\000\000\000\000\000\000\000\000\000"
	    "\000\000\000"
	    "\000\000\000\000\000\000\000\000")},
	 "done unknown"},
};

static const struct dialogue xmpp[] = {
	{{C("<\?xml version='1.0'\?><stream:stream "
	    "xmlns='jabber:client' to='example.or"
	    "g' version='1.0'>")},
	 "feeding xmpp xmpp.to[0,0]=example.org"},
	/* without a declaration */
	{{C("<stream:stream xmlns='jabber:client'"
	    " to='example.org' version='1.0'>")},
	 "feeding xmpp xmpp.to[0,0]=example.org"},
	{{C("<\?xml version='1.0'\?><stream:stream "
	    "xmlns='jabber:client' to='example.or"
	    "g' version='1.0'>"),
	  S("<stream:stream from='example.org'><s"
	    "tream:features><starttls/></stream:f"
	    "eatures>"),
	  C("<starttls xmlns='urn:ietf:params:xml"
	    ":ns:xmpp-tls'/>"),
	  S("<proceed xmlns='urn:ietf:params:xml:"
	    "ns:xmpp-tls'/>"),
	  C("SSH-2.0-x\r\n")},
	 "feeding xmpp ssh xmpp.to[0,0]=example.org "
	 "ssh.client.banner[1,0]=SSH-2.0-x ssh.client.proto_version[1,0]=2.0 "
	 "ssh.client.software_version[1,0]=x"},
	{{C("<\?xml version='1.0'\?><stream:stream "
	    "xmlns='jabber:client' to='example.or"
	    "g' version='1.0'>"),
	  S("<stream:stream from='example.org'><s"
	    "tream:features><starttls/></stream:f"
	    "eatures>"),
	  C("<auth mechanism='PLAIN'>x</auth>")},
	 "done xmpp xmpp.to[0,0]=example.org"},
	/* said before TLS */
	{{C("<\?xml version='1.0'\?><stream:stream "
	    "xmlns='jabber:client' to='example.or"
	    "g' version='1.0'><starttls xmlns='ur"
	    "n:ietf:params:xml:ns:xmpp-tls'/><iq/"
	    ">"),
	  S("<stream:stream from='example.org'><s"
	    "tream:features><starttls/></stream:f"
	    "eatures><proceed xmlns='urn:ietf:par"
	    "ams:xml:ns:xmpp-tls'/>")},
	 "bad xmpp xmpp.to[0,0]=example.org"},
	{{C("<\?xml version='1.0'\?><stream:stream "
	    "xmlns='jabber:client' to='example.or"
	    "g' version='1.0'><starttls xmlns='ur"
	    "n:ietf:params:xml:ns:xmpp-tls'/>"),
	  S("<stream:stream from='example.org'><s"
	    "tream:features><starttls/></stream:f"
	    "eatures><failure/>"),
	  C("<iq/>")},
	 "done xmpp xmpp.to[0,0]=example.org"},
	{{C("<\?xml version='1.0'\?><html>")}, "done unknown"},
};

static const struct dialogue rlpx[] = {
	{{C("\000\310\004y\276f~"
	    "\371\334\273\254U\240b\225\316\207\013\007\002\233\374\333-\316("
	    "\331Y\362\201[\026\370\027\230H"
	    ":\332w&\243\304e]"
	    "\244\373\374\016\021\010\250\375\027\264H\246\205T\031\234G\320"
	    "\217\373\020\324\270\000\001\002\003\004"
	    "\005\006\007\010\011\n\013\014\r\016\017\020\021\022\023\024\025"
	    "\026\027\030\031\032\033\034\035\036\037 !\"#$%&'("
	    ")*+,-./0123456789:;<=>\?@ABCDEFGHIJKL"
	    "MNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnop"
	    "qrstuvwxyz{|}~\177\200\201\202\203\204\205\206")},
	 "done ethereum"},
	/* what stands behind may have come with it */
	{{C("\000\310\004y\276f~"
	    "\371\334\273\254U\240b\225\316\207\013\007\002\233\374\333-\316("
	    "\331Y\362\201[\026\370\027\230H"
	    ":\332w&\243\304e]"
	    "\244\373\374\016\021\010\250\375\027\264H\246\205T\031\234G\320"
	    "\217\373\020\324\270\000\001\002\003\004"
	    "\005\006\007\010\011\n\013\014\r\016\017\020\021\022\023\024\025"
	    "\026\027\030\031\032\033\034\035\036\037 !\"#$%&'("
	    ")*+,-./0123456789:;<=>\?@ABCDEFGHIJKL"
	    "MNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnop"
	    "qrstuvwxyz{|}~\177\200\201\202\203\204\205\206"
	    "more")},
	 "done ethereum"},
	/* no point */
	{{C("\000\310\004y\276f~"
	    "\371\334\273\254U\240b\225\316\207\013\007\002\233\374\333-\316("
	    "\331Y\362\201[\026\370\027\230H"
	    ":\332w&\243\304e]"
	    "\244\373\374\016\021\010\250\375\027\264H\246\205T\031\234G\320"
	    "\217\373\020\324x\000\000\000\000\000"
	    "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
	    "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
	    "\000\000\000\000"
	    "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
	    "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
	    "\000\000\000\000"
	    "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
	    "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
	    "\000\000\000\000"
	    "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
	    "\000\000\000\000\000\000")},
	 "done unknown"},
	{{C("\000d\004y\276f~"
	    "\371\334\273\254U\240b\225\316\207\013\007\002\233\374\333-\316("
	    "\331Y\362\201[\026\370\027\230H"
	    ":\332w&\243\304e]"
	    "\244\373\374\016\021\010\250\375\027\264H\246\205T\031\234G\320"
	    "\217\373\020\324\270")},
	 "done unknown"},
};

START_TEST(rdp_is_read)
{
	EXPECT_ALL(rdp);
}
END_TEST

START_TEST(mqtt_is_read)
{
	EXPECT_ALL(mqtt);
}
END_TEST

START_TEST(calls_of_procedures_are_read)
{
	EXPECT_ALL(rpc);
}
END_TEST

START_TEST(xmpp_is_read)
{
	EXPECT_ALL(xmpp);
}
END_TEST

START_TEST(a_point_of_the_curve_is_of_ethereum)
{
	EXPECT_ALL(rlpx);
}
END_TEST

START_TEST(no_prefix_is_enough)
{
	no_prefix_settles(
		reader_of("\003\000\000!\034\340\000\000\000\000\000Cookie: "
			  "mstshash=ann\r\n",
			  33));
	no_prefix_settles(
		reader_of("\020\020\000\004MQTT\004\002\000<\000\004lamp", 18));
	no_prefix_settles(
		reader_of("\005\000\013\003\020\000\000\000H\000\000\000\001"
			  "\000\000\000\270\020\270\020\000\000\000\000\001\000"
			  "\000\000\000\000\001\000\310O2K"
			  "p\026\323\001\022xZG\277n\341\210",
			  48));
	no_prefix_settles(
		reader_of("\200\000\000(\211\323\324'"
			  "\000\000\000\000\000\000\000\002\000\001\206\243",
			  20));
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, rdp_is_read);
	tcase_add_test(tc, mqtt_is_read);
	tcase_add_test(tc, calls_of_procedures_are_read);
	tcase_add_test(tc, xmpp_is_read);
	tcase_add_test(tc, a_point_of_the_curve_is_of_ethereum);
	tcase_add_test(tc, no_prefix_is_enough);
}

int main(void)
{
	return run_suite("sessions", add);
}
