#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Real clients and real servers of many protocols, on their usual port and on a
# foreign one, over IPv4 and IPv6: each works by a rule that names its protocol,
# is told under that name, and is stopped by a guard that denies it.
#
# The foreign port is the usual one and 20000: the outside's kernel leads it to
# the same server.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"
set -a # for the shells of the namespaces
# shellcheck source=tests/functional/tools.sh
. "$(dirname "$0")/tools.sh"
# shellcheck source=tests/functional/tools-talk.sh
. "$(dirname "$0")/tools-talk.sh"
set +a

export PHASE LAB NS_CLIENT NS_OUTSIDE LAB_SLOW
export -f wait_for
TOOL4=$WEB4 # by what a wildcard socket answers
TOOL6=$ECHO6
export TOOL_SECONDS=$((8 * LAB_SLOW))
AT_ONCE=14

# name, protocol, what it is sent over, usual port, families, the program that must be
# there, what the client says when all is well
table() {
	cat <<-'END'
		http2       http2       tcp 8083  46 nghttp               hello from nghttpd
		kdig_tls    tls         tcp 853   46 kdig                 192.0.2.99
		kdig_https  tls         tcp 8053  46 kdig                 192.0.2.99
		rsync       rsync       tcp 873   46 rsync                lab
		git         git         tcp 9418  46 git                  refs/heads/tools
		ftp         ftp         tcp 21    46 vsftpd               230 Login successful
		bittorrent  bittorrent  tcp 6881  46 aria2c               Download complete
		nfs         nfs         tcp 2049  46 nfs-ls               hello.txt
		ldap        ldap        tcp 389   46 ldapsearch           result: 0 Success
		krb5_udp    krb5        udp 88    46 kinit                not found in Kerberos database
		krb5_tcp    krb5        tcp 88    46 kinit                not found in Kerberos database
		ntp         ntp         udp 123   46 chronyd              System clock wrong by
		snmp        snmp        udp 161   46 snmpd                the lab
		radius      radius      udp 1812  46 radclient            Access-Accept
		syslog_udp  syslog      udp 514   46 rsyslogd             logged
		syslog_tcp  syslog      tcp 601   46 rsyslogd             logged
		memcached   memcached   tcp 11211 46 memccp               stored
		sunrpc_tcp  sunrpc      tcp 111   46 rpcbind              ready and waiting
		sunrpc_udp  sunrpc      udp 111   46 rpcbind              ready and waiting
		sip_udp     sip         udp 5060  46 sipp                 answered
		sip_tcp     sip         tcp 5061  46 sipp                 answered
		stun_udp    stun        udp 3478  46 turnutils_stunclient UDP reflexive addr
		stun_tcp    stun        tcp 3478  46 turnutils_uclient    Total lost packets 0
		irc         irc         tcp 6667  46 ngircd               welcome to the lab
		xmpp        xmpp        tcp 5222  46 prosody              CN = www.example.org
		imap        imap        tcp 143   46 dovecot              INBOX
		pop3        pop3        tcp 110   46 dovecot              +OK Logged in
		telnet      telnet      tcp 23    46 telnet               login:
		rfb         rfb         tcp 5900  46 Xtigervnc            Using pixel format
		x11         x11         tcp 6004  46 xdpyinfo             number of screens
		bgp         bgp         tcp 179   46 bird                 BGP session established
		tinc        tinc        tcp 655   46 tincd                activated
		ike         ike         udp 500   46 swanctl              initiate completed successfully
		l2tp        l2tp        udp 1701  4  xl2tpd               Connection established to
		pptp        pptp        tcp 1723  4  pptp                 no device specified
	END
}

# Only rows whose name has this word (for a person at work on one).
ONLY=${ONLY:-}

rows() {
	local name app l4 port families program answer

	while read -r name app l4 port families program answer; do
		[[ $name == *"$ONLY"* ]] || continue
		if command -v "$program" >/dev/null; then
			echo "$name $app $l4 $port $families $answer"
		else
			skip "$name" "no $program here" >&2
		fi
	done < <(table)
}

# cases: name, protocol, over, family, address, port, answer: each way to each server.
cases() {
	local name app l4 port families answer v address

	while read -r name app l4 port families answer; do
		for v in 4 6; do
			address=TOOL$v
			[[ $families == *$v* ]] || continue
			echo "$name $app $l4 $v ${!address} $port $answer"
			[ "$name" = pptp ] || echo "$name $app $l4 $v ${!address} $((port + 20000)) $answer"
		done
	done <"$LAB/rows"
}

start_all() {
	local name rest pids=() failed=0

	while read -r name rest; do
		declare -F "serve_$name" >/dev/null || continue
		"serve_$name" >"$LAB/log/serve-$name" 2>&1 &
		pids+=("$!")
	done <"$LAB/rows"
	for pid in "${pids[@]}"; do
		wait "$pid" || failed=$((failed + 1))
	done
	cat "$LAB"/log/serve-*
	return "$failed"
}

