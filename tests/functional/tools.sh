#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Real servers and clients for 83-tools.sh, not to be run: serve_NAME starts the
# server on its usual port, for both families; use_NAME ADDRESS PORT FAMILY runs
# the client, whose words are compared with those that the table expects.
# shellcheck disable=SC2154,SC2317 # set and called by 83-tools.sh

# serve NAME L4/PORT COMMAND...
serve() {
	local name=$1 at=$2

	shift 2
	start_server "$name" "$NS_OUTSIDE" "$at" "$@"
}

bracketed() {
	case $1 in
	*:*) echo "[$1]" ;;
	*) echo "$1" ;;
	esac
}

# make_with_run: a script that gives what runs in a namespace a /run of its own,
# for what has its place there compiled in.
make_with_run() {
	cat >"$LAB/with_run" <<-'END'
		#!/bin/bash
		mount -t tmpfs -o size=4m tmpfs /run && exec "$@"
	END
	chmod 755 "$LAB/with_run"
}

# file NAME: what comes in becomes a configuration.
file() {
	cat >"$LAB/$1"
}

# until_says FILE TEXT COMMAND...: run until the file has the text.
until_says() {
	local file=$1 text=$2 pid

	shift 2
	: >"$file"
	"$@" >>"$file" 2>&1 </dev/null &
	pid=$!
	wait_for $((TOOL_SECONDS - 1)) grep -qsF -- "$text" "$file"
	cat "$file"
	kill "$pid" 2>/dev/null
}

# --- HTTP/2, DNS in TLS and HTTPS ----------------------------------------------------

serve_http2() {
	echo "hello from nghttpd" >"$LAB/tools/hello.txt"
	serve http2 tcp/8083 nghttpd --no-tls -d "$LAB/tools" 8083
}

use_http2() {
	nghttp "http://$(bracketed "$1"):$2/hello.txt"
}

serve_unbound() {
	file unbound.conf <<-END
		server:
		  interface: 0.0.0.0@853
		  interface: ::0@853
		  interface: 0.0.0.0@8053
		  interface: ::0@8053
		  tls-port: 853
		  https-port: 8053
		  tls-service-key: "$LAB/tls/www.example.org.key"
		  tls-service-pem: "$LAB/tls/www.example.org.pem"
		  access-control: 0.0.0.0/0 allow
		  access-control: ::/0 allow
		  local-data: "tools.example.org. A 192.0.2.99"
		  username: ""
		  chroot: ""
		  directory: "$LAB"
		  pidfile: ""
		  use-syslog: no
		  do-daemonize: no
		remote-control:
		  control-enable: no
	END
	serve unbound tcp/853 unbound -d -c "$LAB/unbound.conf"
}

serve_kdig_tls() {
	serve_unbound
}

use_kdig_tls() {
	kdig +tls +tls-ca="$LAB/tls/ca.pem" +tls-hostname=www.example.org "@$1" -p "$2" tools.example.org A
}

use_kdig_https() {
	kdig +https +tls-ca="$LAB/tls/ca.pem" +tls-hostname=www.example.org "@$1" -p "$2" tools.example.org A
}

# --- files ---------------------------------------------------------------------------

serve_rsync() {
	file rsyncd.conf <<-END
		use chroot = no
		pid file = $LAB/rsyncd.pid
		[lab]
		path = $LAB/tools
	END
	serve rsync tcp/873 rsync --daemon --no-detach --port 873 --config "$LAB/rsyncd.conf"
}

use_rsync() {
	rsync --contimeout 5 "rsync://$(bracketed "$1"):$2/"
}

serve_git() {
	git init -q --bare "$LAB/tools/lab.git"
	git -C "$LAB/tools/lab.git" -c user.name=lab -c user.email=lab commit-tree -m lab \
		"$(git -C "$LAB/tools/lab.git" hash-object -t tree -w /dev/null)" \
		>"$LAB/tools/lab.git/refs/heads/tools"
	serve git tcp/9418 git daemon --reuseaddr --export-all --base-path="$LAB/tools"
}

use_git() {
	git ls-remote "git://$(bracketed "$1"):$2/lab.git"
}

