#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The program as it was built: its names, its streams, its exit status. Needs no device-mapper.
set -euE -o pipefail

: "${builddir:=.}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
program=$builddir/tools/dmsetup-remap
# Past libtool's wrapper, so that argv[0] is what we say.
if [[ -x $builddir/tools/.libs/dmsetup-remap ]]; then
	program=$builddir/tools/.libs/dmsetup-remap
	export LD_LIBRARY_PATH=$builddir/lib/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
fi
for name in dmsetup dmsetup-remap dmsetup-filter; do
	ln -s "$(realpath "$program")" "$dir/$name"
done
# the programs above are not where root's are found
PATH=$PATH:/usr/sbin:/sbin

fail() {
	echo "FAIL: $*"
	exit 1
}

# run STATUS CMD...: its output is in out and err
run() {
	local want=$1 rc=0

	shift
	"$@" > "$dir/out" 2> "$dir/err" || rc=$?
	(( rc == want )) || fail "exit status $rc, not $want: ${*##*/}: $(< "$dir/err")"
}

for word in remap filter; do
	run 0 "$dir/dmsetup" "$word" --help
	grep -q "^dmsetup $word\$" "$dir/out" || fail "dmsetup $word --help is not on stdout"
	[[ ! -s $dir/err ]] || fail "dmsetup $word --help prints on stderr"

	run 0 "$dir/dmsetup-$word" --help
	grep -q "^dmsetup-$word\$" "$dir/out" || fail "dmsetup-$word --help does not say its name"

	run 1 "$dir/dmsetup-$word"
	[[ ! -s $dir/out ]] || fail "a usage error prints on stdout"
	grep -q "^dmsetup-$word: $word: a command is missing" "$dir/err" ||
		fail "dmsetup-$word is another command: $(< "$dir/err")"
	grep -q "^Try 'dmsetup-$word --help'" "$dir/err" || fail "a usage error does not name --help"

	# One sentence, whatever this machine has: no device-mapper, no privilege, no interposer;
	# or the command works and prints nothing but attachments.
	rc=0
	"$dir/dmsetup" "$word" status > "$dir/out" 2> "$dir/err" || rc=$?
	case $rc in
	0)
		[[ ! -s $dir/err ]] || fail "status succeeds and prints: $(< "$dir/err")"
		;;
	1)
		[[ ! -s $dir/out ]] || fail "status fails and prints on stdout"
		(( $(wc -l < "$dir/err") == 1 )) || fail "more than a line: $(< "$dir/err")"
		grep -q "^dmsetup: $word status: .*\(: load\|: run it as root\|: boot a kernel\)" \
			"$dir/err" || fail "no sentence with advice: $(< "$dir/err")"
		;;
	*)
		fail "status exits with $rc"
		;;
	esac
done

# what is installed beside the program: links to it
mkdir -p "$dir/root/sbin"
MAKEFLAGS='' "${MAKE:-make}" -s -C "$builddir" install-exec-hook DESTDIR="$dir/root" sbindir=/sbin frontenddir=/sbin \
	> "$dir/out"
for name in dmsetup-filter dmsetup; do
	[[ $(readlink "$dir/root/sbin/$name") == dmsetup-remap ]] ||
		fail "$name is not installed: $(ls "$dir/root/sbin")"
done
# in a package the front end is apart; a dmsetup that is not ours stays, wherever it is to go
theirs=$dir/root/usr/sbin/dmsetup
mkdir -p "${theirs%/*}"
echo theirs > "$theirs"
MAKEFLAGS='' "${MAKE:-make}" -s -C "$builddir" install-exec-hook DESTDIR="$dir/root" \
	sbindir=/usr/sbin frontenddir=/usr/libexec/dm-remap > "$dir/out"
[[ $(readlink "$dir/root/usr/libexec/dm-remap/dmsetup") == ../../sbin/dmsetup-remap ]] ||
	fail "the front end is not apart: $(find "$dir/root")"
! MAKEFLAGS='' "${MAKE:-make}" -s -C "$builddir" install-exec-hook DESTDIR="$dir/root" \
	sbindir=/usr/sbin frontenddir=/usr/sbin > "$dir/out" 2> "$dir/err" ||
	fail "make install replaces the distribution's dmsetup"
grep -q 'is not the front end of dm-remap: not replaced' "$dir/err" || fail "make install says: $(< "$dir/err")"
[[ $(< "$theirs") == theirs ]] || fail "the distribution's dmsetup is gone"

if [[ -c /dev/full ]]; then
	rc=0
	"$dir/dmsetup" remap --help > /dev/full 2> "$dir/err" || rc=$?
	(( rc == 1 )) || fail "a full output gives exit status $rc"
	grep -q 'standard output: cannot be written: No space left on device' "$dir/err" ||
		fail "a full output: $(< "$dir/err")"
else
	echo "skipped: there is no /dev/full"
fi

# a reader that has gone ends it, as any program
rc=0
{ sleep 0.2; trap - PIPE; "$dir/dmsetup" remap --help || echo $? > "$dir/rc"; } | true || :
[[ ! -s $dir/rc || $(< "$dir/rc") == 141 ]] || fail "status after SIGPIPE: $(< "$dir/rc")"
echo "passed"
