#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Install the packages of the named sections of packaging/deps that are
# missing.  When nothing is missing no package tool is called at all, so this
# works without a network.  A server that comes with a package is neither
# started nor left enabled.
#
# usage: install-deps.sh SECTION...
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 2
guard=/usr/sbin/policy-rc.d
made_guard=

cleanup() {
	if [ -n "$made_guard" ]; then
		rm -f "$guard"
	fi
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

wanted() {
	awk -v sections=" $* " '
		/^#/ || NF == 0 { next }
		/^\[/ { name = substr($1, 2, length($1) - 2)
			on = index(sections, " " name " ") > 0; next }
		on { print $1 }' "$here/deps"
}

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Links by which systemd or the run levels start something.
enabled_units() {
	find /etc/systemd/system /etc/rc[2-5].d -type l \( -path '/etc/systemd/*' \
		-o -name 'S*' \) 2>/dev/null | sort
}

# disable LINK: by the tool whose link it is, at last by removing it.
disable() {
	local unit

	unit=$(basename "$1")
	echo "install-deps: leaving $unit disabled"
	case $1 in
	/etc/systemd/*) systemctl --quiet disable "$unit" >/dev/null 2>&1 ;;
	*) update-rc.d "${unit#S[0-9][0-9]}" disable >/dev/null 2>&1 ;;
	esac
	[ ! -L "$1" ] || rm -f "$1"
}

if ! command -v dpkg-query >/dev/null; then
	echo "install-deps: no dpkg here; install what packaging/deps lists by hand" >&2
	exit 0
fi

missing=()
for package in $(wanted "$@"); do
	is_installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
	exit 0
fi
echo "install-deps: missing: ${missing[*]}"
if [ "$(id -u)" -ne 0 ]; then
	echo "install-deps: not root; run 'sudo make deps' once" >&2
	exit 1
fi

before=$(enabled_units)
if [ ! -e "$guard" ]; then
	made_guard=yes
	printf '#!/bin/sh\nexit 101\n' >"$guard"
	chmod 755 "$guard"
fi

export DEBIAN_FRONTEND=noninteractive
echo "install-deps: reading package lists"
apt-get update -q || echo "install-deps: the lists could not all be read, trying what is there" >&2
echo "install-deps: installing ${#missing[@]} packages and what they need"
apt-get install -q -y --no-install-recommends -o Dpkg::Use-Pty=0 \
	"${missing[@]}" </dev/null || exit 1

# What was not enabled before shall not be enabled now.
comm -13 <(printf '%s\n' "$before") <(enabled_units) |
while read -r link; do
	if [ -L "$link" ]; then
		disable "$link"
	fi
done

for package in "${missing[@]}"; do
	if ! is_installed "$package"; then
		echo "install-deps: $package is still missing" >&2
		exit 1
	fi
done
echo "install-deps: done"
