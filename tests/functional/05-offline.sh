#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What fwctl does with a policy alone: no root, no daemon, no network.
set -u

root=$(cd "$(dirname "$0")/../.." && pwd)
fwctl=$(realpath -m "${1:-$root/build/release}")/fwctl
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
bad=0

check() { # NAME WHY COMMAND...
	local name=$1 why=$2

	shift 2
	if "$@" >"$work/out" 2>&1; then
		echo "ok $name"
	else
		cat "$work/out"
		echo "not ok $name: $why"
		bad=1
	fi
}

status_is() { # STATUS COMMAND...
	local want=$1 got

	shift
	"$@" >"$work/said" 2>&1
	got=$?
	cat "$work/said"
	[ "$got" -eq "$want" ]
}

says() {
	grep -qF -- "$1" "$work/said"
}

says_not() {
	! says "$1"
}

cat >office.conf <<'END'
version = 1;
zones: {
  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
  wan: { interfaces = ["wan0"]; external = true; };
};
egress: (
  { name = "resolver"; from = "lan"; to = "192.0.2.53"; service = "dns"; action = "allow"; },
  { name = "web"; from = "lan"; service = ["http", "https"]; host = "*.example.org"; action = "allow"; },
  { name = "no mail"; service = "smtp"; action = "deny"; },
  { name = "rest"; action = "reject"; }
);
END
cat >good.flows <<'END'
# the web by name
10.10.0.5 -> 198.51.100.1:443 sni=www.example.org => allow by web
fd00:10::5 -> [2001:db8::1]:443 sni=www.example.org => allow by "web"
10.10.0.5 -> 198.51.100.1 http method=GET host=www.example.org => allow
10.10.0.5 -> 198.51.100.1:443 sni=evil.example.com => refuse   # by whatever
10.10.0.5 -> 198.51.100.1:443                      => undecided
10.10.0.5 -> 198.51.100.1:80 connect=www.example.org:443 => reject by connect
# the rest by address
10.10.0.5 -> 192.0.2.53 dns proto=udp => allow
10.10.0.5 -> 192.0.2.54 udp/53 => reject by rest
10.10.0.5 -> 192.0.2.54 smtp   => deny by "no mail"
198.51.100.1 -> self:22        => deny by "no rule"
END
sed -i '/dns proto=udp/s/ proto=udp//' good.flows
check flows-as-expected "a flow differs" status_is 0 "$fwctl" test --policy office.conf good.flows
check flows-counted "no count" says "10 of 10 flows are as expected"
echo 'self -> self:22 => allow by gateway' >within.flows
check flows-within "what stays within is filtered" status_is 0 "$fwctl" test --policy office.conf within.flows
check explain-within "exit 0 expected" status_is 0 "$fwctl" explain --policy office.conf --from self --to self:22
check explain-within-says "not told" says "gateway allowed: what stays within the gateway is not filtered"
sed 's/=> allow by web/=> allow by resolver/' good.flows >bad.flows
check flows-differ "exit 4 expected" status_is 4 "$fwctl" test --policy office.conf bad.flows
check flows-differ-where "not by its line" says "bad.flows:2:   got: allow by \"web\""
check flows-tap "exit 4 expected" status_is 4 "$fwctl" test --tap --policy office.conf bad.flows
check flows-tap-plan "no plan" says "1..10"
check flows-tap-line "no line" says "not ok 1 - bad.flows:2"
check flows-junit "exit 4 expected" status_is 4 "$fwctl" test --junit --policy office.conf bad.flows
check flows-junit-counts "no counts" says 'tests="10" failures="1"'
if command -v xmllint >/dev/null; then
	check flows-junit-is-xml "xmllint does not read it" xmllint --noout said
fi
printf '%s\n' 'x' '10.0.0.1 -> 10.0.0.2 => maybe' '1.1.1.1 -> 2.2.2.2 colour=red => allow' >wrong.flows
check flows-unreadable "exit 2 expected" status_is 2 "$fwctl" test --policy office.conf wrong.flows
check flows-unreadable-all "not all lines are named" says "wrong.flows:3: error: a flow is not told by 'colour'"
check flows-none "exit 2 expected" status_is 2 "$fwctl" test --policy office.conf /dev/null
check flows-stdin "standard input is not read" status_is 0 "$fwctl" test --policy office.conf - <good.flows