foreign_ports() {
	local name app l4 port rest

	echo 'table inet foreign { chain in { type nat hook prerouting priority dstnat;'
	while read -r name app l4 port rest; do
		case $name in
		# which has another form on its second port
		ike) echo "udp dport 20500 redirect to :501;" ;;
		*) echo "$l4 dport $((port + 20000)) redirect to :$port;" ;;
		esac
	done <"$LAB/rows"
	echo '}; }'
}

# try_one NAME FAMILY ADDRESS PORT: the client's words go to a file.
try_one() {
	client timeout -k 1 "$TOOL_SECONDS" bash -c '"$@"' bash "use_$1" "$3" "$4" "$2" \
		>"$LAB/said/$PHASE-$1-$2-$4" 2>&1 </dev/null
}

# try_all: some at once.
try_all() {
	local name app l4 v address port answer

	while read -r name app l4 v address port answer; do
		while [ "$(jobs -r -p | wc -l)" -ge "$((AT_ONCE + KEPT))" ]; do
			wait -n
		done
		try_one "$name" "$v" "$address" "$port" &
	done <"$LAB/cases"
	while [ "$(jobs -r -p | wc -l)" -gt "$KEPT" ]; do
		wait -n
	done
}

# passed: over, address, port and name of all that passed.
passed() {
	jq -r 'select(.event_type == "verdict" and .verdict.action == "accept") |
		"\(.proto | ascii_downcase) \(.dest_ip) \(.dest_port) \(.app_proto // "nothing")"' \
		"$LAB/agent/log/eve.json" | sort -u >"$LAB/passed"
}

# told L4 ADDRESS PORT: what passed to there was named.
told() {
	sed -n "s/^$1 $2 $3 //p" "$LAB/passed" | paste -s -d ' '
}

works() {
	grep -aqF -- "$2" "$LAB/said/$1"
}

works_and_is_told() {
	local said=$1 answer=$2 app=$3

	shift 3
	works "$said" "$answer" && is "$(told "$@")" "$app"
}

is_stopped() {
	! works "$1" "$2"
}

judge_all() {
	local name app l4 v address port answer said

	while read -r name app l4 v address port answer; do
		said=$PHASE-$name-$v-$port
		if [ "$PHASE" = named ]; then
			check "$name-$v-$port" "$(told "$l4" "$address" "$port"): $(tail -n 3 "$LAB/said/$said" | tr -d '\0')" \
				works_and_is_told "$said" "$answer" "$app" "$l4" "$address" "$port"
		else
			check "$name-$v-$port-denied" "it works: $(tail -n 3 "$LAB/said/$said" | tr -d '\0')" \
				is_stopped "$said" "$answer"
		fi
	done <"$LAB/cases"
}

# policy RULES GUARDS
policy() {
	cat <<-END
		version = 1;
		gateway: { name = "tools"; };
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		egress: ( $1 );
		protocol: ( $2 );
	END
}

quoted_apps() {
	cut -d ' ' -f 2 "$LAB/rows" | sort -u | sed 's/.*/"&"/' | paste -s -d ,
}

need_agent
lab_up
mkdir -p "$LAB/tools" "$LAB/said"
make_with_run
make_certificates || exit 2
mkdir -p "$LAB/etc/$NS_CLIENT"
echo "nameserver 127.0.0.1" | tee "$LAB/etc/$NS_CLIENT/resolv.conf" >"$LAB/etc/$NS_OUTSIDE/resolv.conf"
printf '127.0.0.1 localhost\n::1 localhost\n%s name4\n%s name6\n' "$TOOL4" "$TOOL6" >"$LAB/etc/hosts"
rows >"$LAB/rows"
cases >"$LAB/cases"
start_echo
start_all || not_ok servers "a server of the lab does not come up"
foreign_ports | outside nft -f - || not_ok foreign "the outside's kernel leads no ports elsewhere"
agent_or_fail
KEPT=$(jobs -r -p | wc -l)

policy "{ name = \"known\"; from = \"lan\"; app = [$(quoted_apps)]; action = \"allow\"; },
	{ name = \"no other\"; action = \"reject\"; }" "" >"$LAB/named.conf"
check apply-named "the policy was not applied" agent_apply "$LAB/named.conf"
PHASE=named
try_all
passed
judge_all
policy "{ name = \"all\"; from = \"lan\"; action = \"allow\"; }" \
	"{ name = \"nor obfuscated\"; from = \"lan\"; service = [\"tcp/6881\", \"tcp/26881\"]; deny = [\"bittorrent\", \"unknown\"]; },
	{ name = \"none of these\"; from = \"lan\"; deny = [$(quoted_apps)]; }" >"$LAB/denied.conf"
check apply-denied "the policy was not applied" agent_apply "$LAB/denied.conf"
export TOOL_SECONDS=$((3 * LAB_SLOW))
PHASE=denied
try_all
judge_all
check something-else "a line that is none of these does not pass" echoes "$ECHO4" 9000
finish
