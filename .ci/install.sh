# shellcheck shell=bash disable=SC2034
# install.sh - sourced by ./quickstart and ./test: installs the Debian packages that are missing, if any.

# What a build of the daemon with its dashboard needs.
build_packages=(gcc libc6-dev meson ninja-build pkg-config python3 libmicrohttpd-dev libcjson-dev libsqlite3-dev
	libsodium-dev zlib1g-dev libsystemd-dev curl ca-certificates)

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "This needs root to install packages: run it as root, or install sudo." >&2
		return 1
	fi
}

# The dashboard is built with node 18 or newer and npm, from Debian or from anywhere else.
node_is_there() {
	command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)' 2>/dev/null
}

# install_missing PACKAGE…
install_missing() {
	local package status missing=()

	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		echo "Not a Debian system: it must have what these packages hold: $*" >&2
		return 0
	fi
	for package; do
		status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) || status=none
		[ "$status" = installed ] || missing+=("$package")
	done
	node_is_there || missing+=(nodejs npm)
	[ ${#missing[@]} = 0 ] && return 0
	echo "Installing ${missing[*]}"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update </dev/null &&
		as_root env DEBIAN_FRONTEND=noninteractive \
			apt-get -qq -y --no-install-recommends install "${missing[@]}" >/dev/null </dev/null
}