# what a change of the policy means
sed -e 's/to = "192.0.2.53"/to = ["192.0.2.53", "192.0.2.54"]/' -e '/no mail/d' \
	-e 's/"https"\]/"https", "tcp\/8443"]/' office.conf >new.conf
check diff-runs "exit 0 expected" status_is 0 "$fwctl" diff office.conf new.conf
check diff-word "the word is not named" says '      to: + "192.0.2.54"'
check diff-rule-gone "the rule is not named" says "  - egress 'no mail'"
check diff-gained "the gained flow is not told" says "10.10.0.0/16 -> 192.0.2.54 udp/53"
check diff-was "not told who refused it" says "    was reject by 'rest'"
check diff-now "not told who allows it" says "    now allow by 'resolver'"
check diff-example "no example" says "e.g. 10.10.0.1 -> 192.0.2.54 tcp/53"
check diff-names "the name is not told" says "now allow by 'web' if host *.example.org"
check diff-back "exit 0 expected" status_is 0 "$fwctl" diff new.conf office.conf
check diff-lost "the lost flow is not told" says "  lost     lan -> wan"
check diff-json "exit 0 expected" status_is 0 "$fwctl" diff --json office.conf new.conf
check diff-json-reads "not JSON" jq -e '.flows | map(select(.kind == "gained")) | length >= 2' said
check diff-same "exit 0 expected" status_is 0 "$fwctl" diff office.conf office.conf
check diff-same-says "differences in nothing" says "  by rules: the same"

# more than there is memory for
limited() { # KIBIBYTES COMMAND...
	(ulimit -v "$1" && shift && exec "$@")
}
{
	sed 's/"192.0.2.53"/"@many"/' office.conf
	echo 'addresses: { many = ['
	awk 'BEGIN { for (i = 0; i < 131072; i += 2)
		printf "%s\"192.%d.%d.%d\"", i ? ",\n" : "", i / 65536, i / 256 % 256, i % 256 }'
	echo ']; };'
} >large.conf
# Far from what the program needs to begin (20 MB), and from what this takes.
check memory "exit 1 expected" status_is 1 limited 40000 "$fwctl" check large.conf
check memory-says "not told why" says "large.conf: out of memory"
check memory-enough "it is no matter of memory" status_is 0 "$fwctl" check large.conf
printf '%s\n' 'hygiene: { private = false; };' >>new.conf
check diff-beside "exit 0 expected" status_is 0 "$fwctl" diff office.conf new.conf
check diff-beside-says "hygiene is not told" says "  hygiene differs: it drops before any rule is asked"
for port in 443 444; do
	cat >forward-$port.conf <<-END
		version = 1;
		zones: { lan: { networks = ["10.0.0.0/8"]; }; wan: { interfaces = ["wan0"]; external = true; }; };
		ingress: ( { name = "in"; from = "wan"; to = "self"; service = "tcp/$port"; forward = "10.0.0.5:8443"; action = "allow"; } );
	END
done
check diff-forward "exit 0 expected" status_is 0 "$fwctl" diff forward-443.conf forward-444.conf
check diff-forward-says "the forward is not told" says "  forwards differ: other flows are led on"
check diff-bad "exit 3 expected" status_is 3 "$fwctl" diff office.conf good.flows
sed 's/:8443/:8444/' forward-443.conf >forward-8444.conf
check diff-forward-led "exit 0 expected" status_is 0 "$fwctl" diff forward-443.conf forward-8444.conf
check diff-forward-zone "its zone is not told" says "  gained   wan -> lan"
check diff-forward-once "its target is told in a zone where it is not" says_not "-> self"
check diff-json-beside "exit 0 expected" status_is 0 "$fwctl" diff --json forward-443.conf forward-444.conf
check diff-json-beside-says "the forward is not told" jq -e '.besides | any(startswith("forwards differ"))' said
sed 's/\["\*\.example\.org"\]/["www.example.org", "*.example.org"]/; s/host = "\*\.example\.org"/host = ["www.example.org", "*.example.org"]/' office.conf >wider.conf
check diff-contained "exit 0 expected" status_is 0 "$fwctl" diff office.conf wider.conf
check diff-contained-said "the word is not named" says 'host: + "www.example.org"'
check diff-contained-same "a name that was allowed is gained" says "  by rules: the same"

