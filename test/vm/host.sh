# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# What check, demo and the *.test scripts of this directory share; runs on the host. The caller sets
# top, the root of the source tree.
#	install_packages NAME...	what is missing of them, as root; else say so and exit
#	build_project			out of tree, in the cache; sets DMREMAP_BUILD
#	make_install LOG BUILD DIR [VAR=VALUE...]	below DIR what was built in BUILD
#	have_patches LINE		is there a series for that kernel?
#	stock_package LINE		the package of the distribution's kernel of one of stock_lines, or nothing
#	impossible_flags CONSOLE	does a dump in it show an EFLAGS that no processor can have?
#	stale_int3 CONSOLE		does the dump of an int3 show another instruction there?

cache=${DMREMAP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dm-remap}
kernel_line=6.12
other_lines=(6.1 7.2)
stock_lines=(6.1 6.12)

tool_packages=(g++ make autoconf automake libtool pkgconf libdevmapper-dev libblkid-dev libmount-dev
	dmsetup rsync)
project_packages=("${tool_packages[@]}" libboost-test-dev mandoc groff)
kernel_packages=("linux-source-$kernel_line" gcc libc6-dev make bc bison flex libelf-dev patch xz-utils
	cpio rsync ccache)
# with kernel_packages: those of "kernel/series check LINE --matrix"
matrix_packages=(clang-19 gcc-s390x-linux-gnu libssl-dev)
module_packages=(gcc libc6-dev make libelf1 xz-utils)
vm_packages=(qemu-system-x86 cpio dmsetup e2fsprogs xfsprogs btrfs-progs cryptsetup-bin mdadm liburing-dev fdisk mount kmod procps)

say() {
	printf '%s: %s\n' "${0##*/}" "$*"
}

die() {
	say "$*" >&2
	exit 1
}

# Runs a command whose output nobody wants to see, unless it fails.
logged() {
	local log=$1
	shift
	mkdir -p "${log%/*}"
	"$@" > "$log" 2>&1 || {
		tail -n 60 "$log" >&2
		die "failed: $* (all of it in $log)"
	}
}

# One at a time, as apt wants it.
install_packages() {
	local p missing=() fd
	command -v dpkg-query > /dev/null || {
		say "this is no Debian: make sure that there is what these packages hold: $*"
		return
	}
	mkdir -p "$cache"
	exec {fd}> "$cache/apt.lock"
	flock "$fd"
	for p in $(printf '%s\n' "$@" | sort -u); do
		[[ $(dpkg-query -W -f '${db:Status-Status}' "$p" 2> /dev/null) == installed ]] ||
			missing+=("$p")
	done
	if (( ${#missing[@]} )); then
		(( EUID == 0 )) || die "packages are missing; as root: apt-get install ${missing[*]}"
		say "installing ${missing[*]}"
		logged "$cache/log/apt-update" env DEBIAN_FRONTEND=noninteractive apt-get -q update
		logged "$cache/log/apt-install" env DEBIAN_FRONTEND=noninteractive \
			apt-get -qy --no-install-recommends install "${missing[@]}"
	fi
	exec {fd}>&-
}

# The files of the checkout, without what was built in it
source_files() {
	if git -c safe.directory='*' -C "$top" rev-parse --git-dir > /dev/null 2>&1; then
		git -c safe.directory='*' -C "$top" ls-files -co --exclude-standard
	else
		(cd "$top" && find . -type f -printf '%P\n')
	fi | while IFS= read -r f; do
		[[ ! -e $top/$f ]] || printf '%s\n' "$f"
	done | sort -u
}

# bootstrap writes into the source tree: a copy takes that, the checkout stays as it is.
build_project() {
	local place src build key fd
	place=$cache/project/$(sha256sum <<< "$top" | cut -c1-12)
	src=$place/src
	build=$place/build
	mkdir -p "$src" "$build"
	exec {fd}> "$place/lock"
	flock "$fd"
	source_files > "$place/files.new"
	if [[ -e $place/files ]]; then
		comm -23 "$place/files" "$place/files.new" | while IFS= read -r f; do
			rm -f "$src/$f"
		done
	fi
	# with the time of the copy: what was edited during a build is newer than its objects
	rsync -rlp --checksum --files-from="$place/files.new" "$top/" "$src/"
	mv "$place/files.new" "$place/files"
	# configure looks for Boost, too, which comes with the packages of ./check only
	key=$({
		cd "$src" && cat configure.ac LIBVERSION m4/*.m4 bootstrap
		[[ ! -e /usr/include/boost/test/unit_test.hpp ]] || echo Boost
	} | sha256sum)
	if [[ ! -e $build/Makefile || $key != "$(cat "$place/key" 2> /dev/null)" ]]; then
		logged "$cache/log/bootstrap" "$src/bootstrap"
		logged "$cache/log/configure" env -C "$build" "$src/configure"
		echo "$key" > "$place/key"
	fi
	logged "$cache/log/make" make -C "$build" -j"$(nproc)"
	exec {fd}>&-
	export DMREMAP_BUILD=$build
}

# One at a time: it looks for what has to be made in the build directory first.
make_install() {
	local log=$1 build=$2 dir=$3 fd
	shift 3
	exec {fd}> "$build/install.lock"
	flock "$fd"
	logged "$log" make -s -C "$build" install DESTDIR="$dir" "$@"
	exec {fd}>&-
}

have_patches() {
	compgen -G "$top/kernel/patches/$1/000[1-9]-*.patch" > /dev/null
}

stock_package() {
	local package
	apt-cache search --names-only "^linux-image-${1/./\\.}[^0-9].*-cloud-amd64\$" 2> /dev/null | cut -d' ' -f1 |
		sort -rV | while IFS= read -r package; do
			# all of it is read: apt-cache may not die of a closed pipe
			if apt-cache policy "$package" | grep '^  Candidate: [0-9]' > /dev/null; then
				echo "$package"
				break
			fi
		done
}

# The bits 3, 5, 15 and 22 to 31 of EFLAGS are always clear, and bit 1 is set.
impossible_flags() {
	local flags
	while IFS= read -r flags; do
		(( (0x$flags & 0xffc0802a) == 2 )) || return 0
	done < <(grep -aoE '\bEFLAGS: [0-9a-f]{8}\b' "$1" | cut -d' ' -f2)
	return 1
}

# The code of a dump has the byte behind an int3 in brackets.
stale_int3() {
	local byte
	byte=$(sed -nE '/Oops: int3/,/ Code: /s/.* Code: .* ([0-9a-f]{2}) <.*/\1/p' "$1" | head -n 1)
	[[ $byte && $byte != cc ]]
}
