#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# More of what tools.sh has: talk, mail, screens, routing and private networks.
# shellcheck disable=SC2154,SC2317 # set and called by 83-tools.sh

# --- talk and mail -------------------------------------------------------------------

serve_sip_udp() {
	serve sip_udp udp/5060 sipp -sn uas -i "$TOOL4" -p 5060 -nostdin &&
		serve sip_udp6 udp/5060@"$TOOL6" sipp -sn uas -i "$TOOL6" -p 5060 -nostdin
}

serve_sip_tcp() {
	serve sip_tcp tcp/5061 sipp -sn uas -t t1 -i "$TOOL4" -p 5061 -nostdin &&
		serve sip_tcp6 tcp/5061@"$TOOL6" sipp -sn uas -t t1 -i "$TOOL6" -p 5061 -nostdin
}

# sip_call TRANSPORT ADDRESS PORT FAMILY
sip_call() {
	local from=CLIENT$4

	sipp -sn uac -t "$1" -i "${!from}" -m 1 -d 0 -timeout 5 -timeout_error -nostdin \
		"$(bracketed "$2"):$3" >"$LAB/log/sipp-$1-$3-$4" 2>&1 && echo answered
}

use_sip_udp() {
	sip_call u1 "$@"
}

use_sip_tcp() {
	sip_call t1 "$@"
}

serve_stun_udp() {
	serve stun_udp udp/3478 turnserver -n -L "$TOOL4" -L "$TOOL6" --no-cli --no-auth --no-tls \
		--no-dtls --no-stdout-log --log-file "$LAB/log/turn" --simple-log \
		--pidfile "$LAB/turn.pid" --db "$LAB/turn.db" --allow-loopback-peers
}

use_stun_udp() {
	turnutils_stunclient -p "$2" "$1"
}

use_stun_tcp() {
	turnutils_uclient -t -y -n 1 -m 1 -l 50 -p "$2" "$1"
}

serve_irc() {
	file ngircd.conf <<-END
		[Global]
		Name = irc.example.org
		Info = lab
		AdminInfo1 = lab
		MotdPhrase = welcome to the lab
		Listen = 0.0.0.0,::
		Ports = 6667
		ServerUID = 0
		ServerGID = 0
		[Options]
		DNS = no
		Ident = no
		PAM = no
	END
	serve irc tcp/6667 ngircd -n -f "$LAB/ngircd.conf"
}

use_irc() {
	mkdir -p "$LAB/irc-$2-$3/$1"
	until_says "$LAB/irc-$2-$3/$1/out" "welcome to the lab" \
		ii -s "$1" -p "$2" -n "lab$3$2" -i "$LAB/irc-$2-$3"
}

serve_xmpp() {
	file prosody.cfg.lua <<-END
		run_as_root = true
		daemonize = false
		pidfile = "$LAB/prosody.pid"
		data_path = "$LAB"
		log = { info = "*console" }
		modules_enabled = { "tls", "saslauth" }
		s2s_ports = { }
		interfaces = { "$TOOL4", "$TOOL6" }
		VirtualHost "www.example.org"
		ssl = { key = "$LAB/tls/www.example.org.key"; certificate = "$LAB/tls/www.example.org.pem" }
	END
	serve xmpp tcp/5222 prosody --config "$LAB/prosody.cfg.lua"
}

use_xmpp() {
	openssl s_client -starttls xmpp -xmpphost www.example.org -connect "$(bracketed "$1"):$2" </dev/null
}

serve_imap() {
	mkdir -p "$LAB/dovecot/home"
	chown 65534:65534 "$LAB/dovecot/home"
	file dovecot.conf <<-END
		protocols = imap pop3
		base_dir = $LAB/dovecot/run
		log_path = $LAB/log/dovecot-log
		ssl = no
		disable_plaintext_auth = no
		default_internal_user = root
		default_internal_group = root
		default_login_user = nobody
		first_valid_gid = 0
		service imap-login {
		  chroot =
		}
		service pop3-login {
		  chroot =
		}
		service anvil {
		  chroot =
		}
		mail_location = maildir:$LAB/dovecot/home/mail
		passdb {
		  driver = static
		  args = password=lab
		}
		userdb {
		  driver = static
		  args = uid=65534 gid=65534 home=$LAB/dovecot/home
		}
	END
	serve imap tcp/143 dovecot -F -c "$LAB/dovecot.conf"
}

