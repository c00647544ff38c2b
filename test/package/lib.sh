# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# What the tests share that make systems of Debian. The caller has set top; it is root.
#	begin				sets work, a directory that goes at the end, with what is mounted in systems there; first
#					before_end is called, if the caller has that
#	cached FILE COMMAND...		COMMAND makes $place/FILE.tar from the directory that it is given as its last argument,
#					where that is not there or a month old; one at a time
#	unpack FILE DIR			a system of it
#	enter DIR CMD...		runs CMD in that system
#	tells TEXT CMD...		CMD must succeed and say TEXT
#	copy_tree DIR			the files of the checkout
#	set_version DIR VERSION		changes them as for a release
#	changelog_version		of the package that the checkout makes, without Debian's part
#	lintian_options			what it should not say is left out

# shellcheck source=test/vm/host.sh
. "$top/test/vm/host.sh"
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
place=$cache/package
work="" systems=()

at_end() {
	local rc=$? s
	[[ $(type -t before_end) != function ]] || before_end
	for s in "${systems[@]}"; do
		umount "$s/proc" 2> /dev/null || :
	done
	[[ -z $work ]] || rm -rf --one-file-system "$work"
	exit "$rc"
}

begin() {
	mkdir -p "$place"
	trap at_end EXIT
	work=$(mktemp -d "$place/XXXXXX")
}

cached() {
	local tar=$place/$1.tar fd
	exec {fd}> "$place/$1.lock"
	shift
	flock "$fd"
	if [[ ! -e $tar || $(find "$tar" -mtime +30) ]]; then
		"$@" "$work/base"
		tar -C "$work/base" -cf "$tar.new" .
		mv "$tar.new" "$tar"
		rm -rf "$work/base"
	fi
	exec {fd}>&-
}

unpack() {
	mkdir "$2"
	tar -C "$2" -xf "$place/$1.tar"
	systems+=("$2")
	mount -t proc proc "$2/proc"
}

enter() {
	local dir=$1
	shift
	chroot "$dir" env PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

tells() {
	local text=$1 out
	shift
	out=$("$@" 2>&1) || { printf '%s\n' "$out"; die "failed: $*"; }
	grep -qF -- "$text" <<< "$out" || { printf '%s\n' "$out"; die "does not say '$text': $*"; }
}

changelog_version() {
	sed -n '1s/.*(\(.*\)-.*/\1/p' "$top/debian/changelog"
}

copy_tree() {
	mkdir -p "$1"
	source_files | (cd "$top" && xargs -d '\n' cp --parents -t "$1")
}

set_version() {
	sed -i "1s/(.*)/($2-1)/" "$1/debian/changelog"
	sed -i "s/^MODULE_VERSION(.*/MODULE_VERSION(\"$2\");/" "$1/kernel/module/main.c"
	sed -i "s/^AC_INIT(.*/AC_INIT([dm-remap], [$2])/" "$1/configure.ac"
	sed -i "s/^\(Version:[[:space:]]*\).*/\1$2/" "$1/rpm/dm-remap.spec"
}

# The project has no mail address that the world knows, and the first upload closes no bug of Debian.
lintian_options=(--fail-on none --tag-display-limit 0
	--suppress-tags "bogus-mail-host,bogus-mail-host-in-debian-changelog,initial-upload-closes-no-bugs")