serve_ftp() {
	mkdir -p "$LAB/ftp"
	file vsftpd.conf <<-END
		listen=NO
		listen_ipv6=YES
		background=NO
		anonymous_enable=YES
		anon_root=$LAB/ftp
		ftp_username=ftp
		nopriv_user=nobody
		secure_chroot_dir=$LAB/ftp
		seccomp_sandbox=NO
		isolate=NO
	END
	serve ftp tcp/21 vsftpd "$LAB/vsftpd.conf"
}

use_ftp() {
	curl -sS -v -I "ftp://$(bracketed "$1"):$2/" 2>&1
}

# A tracker's answer is one file for each way to the peer.
serve_bittorrent() {
	perl "$LAB_ROOT/tests/functional/torrent.pl" "$LAB/torrent" "$TOOL4" "$TOOL6" 6881 26881
	start_server tracker "$NS_CLIENT" tcp/6969 python3 -m http.server -b 127.0.0.1 \
		-d "$LAB/torrent" 6969 || return 1
	serve bittorrent tcp/6881 aria2c --no-conf -d "$LAB/torrent/seed" --listen-port=6881 \
		--enable-dht=false --enable-dht6=false --bt-tracker-timeout=1 --bt-enable-lpd=false \
		--check-integrity=true --seed-ratio=0.0 "$LAB/torrent/4-6881.torrent"
}

# What it asks of a peer that does not answer is obfuscated.
use_bittorrent() {
	aria2c --no-conf -d "$(mktemp -d "$LAB/leech.XXXX")" --listen-port=6890-6899 --seed-time=0 \
		--enable-dht=false --enable-dht6=false --bt-enable-lpd=false --enable-peer-exchange=false \
		--disable-ipv6=false "$LAB/torrent/$3-$2.torrent"
}

serve_nfs() {
	file ganesha.conf <<-END
		NFS_CORE_PARAM { Protocols = 4; NFS_Port = 2049; Enable_NLM = false; Enable_RQUOTA = false; }
		NFSV4 { RecoveryRoot = "$LAB"; Grace_Period = 0; Graceless = true; }
		EXPORT { Export_Id = 1; Path = "$LAB/tools"; Pseudo = "/lab"; Access_Type = RO;
		  SecType = "sys"; Protocols = 4; FSAL { Name = VFS; } }
	END
	serve nfs tcp/2049 "$LAB/with_run" ganesha.nfsd -F -L "$LAB/log/ganesha" -p "$LAB/ganesha.pid" -f "$LAB/ganesha.conf"
}

use_nfs() {
	nfs-ls "nfs://name$3/lab?version=4&nfsport=$2"
}

# --- directories, time, management ----------------------------------------------------

serve_ldap() {
	file slapd.conf <<-END
		pidfile $LAB/slapd.pid
	END
	serve ldap tcp/389 slapd -d 0 -h ldap://:389 -f "$LAB/slapd.conf"
}

use_ldap() {
	ldapsearch -x -H "ldap://$(bracketed "$1"):$2" -s base -b '' -o nettimeout=5
}

kerberos_conf() {
	cat <<-END
		[libdefaults]
		default_realm = LAB.EXAMPLE
		dns_lookup_kdc = false
		dns_lookup_realm = false
		rdns = false
		udp_preference_limit = $1
		[realms]
		LAB.EXAMPLE = {
		kdc = $2
		database_name = $LAB/krb5/principal
		key_stash_file = $LAB/krb5/stash
		kdc_ports = 88
		kdc_tcp_ports = 88
		}
	END
}

serve_krb5_udp() {
	mkdir -p "$LAB/krb5"
	kerberos_conf 1465 127.0.0.1 >"$LAB/krb5/conf"
	export KRB5_CONFIG=$LAB/krb5/conf KRB5_KDC_PROFILE=$LAB/krb5/conf
	kdb5_util create -s -r LAB.EXAMPLE -P lab >"$LAB/log/kdb5" 2>&1 &&
		serve krb5_udp udp/88 krb5kdc -n -P "$LAB/krb5/pid"
}