# what is told as an example can be tried
for b in "$root"/packaging/policies/*.conf; do
	"$fwctl" diff "$root/packaging/policies/sample.conf" "$b" 2>/dev/null |
		sed -n 's/^    e\.g\. \(.*\)/\1 => undecided/p' >examples.flows
	[ ! -s examples.flows ] || "$fwctl" test --policy "$b" examples.flows >tried 2>&1
	[ $? -ne 2 ] || echo "$b"
done >unreadable
check diff-examples "fwctl test cannot read one" test ! -s unreadable

# thousands of rules, none of which both have
many_rules() { # NAME FIRST
	echo 'version = 1;'
	echo 'zones: { lan: { networks = ["10.0.0.0/8"]; }; wan: { interfaces = ["wan0"]; external = true; }; };'
	echo 'egress: ('
	awk -v name="$1" -v first="$2" 'BEGIN { for (i = 0; i < 10000; i++) {
		j = (i * 7 + first) % 60000
		printf "%s{ name = \"%s%d\"; from = \"10.%d.%d.0/24\"; to = \"11.%d.%d.0/24\"; service = \"tcp/%d\"; action = \"allow\"; }\n",
			i ? "," : "", name, i, j / 256, j % 256, j / 250, j % 250, 1000 + j * 13 % 5000 } }'
	echo ');'
}
many_rules a 0 >many-a.conf
many_rules b 30001 >many-b.conf
check diff-many "not done in a minute" status_is 0 timeout 60 "$fwctl" diff many-a.conf many-b.conf
check option-twice "exit 2 expected" status_is 2 "$fwctl" explain --policy office.conf --from 10.10.0.5 --to 192.0.2.80:443 --sni a --sni b
check option-twice-says "not told" says "fwctl: --sni is given twice"
check protocols "exit 0 expected" status_is 0 "$fwctl" protocols
check protocols-are-all "another number than the policy can name" test \
	"$(sed 1d said | wc -l)" -eq "$(grep -c '^X(' "$root/policy/apps.def")"
check protocols-one "exit 0 expected" status_is 0 "$fwctl" protocols tls
check protocols-one-says "not the field and how rules ask for it" grep -qE '^  tls.sni .*; in rules: sni$' said
check protocols-json "exit 0 expected" status_is 0 "$fwctl" protocols --json
check protocols-json-is-json "no array of what has a name" jq -e 'length > 70 and all(.name and .what)' said
check protocols-json-one "exit 0 expected" status_is 0 "$fwctl" protocols --json ssh smb
check protocols-json-one-is-it "others than asked for" jq -e 'map(.name) == ["ssh", "smb"]' said
check protocols-wrong "exit 2 expected" status_is 2 "$fwctl" protocols tsl
check protocols-near-says "no near one is told" says "did you mean 'tls'?"
check protocols-far "exit 2 expected" status_is 2 "$fwctl" protocols --json nothing-like-it
check protocols-far-says "not told where all stand" says "'fwctl protocols' lists them"
check command-near "exit 2 expected" status_is 2 "$fwctl" chekc
check command-near-says "no near one is told" says "did you mean 'check'?"
check word-wrong "exit 2 expected" status_is 2 "$fwctl" explain --policy office.conf --from lan --to 192.0.2.80:443
check word-wrong-says "not told what is possible" says "--from ADDRESS"
check word-unknown "exit 2 expected" status_is 2 "$fwctl" explain --form lan
check word-unknown-says "not told who speaks" says "fwctl: unrecognized option '--form'"
check forms-two "exit 2 expected" status_is 2 "$fwctl" test --tap --junit --policy office.conf good.flows
check diff-two-inputs "exit 2 expected" status_is 2 "$fwctl" diff - -
exit $bad
