#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What tools.sh has, of tools that are large: for `make check-tools`.
# shellcheck disable=SC2154,SC2317 # set and called by 83-tools.sh

heavy_table() {
	cat <<-'END'
		quic     quic  udp 8445 46 chromium-headless-shell hello from caddy
		chromium tls   tcp 8445 46 chromium-headless-shell hello from caddy
		pgsql    pgsql tcp 5432 46 psql                    424242
		mysql    mysql tcp 3306 46 mariadb                 424242
		smb      smb   tcp 445  46 smbclient               hello.txt
		smb1     smb1  tcp 446  46 smbclient               hello.txt
		rdp      rdp   tcp 3389 46 xfreerdp                freerdp/certs
		amqp     amqp  tcp 5672 46 amqp-publish            published
	END
}

serve_quic() {
	file Caddyfile <<-END
		{
		admin off
		auto_https off
		}
		https://:8445 {
		tls $LAB/tls/www.example.org.pem $LAB/tls/www.example.org.key
		respond "hello from caddy"
		}
	END
	HOME=$LAB serve caddy udp/8445 caddy run --adapter caddyfile --config "$LAB/Caddyfile"
}

# browse NAME PORT OPTION...: it believes this one certificate.
browse() {
	local key name=$1 port=$2

	shift 2
	key=$(openssl x509 -in "$LAB/tls/www.example.org.pem" -pubkey -noout |
		openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64)
	HOME=$(mktemp -d "$LAB/browser.XXXX") chromium-headless-shell --no-sandbox --disable-gpu \
		--disable-dev-shm-usage --ignore-certificate-errors-spki-list="$key" "$@" \
		--dump-dom "https://$name:$port/" 2>&1
}

use_quic() {
	browse "name$3" "$2" --enable-quic --origin-to-force-quic-on="name$3:$2"
}

use_chromium() {
	browse "name$3" "$2" --disable-quic
}

serve_pgsql() {
	local bin

	bin=$(echo /usr/lib/postgresql/*/bin)
	install -d -o postgres "$LAB/pgsql"
	(cd / && setpriv --reuid postgres --regid postgres --clear-groups "${bin##* }/initdb" -A trust \
		--no-sync -D "$LAB/pgsql" >"$LAB/log/initdb" 2>&1) || return 1
	printf 'host all all 0.0.0.0/0 trust\nhost all all ::/0 trust\n' >>"$LAB/pgsql/pg_hba.conf"
	serve pgsql tcp/5432 setpriv --reuid postgres --regid postgres --clear-groups "${bin##* }/postgres" \
		-D "$LAB/pgsql" -c 'listen_addresses=*' -c unix_socket_directories=
}

use_pgsql() {
	psql "host=$1 port=$2 user=postgres dbname=postgres connect_timeout=5" -c 'select 400000 + 24242'
}

serve_mysql() {
	mariadb-install-db --no-defaults --user=root --datadir="$LAB/mysql" --skip-test-db \
		--auth-root-authentication-method=normal >"$LAB/log/mysql-install" 2>&1
	serve mysql tcp/3306 mariadbd --no-defaults --user=root --datadir="$LAB/mysql" --port=3306 \
		--socket="$LAB/mysql.sock" --pid-file="$LAB/mysql.pid" --skip-grant-tables \
		--skip-networking=0 --bind-address='*'
}

use_mysql() {
	mariadb --no-defaults -h "$1" -P "$2" -u root -e 'select 400000 + 24242'
}

serve_smb() {
	mkdir -p "$LAB/samba"
	file smb.conf <<-END
		[global]
		server min protocol = NT1
		smb ports = 445 446
		map to guest = Bad User
		guest account = root
		log file = $LAB/log/smbd-log
		pid directory = $LAB/samba
		lock directory = $LAB/samba
		state directory = $LAB/samba
		cache directory = $LAB/samba
		private dir = $LAB/samba
		ncalrpc dir = $LAB/samba/rpc
		[lab]
		path = $LAB/tools
		guest ok = yes
	END
	serve smb tcp/445 "$LAB/with_run" smbd -F --no-process-group -s "$LAB/smb.conf"
}

use_smb() {
	smbclient -s /dev/null -N -p "$2" "//name$3/lab" -c ls
}

use_smb1() {
	smbclient -s /dev/null -N -p "$2" -m NT1 --option='client min protocol=NT1' \
		--option='client NTLMv2 auth=no' "//name$3/lab" -c ls
}

serve_rdp() {
	sed -e "s|^certificate=.*|certificate=$LAB/tls/www.example.org.pem|
		s|^key_file=.*|key_file=$LAB/tls/www.example.org.key|; s|^LogFile=.*|LogFile=$LAB/log/xrdp|" \
		/etc/xrdp/xrdp.ini >"$LAB/xrdp.ini"
	start_screen && serve rdp tcp/3389 "$LAB/with_run" xrdp -n -c "$LAB/xrdp.ini"
}

# It keeps what servers show it.
use_rdp() {
	DISPLAY=127.0.0.1:3 HOME=$(mktemp -d "$LAB/rdp.XXXX") xfreerdp "/v:name$3" "/port:$2" /cert:ignore /u:lab /p:lab \
		+auth-only /timeout:4000 2>&1
}

serve_amqp() {
	mkdir -p "$LAB/rabbit"
	printf 'loopback_users = none\nlisteners.tcp.1 = :::5672\n' >"$LAB/rabbit/rabbitmq.conf"
	: >"$LAB/rabbit/plugins"
	HOME=$LAB/rabbit RABBITMQ_NODENAME=lab@localhost RABBITMQ_MNESIA_BASE=$LAB/rabbit \
		RABBITMQ_LOG_BASE=$LAB/rabbit RABBITMQ_CONFIG_FILE=$LAB/rabbit/rabbitmq.conf \
		RABBITMQ_ENABLED_PLUGINS_FILE=$LAB/rabbit/plugins RABBITMQ_PID_FILE=$LAB/rabbit/pid \
		serve amqp tcp/5672 /usr/lib/rabbitmq/bin/rabbitmq-server
}

use_amqp() {
	amqp-publish --url="amqp://guest:guest@$(bracketed "$1"):$2" -r lab -b hello 2>&1 && echo published
}
