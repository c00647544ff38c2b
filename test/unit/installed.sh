#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The library as it is installed: pkg-config alone is enough to build the examples with it, which
# say in one line what they lack here; each of its functions has a page.
set -euE -o pipefail
export LC_ALL=C

: "${srcdir:=$(dirname "$0")/../..}" "${builddir:=.}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
	echo "FAIL: $*"
	exit 1
}

root=$dir/root
MAKEFLAGS='' "${MAKE:-make}" -s -C "$builddir" install DESTDIR="$root" > "$dir/out" 2>&1 ||
	fail "make install: $(tail -n 20 "$dir/out")"

# --- pkg-config ---

pc=$(find "$root" -name dmremap.pc)
[[ $pc ]] || fail "dmremap.pc is not installed"
libdir=${pc%/pkgconfig/dmremap.pc}
export PKG_CONFIG_PATH=${pc%/*}${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH} PKG_CONFIG_SYSROOT_DIR=$root
read -ra libs < <(pkg-config --libs dmremap)
[[ ${libs[*]} == "-L$libdir -ldmremap" ]] || fail "pkg-config --libs: ${libs[*]}"
static=" $(pkg-config --static --libs dmremap) "
for name in dmremap devmapper blkid mount stdc++; do
	[[ $static == *" -l$name "* ]] || fail "pkg-config --static --libs has no -l$name: $static"
done
# --disable-shared
[[ -e $libdir/libdmremap.so ]] || export PKG_CONFIG="pkg-config --static"

# --- the examples ---

sanitizers=$(sed -n 's/^SANITIZER_CXXFLAGS = //p' "$builddir/Makefile")
CC="${CC:-cc} $sanitizers" CXX="${CXX:-c++} $sanitizers" "$srcdir/lib/examples/build" "$dir" ||
	fail "the examples cannot be built"
export LD_LIBRARY_PATH=$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

# nobody's, where this is root's
unprivileged=()
denied='not permitted: run it as root \(it needs CAP_SYS_ADMIN\)$'
if (( EUID == 0 )); then
	chmod 755 "$dir"
	unprivileged=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	"${unprivileged[@]}" true || {
		echo "skipped: root cannot become nobody: the examples were tried as root"
		unprivileged=()
		denied=': (this kernel has no device-mapper: load it|no such dm device)'
	}
fi

# says REGEX PROGRAM ARGUMENT...: it must fail with this one line
says() {
	local regex=$1 rc=0

	shift
	"${unprivileged[@]}" "$@" < /dev/null > "$dir/out" 2> "$dir/err" || rc=$?
	(( rc == 1 )) || fail "${1##*/} exits with $rc: $(< "$dir/err")"
	[[ ! -s $dir/out ]] || fail "${1##*/} fails and prints on stdout"
	(( $(wc -l < "$dir/err") == 1 )) || fail "${1##*/} prints more than a line: $(< "$dir/err")"
	grep -qE "$regex" "$dir/err" || fail "${1##*/} says: $(< "$dir/err")"
}

for program in "$dir/attach-c" "$dir/attach-cxx"; do
	says '^usage: attach UPPER ORIGINAL$' "$program"
	says "^remap start: .*$denied" "$program" dmremap-no-such /dev/dmremap-no-such
	if [[ -e $libdir/libdmremap.so ]]; then
		ldd "$program" > "$dir/out"
		grep -qF "$libdir/libdmremap.so" "$dir/out" ||
			fail "${program##*/} runs with another library: $(< "$dir/out")"
	fi
done

# --- the pages ---

man=$(find "$root" -type d -name man3)
[[ $man ]] || fail "there are no pages"
names=0
for page in "$srcdir"/man/*.3; do
	while IFS= read -r name; do
		names=$(( names + 1 ))
		if [[ $name.3 == "${page##*/}" ]]; then
			cmp "$page" "$man/$name.3" || fail "$name.3 is another page"
			continue
		fi
		[[ -e $man/$name.3 ]] || fail "$name.3 is not installed"
		[[ $(< "$man/$name.3") == ".so man3/${page##*/}" ]] || fail "$name.3 is not ${page##*/}"
	done < <(sed -n '/^\.SH NAME/,/\\(em/p' "$page" | grep -oE 'dmremap[a-z_]*')
done
(( names == $(find "$man" -type f | wc -l) )) || fail "pages without a function: $(ls "$man")"
if command -v man > /dev/null; then
	man -M "${man%/man3}" dmremap_stop > "$dir/out" 2> "$dir/err" || :
	grep -q '^DMREMAP_START(3)' "$dir/out" || fail "man dmremap_stop: $(< "$dir/err")"
else
	echo "skipped: man is not installed: the short pages were not tried with it"
fi

# nothing stays
MAKEFLAGS='' "${MAKE:-make}" -s -C "$builddir" uninstall DESTDIR="$root" > "$dir/out" 2>&1 ||
	fail "make uninstall: $(tail -n 20 "$dir/out")"
left=$(find "$root" ! -type d)
[[ ! $left ]] || fail "make uninstall leaves $left"
echo "passed"
