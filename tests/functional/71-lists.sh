#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Sets from files and countries: in force as they were when the policy was
# applied, also after a restart without the files; a broken file changes
# nothing.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
basic_servers
start_echo || { not_ok servers "the echo does not come up"; finish; }

mkdir -p "$LAB/policy/lists"
cat >"$LAB/policy/policy.conf" <<END
version = 1;
gateway: { name = "lists"; };
zones: {
  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
  servers: { interfaces = ["srv0"]; networks = ["10.20.0.0/16", "fd00:20::/64"]; };
  wan: { interfaces = ["wan0"]; external = true; };
};
geo: { country = "$LAB_ROOT/build/geo/country.mmdb"; asn = "$LAB_ROOT/build/geo/asn.mmdb"; };
addresses: { bad = "@file:lists/addresses.txt"; };
hosts: { work = "@file:lists/hosts.txt"; };
segment: ( { name = "resolver"; from = "lan"; to = "servers"; service = "dns"; action = "allow"; } );
egress: (
  { name = "bad"; to = "@bad"; action = "reject"; },
  { name = "work"; from = "lan"; service = ["http", "https"]; app = ["http", "tls"]; host = "@work"; action = "allow"; },
  { name = "near"; from = "lan"; to = "country:NL"; service = "tcp/9000"; action = "allow"; },
  { name = "network"; from = "lan"; to = "as:64501"; service = "tcp/9000"; action = "allow"; }
);
END
printf '# bad ones\r\n%s\r\n2001:db8:1::81\r\n' "$OTHER_WEB4" >"$LAB/policy/lists/addresses.txt"
printf '0.0.0.0 localhost\n0.0.0.0 www.example.org packages.example.org\n' >"$LAB/policy/lists/hosts.txt"

cases() { # SUFFIX
	PHASE=judged
	for v in 4 6; do
		case $v in 4) other=$OTHER_WEB4 ;; 6) other="[$OTHER_WEB6]" ;; esac
		allowed "listed-name-$v$1" "hello from" web "-$v" http://www.example.org/
		refused "other-name-$v$1" "hello from" web "-$v" http://evil.example.com/
		refused "listed-address-$v$1" "hello from" web "-$v" \
			--connect-to "::$other:" http://www.example.org/
	done
	# The echo is in no country, its network is known; its IPv6 address is in one.
	allowed "network$1" hi say client hi "$ECHO4" 9000
	allowed "country$1" hi say client hi "$ECHO6" 9000
}

agent_or_fail
check apply "the policy was not applied" fwctl apply "$LAB/policy/policy.conf"
cases ""
digest() {
	fwctl status --json | jq -r .policy.digest
}
before=$(digest)

echo "not an address" >>"$LAB/policy/lists/addresses.txt"
fwctl apply "$LAB/policy/policy.conf" >"$LAB/said" 2>&1
check broken-list-is-refused "exit status is not 3" is $? 3
check broken-list-is-named "file and line are not said" \
	grep -q "lists/addresses.txt:4: error: 'not an address' is no address" "$LAB/said"
rm "$LAB/policy/lists/hosts.txt"
check missing-list-is-refused "exit status is not 3" is \
	"$(fwctl apply "$LAB/policy/policy.conf" >"$LAB/said" 2>&1; echo $?)" 3
check the-old-policy-stays "the digest has changed" is "$(digest)" "$before"
cases -old-policy

# The files are gone; the daemon has what it needs.
rm -r "$LAB/policy"
agent_stop
agent_or_fail
check the-same-after-a-restart "the digest has changed" is "$(digest)" "$before"
cases -after-restart
finish