use_imap() {
	curl -sS "imap://user:lab@$(bracketed "$1"):$2/"
}

use_pop3() {
	curl -sS -v "pop3://user:lab@$(bracketed "$1"):$2/" 2>&1
}

serve_telnet() {
	file inetd.conf <<-END
		23 stream tcp6 nowait root /usr/sbin/telnetd telnetd
	END
	serve telnet tcp/23 inetutils-inetd -d -p "$LAB/inetd.pid" "$LAB/inetd.conf"
}

use_telnet() {
	# it ends with its input
	# shellcheck disable=SC2016 # for the inner shell
	until_says "$LAB/log/$PHASE-telnet-$2-$3" "login:" \
		bash -c 'sleep "$0" | telnet "$1" "$2"' "$TOOL_SECONDS" "$1" "$2"
}

# --- screens -------------------------------------------------------------------------

# Its display number says its port.
serve_rfb() {
	start_screen &&
		serve rfb tcp/5900 Xtigervnc :4 -rfbport 5900 -AlwaysShared -SecurityTypes None -listen tcp \
			-nolisten unix -nolock -ac -desktop lab
}

use_rfb() {
	DISPLAY=127.0.0.1:3 until_says "$LAB/log/$PHASE-viewer-$2-$3" "Using pixel format" \
		xtigervncviewer -SecurityTypes None "$(bracketed "$1")::$2"
}

use_x11() {
	xdpyinfo -display "$(bracketed "$1"):$(($2 - 6000))"
}

# --- routing and private networks ----------------------------------------------------

serve_bgp() {
	file bird.conf <<-END
		router id 192.0.2.80;
		protocol device { }
		protocol bgp four { ipv4 { import none; export none; }; local as 65000; neighbor range $CLIENT4/32 as 65001; multihop; passive; }
		protocol bgp six { ipv6 { import none; export none; }; local as 65000; neighbor range $CLIENT6/128 as 65001; multihop; passive; }
	END
	serve bgp tcp/179 bird -f -s "$LAB/bird.ctl" -P "$LAB/bird.pid" -c "$LAB/bird.conf"
}

use_bgp() {
	local conf=$LAB/bird-$3-$2

	cat >"$conf" <<-END
		router id 10.10.0.5;
		log stderr all;
		debug protocols all;
		protocol device { }
		protocol bgp lab { ipv$3 { import none; export none; }; local port $(($2 + 40000 + $3)) as 65001; neighbor $1 port $2 as 65000; multihop;
		  connect delay time 1; connect retry time 1; error wait time 1,1; }
	END
	until_says "$LAB/log/$PHASE-bgp-$2-$3" "BGP session established" bird -f -s "$conf.ctl" -P "$conf.pid" -c "$conf"
}

tinc_host() {
	local dir=$1 name=$2

	mkdir -p "$dir/hosts"
	printf 'Name = %s\nDeviceType = dummy\nPort = %s\n' "$name" "$3" >"$dir/tinc.conf"
	: >"$dir/hosts/$name"
	yes '' | tincd -c "$dir" -K1024 >/dev/null 2>&1
}

serve_tinc() {
	tinc_host "$LAB/tinc" lab 655
	serve tinc tcp/655 tincd -c "$LAB/tinc" -D -d3 --pidfile="$LAB/tinc/pid"
}

