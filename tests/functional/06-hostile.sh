#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Policies that mean no good, or were made by a program gone wrong: each is
# refused with exit status 3 and a word on where, in bounded time and memory.
# No root, no daemon, no network.
set -u

root=$(cd "$(dirname "$0")/../.." && pwd)
fwctl=$(realpath -m "${1:-$root/build/release}")/fwctl
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
bad=0

CPU_SECONDS=20
MEMORY_KIB=2000000

head_of() {
	cat <<-'END'
		version = 1;
		zones: { lan: { interfaces = ["lan0"]; networks = ["10.0.0.0/8"]; };
		         wan: { interfaces = ["wan0"]; external = true; }; };
	END
}

# one KEYS: a policy of one rule that has these too.
one() {
	head_of
	echo "egress: ( { name = \"one\"; $1 action = \"allow\"; } );"
}

# many N FORMAT: a policy of N rules, each printed with its number, thrice.
many() {
	head_of
	awk -v n="$1" -v rule="$2" 'BEGIN {
		print "egress: ("
		for (i = 0; i < n; i++)
			printf rule (i + 1 < n ? ",\n" : "\n"), i, i, i
		print ");"
	}'
}

# words N FORMAT: "a0", "a1" ...
words() {
	awk -v n="$1" -v word="$2" 'BEGIN {
		for (i = 0; i < n; i++)
			printf (i ? ", " : "") "\"" word "\"", i
	}'
}

# said TEXT...: all of it; with '!' before it, that it is not.
said() {
	local text

	for text; do
		case $text in
		'!'*) ! grep -qF -- "${text#!}" said ;;
		*) grep -qF -- "$text" said ;;
		esac || return 1
	done
}

# judged STATUS NAME TEXT...: so is the policy on standard input, and TEXT said.
judged() {
	local status=$1 name=$2 rc

	shift 2
	cat >"$name.conf"
	(
		ulimit -t $CPU_SECONDS -v $MEMORY_KIB
		exec "$fwctl" check "$name.conf"
	) >said 2>&1 </dev/null
	rc=$?
	if [ "$rc" -eq "$status" ] && said "$@"; then
		echo "ok $name"
	else
		head -n 5 said
		echo "not ok $name: exit status $rc instead of $status, or not said: $*"
		bad=1
	fi
	rm -f "$name.conf"
}

refused() { # NAME TEXT
	judged 3 "$@"
}

# what there is too much of
one "service = [$(words 2000 tcp/%d)];" | refused ports "'service' names 2000 protocols and ports, 1024 are possible"
{
	echo "services: { s = [$(words 2000 tcp/%d)]; };"
	many 2000 '{ name = "r%d"; to = "20.0.0.%d"; service = ["tcp", "!s"]; action = "allow"; }'
} | refused port-sets "'service' names 2001 protocols and ports"
awk 'BEGIN { for (i = 0; i < 300000; i++) print "h" i ".example.org" }' >names.txt
{
	echo 'hosts: { s = ["@file:names.txt"]; };'
	many 100 '{ name = "r%d"; to = "20.0.0.%d"; host = ["@s", "x.example.net"]; action = "allow"; }'
} | refused names-copied "in lists that stand beside other words [too-many]"
awk 'BEGIN { for (i = 0; i < 600000; i += 2) printf "20.%d.%d.%d\n", i / 65536, i / 256 % 256, i % 256 }' >many.txt
{
	echo 'addresses: { s = ["@file:many.txt"]; };'
	many 100 '{ name = "r%d"; to = ["!@s", "!9.9.9.%d"]; service = "tcp/80"; action = "allow"; }'
} | refused addresses-copied "in lists that stand beside other words [too-many]"
{
	echo 'version = 1; zones: {'
	awk 'BEGIN { for (i = 0; i < 60; i++)
		printf "z%d: { interfaces = [\"e%d\"];%s };\n", i, i, i ? "" : " external = true;" }'
	echo '};'
	many 5000 '{ name = "r%d"; to = "10.1.0.%d"; action = "allow"; }' | sed '1,3d; s/^egress/segment/'
} | refused pairs-of-zones "the rules stand between more than"
{ head_of; yes 'a: {' | head -n 500000; } | refused nesting "brackets are nested more than 16 deep"
{ echo 'version = 1; zones: {'; awk 'BEGIN { for (i = 0; i < 300000; i++) printf "z%d: {};\n", i }'; echo '};'; } |
	refused zones "a group has more than 10000 members"
