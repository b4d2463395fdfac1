# shellcheck shell=bash
# sysroot.sh - sourced by ./test: a folder with Debian's libraries for another kind of CPU, to compile and to run
# against. The system is not touched: apt works in the folder alone, with the system's sources and keys.

# make_sysroot FOLDER ARCHITECTURE PACKAGE…
make_sysroot() {
	local to=$1 cpu=$2 package link apt
	local stamp="$*"

	shift 2
	[ "$(cat "$to/made" 2>/dev/null)" = "$stamp" ] && return 0
	echo "Fetching $* for $cpu"
	rm -rf "$to"
	mkdir -p "$to"/apt/{lists,archives}/partial "$to/usr/lib"
	: >"$to/apt/status"
	ln -s usr/lib "$to/lib"
	apt=(apt-get -qq -o APT::Architecture="$cpu" -o APT::Architectures::="$cpu" -o APT::Sandbox::User=
		-o APT::Install-Recommends=false -o Acquire::Languages=none
		-o Dir::State="$to/apt" -o Dir::State::status="$to/apt/status" -o Dir::Cache="$to/apt")
	"${apt[@]}" update </dev/null && "${apt[@]}" -y --download-only install "$@" </dev/null || return
	for package in "$to"/apt/archives/*.deb; do
		dpkg-deb --fsys-tarfile "$package" | tar -xC "$to" --keep-directory-symlink || return
	done
	# Links to /lib would lead out of the folder.
	find "$to/usr/lib" -lname '/*' | while read -r link; do
		ln -snf "$to$(readlink "$link")" "$link"
	done
	printf "[constants]\nroot = '%s'\n" "$to" >"$to/root.cross"
	rm -rf "$to/apt"
	echo "$stamp" >"$to/made"
}