use_tinc() {
	local name=user$2x$3 dir

	dir=$LAB/$name
	tinc_host "$dir" "$name" $(($2 + 30000 + $3))
	cp "$dir/hosts/$name" "$LAB/tinc/hosts/"
	echo "ConnectTo = lab" >>"$dir/tinc.conf"
	{ echo "Address = $1 $2"; cat "$LAB/tinc/hosts/lab"; } >"$dir/hosts/lab"
	until_says "$LAB/log/$PHASE-$name" "activated" tincd -c "$dir" -D -d3 --pidfile="$dir/pid"
}

# charon_conf NAME PORT: its settings and what swanctl tells it.
charon_conf() {
	mkdir -p "$LAB/$1"
	cat >"$LAB/$1/strongswan.conf" <<-END
		charon {
		  load = random nonce aes sha1 sha2 hmac kdf curve25519 gmp openssl kernel-netlink socket-default vici
		  port = $2
		  port_nat_t = $(($2 + 1))
		  filelog { stdout { default = 1 } }
		  plugins { vici { socket = unix://$LAB/$1/vici } }
		}
	END
	cat >"$LAB/$1/swanctl.conf" <<-END
		connections { lab { $3
		  version = 2
		  mobike = no
		  local { auth = psk
		    id = $1 }
		  remote { auth = psk } } }
		secrets { ike-lab { secret = lab } }
	END
}

swan() {
	local dir=$LAB/$1

	shift
	STRONGSWAN_CONF=$dir/strongswan.conf swanctl "$@" --uri "unix://$dir/vici"
}

serve_ike() {
	charon_conf ike 500 ''
	STRONGSWAN_CONF=$LAB/ike/strongswan.conf serve ike udp/500 "$LAB/with_run" /usr/lib/ipsec/charon &&
		swan ike --load-all --file "$LAB/ike/swanctl.conf" >"$LAB/log/swanctl" 2>&1
}

use_ike() {
	local name=ike-$2-$3

	charon_conf "$name" "$((500 + $3 * 10 + $2 / 20000))0" "remote_addrs = $1
		  remote_port = $2"
	STRONGSWAN_CONF=$LAB/$name/strongswan.conf "$LAB/with_run" /usr/lib/ipsec/charon \
		>"$LAB/log/$name" 2>&1 </dev/null &
	wait_for 3 test -S "$LAB/$name/vici"
	swan "$name" --load-all --file "$LAB/$name/swanctl.conf" 2>&1
	swan "$name" --initiate --ike lab --timeout 4 2>&1
	kill "$!"
}

l2tp_conf() {
	printf '[global]\nport = %s\naccess control = no\n' "$1"
}

serve_l2tp() {
	{
		l2tp_conf 1701
		printf '[lns default]\nip range = 10.99.0.2-10.99.0.9\nlocal ip = 10.99.0.1\n'
		printf 'require authentication = no\n'
	} | file l2tp.conf
	serve l2tp udp/1701 "$LAB/with_run" xl2tpd -D -c "$LAB/l2tp.conf" -p "$LAB/l2tp.pid" \
		-C "$LAB/l2tp.control"
}

use_l2tp() {
	local name=l2tp-$2

	{
		l2tp_conf "$2"
		printf '[lac lab]\nlns = %s:%s\nautodial = yes\nredial = no\n' "$1" "$2"
	} | file "$name.conf"
	until_says "$LAB/log/$PHASE-$name" "Connection established to" \
		"$LAB/with_run" xl2tpd -D -c "$LAB/$name.conf" -p "$LAB/$name.pid" -C "$LAB/$name.control"
}

serve_pptp() {
	file pptpd.conf <<-END
		noipparam
		localip 10.98.0.1
		remoteip 10.98.0.2-9
	END
	serve pptp tcp/1723 "$LAB/with_run" pptpd -f -c "$LAB/pptpd.conf" -p "$LAB/pptpd.pid"
}

use_pptp() {
	# it tells nobody but syslog; the server starts pppd, which finds no device
	until_says "$LAB/log/pptp" "no device specified" pptp "$1" --nolaunchpppd --loglevel 2
}