kerberos_ticket() {
	local conf=$LAB/krb5/client-$1-$3-$4 at

	at=$(bracketed "$2"):$3
	kerberos_conf "$1" "$at" >"$conf"
	KRB5_CONFIG=$conf kinit -c "$conf.cache" user@LAB.EXAMPLE 2>&1
}

use_krb5_udp() {
	kerberos_ticket 1465 "$@"
}

use_krb5_tcp() {
	kerberos_ticket 1 "$@"
}

serve_ntp() {
	file chrony.conf <<-END
		local stratum 1
		allow
		cmdport 0
		bindcmdaddress /
		pidfile $LAB/chronyd.pid
		driftfile $LAB/chrony.drift
	END
	serve ntp udp/123 chronyd -x -d -u root -f "$LAB/chrony.conf"
}

use_ntp() {
	chronyd -Q -u root -t 5 -f /dev/null "server $1 port $2 iburst maxsamples 1" \
		'cmdport 0' 'bindcmdaddress /' "pidfile $LAB/chrony-$2-$3.pid"
}

serve_snmp() {
	file snmpd.conf <<-END
		rocommunity public
		rocommunity6 public
		sysdescr the lab
	END
	serve snmp udp/161 snmpd -f -Lo -I -smux -C -c "$LAB/snmpd.conf" -p "$LAB/snmpd.pid" udp:161 udp6:161
}

use_snmp() {
	local l4=udp

	[ "$3" = 6 ] && l4=udp6
	snmpget -v 2c -c public -r 0 -t 3 "$l4:$(bracketed "$1"):$2" 1.3.6.1.2.1.1.1.0
}

serve_radius() {
	mkdir -p "$LAB/radius"
	cat >"$LAB/radius/radiusd.conf" <<-END
		logdir = $LAB/log
		run_dir = $LAB/radius
		pidfile = $LAB/radius/pid
		modules { pap { } }
		client lab4 { ipv4addr = 0.0.0.0/0
		  secret = lab }
		client lab6 { ipv6addr = ::/0
		  secret = lab }
		server default {
		  listen { type = auth
		    ipaddr = 0.0.0.0
		    port = 1812 }
		  listen { type = auth
		    ipv6addr = ::
		    port = 1812 }
		  authorize { update control { Auth-Type := Accept } }
		}
	END
	serve radius udp/1812 freeradius -f -l stdout -d "$LAB/radius"
}

use_radius() {
	echo 'User-Name = "lab", User-Password = "lab"' |
		radclient -x -r 1 -t 3 "$(bracketed "$1"):$2" auth lab
}

serve_syslog_udp() {
	file rsyslog.conf <<-END
		module(load="imudp")
		module(load="imtcp")
		input(type="imudp" port="514")
		input(type="imtcp" port="601")
		action(type="omfile" file="$LAB/syslog.seen")
	END
	serve syslog_udp udp/514 rsyslogd -n -i "$LAB/rsyslogd.pid" -f "$LAB/rsyslog.conf"
}

# log_line OPTION ADDRESS PORT: what arrived is the answer.
log_line() {
	local mark=mark-$RANDOM$RANDOM

	logger -n "$2" -P "$3" "$1" "$mark"
	wait_for 3 grep -qs "$mark" "$LAB/syslog.seen" && echo "logged"
}

use_syslog_udp() {
	log_line --udp "$@"
}

use_syslog_tcp() {
	log_line --tcp "$@"
}

serve_memcached() {
	serve memcached tcp/11211 memcached -u root -p 11211 -U 0
}

use_memcached() {
	memccp --servers="name$3:$2" "$LAB/tools/hello.txt" && echo stored
}

serve_sunrpc_tcp() {
	serve sunrpc tcp/111 "$LAB/with_run" rpcbind -f
}

use_sunrpc_tcp() {
	rpcinfo -a "$1.$(($2 / 256)).$(($2 % 256))" -T "tcp${3#4}" 100000 4
}

use_sunrpc_udp() {
	rpcinfo -a "$1.$(($2 / 256)).$(($2 % 256))" -T "udp${3#4}" 100000 4
}