touch empty
awk 'BEGIN { for (i = 0; i < 100000; i++) print "@include \"empty\"" }' | refused includes "more than 1000 files are included"
awk 'BEGIN { for (i = 0; i < 5000000; i++) printf "/*" }' | refused comment "the comment that begins here is never closed"
awk 'BEGIN { for (i = 0; i < 9000000; i++) print "# 45678901234567890" }' | refused large "it is too large"
{
	head_of
	echo 'addresses: {'
	awk 'BEGIN { for (i = 0; i < 9000; i++) printf "known%d = [\"10.0.0.1\"];\n", i }'
	echo '};'
	many 50000 '{ name = "r%d"; to = "@unknown%d"; action = "allow"; }' | sed 1,3d
} | refused undefined "undefined set of addresses '@unknown0'"
many 200000 '{ nam = "r%d"; too = "x%d"; acton = "allow"; }' | refused keys "unknown key 'nam' in a rule"
many 20000 '{ name = "r%d%d"; to = "20.0.0.1"; action = "allow"; }' | refused shadowed "can never decide"

# What is long to find is not looked for, and that is told.
many 20000 '{ name = "r%d"; to = ["20.0.0.0/9", "30.0.0.%d"]; service = "tcp"; host = "a%d.example.org"; action = "allow"; }' |
	sed 's/"30[.]0[.]0[.][0-9]*"/"30.0.0.1"/' | judged 0 meeting "too many rules meet: from 'r" \
		"the kernel asks the rules one after another"
# Ordinary rules, as many as are promised to cost no more than a few, are far
# from that.
{
	head_of
	awk 'BEGIN {
		split("https ssh smtp tcp/8000-8100 tcp/5432 udp/123 dns tcp", services)
		print "egress: ("
		for (i = 0; i < 10000; i++) {
			a = int(i / 250); b = i % 250
			from = i % 3 ? "lan" : sprintf("10.%d.%d.%d", a, b, i % 7)
			to = i % 2 ? sprintf("20.%d.%d.0/24", a, b) : sprintf("30.%d.%d.9", a, b)
			printf "{ name = \"r%d\"; from = \"%s\"; to = \"%s\"; service = \"%s\"; action = \"%s\"; },\n",
				i, from, to, services[i % 8 + 1], i % 5 ? "allow" : "deny"
		}
		print "{ name = \"last\"; to = \"wan\"; service = \"ping\"; action = \"allow\"; } );"
	}'
} | judged 0 ordinary "ok: 10001 rules" "!too many rules meet"

# numbers
one 'rate = "99999999999999999999/second";' | refused rate "is no limit for 'rate'"
one 'connections = 99999999999999999999;' | refused connections "is too large"
one 'observe = true; until = "99999-99-99";' | refused until "is no date for 'until'"
{ echo 'gateway: { queues = 1e99999; };'; one ''; } | refused fraction "'queues' must be a whole number"
{ echo 'gateway: { marks = 0xfffffffffffffffffff; };'; one ''; } | refused marks "is too large"

# names
number=0
for name in 'a\\x01b' '\\x1b[31m' '\\xff\\xfe' '' ' ' "$(printf '%0300d' 0)"; do
	number=$((number + 1))
	one '' | sed "s/\"one\"/\"$name\"/" | refused "name-$number" "is no name for a rule"
	head_of | sed "s/lan0/$name/" | refused "interface-$number" "cannot be an interface"
done
one 'to = "x { } ; drop";' | refused braces "undefined zone 'x { } ; drop' in 'to'"

# files that are none, by @include and as a list
mkfifo pipe
mkdir folder
ln -s loop2 loop1
ln -s loop1 loop2
truncate -s 10G sparse
for file in /dev/zero pipe folder loop1 sparse none /proc/self/maps; do
	at=$(tr -d / <<<"$file")
	{ echo "@include \"$file\""; one ''; } | refused "include-$at" "include-$at.conf:1: error: cannot read '$file'"
	{ echo "addresses: { s = [\"@file:$file\"]; };"; one 'to = "@s";'; } |
		refused "list-$at" "list-$at.conf:1: error: cannot read '$file'"
	{ echo "geo: { country = \"$file\"; };"; one 'to = "country:NL";'; } |
		refused "geo-$at" "geo-$at.conf:1: error: cannot read the database '$file'"
done
database=$root/build/geo/country.mmdb
if [ -e "$database" ]; then
	size=$(stat -c %s "$database")
	head -c $((size / 2)) "$database" >first-half
	tail -c $((size / 2)) "$database" >second-half
	{ head -c 20 "$database" | tr '\0-\377' '\377'; tail -c +21 "$database"; } >broken
	for file in first-half second-half broken; do
		{ echo "geo: { country = \"$file\"; };"; one 'to = "country:NL";'; } |
			refused "geo-$file" "geo-$file.conf:1: error: cannot read the database '$file'"
	done
fi
{ echo '@include "./c.inc"'; one ''; } | tee c.inc | refused loop "includes are nested more than 10 deep"
exit $bad
