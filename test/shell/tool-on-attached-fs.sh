#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The tool and its libraries lie on the very file system that is being attached, and the page cache is
# dropped between the steps: nothing that start or stop needs from there is read while it is frozen.
# timeout: 300
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_ext4 "$PART1" a
mk_upper up "$PART1"
bin=$TESTDIR/a/bin
mkdir "$bin"
tool=$(type -P dmsetup)
[[ $(readlink -f "$tool") != "$(readlink -f "$REAL_DMSETUP")" ]] || broken "no front end in this machine"
cp "$(readlink -f "$tool")" "$bin/dmsetup"
# what ldd would print
LD_TRACE_LOADED_OBJECTS=1 "$tool" > "$TESTDIR/libs"
loader=
while read -r lib; do
	cp -L "$lib" "$bin/"
	[[ ${lib##*/} != ld-linux* ]] || loader=$bin/${lib##*/}
done < <(sed -nE 's/^\s*(.* => )?(\/[^ ]+) \(0x.*/\2/p' "$TESTDIR/libs")
[[ -x $loader ]] || broken "no loader among the libraries"

on_fs() {
	"$loader" --library-path "$bin" --argv0 dmsetup "$bin/dmsetup" remap "$@"
}

start_writers a
for (( i = 0; i < 10; i++ )); do
	drop_caches
	quiet on_fs start "$(dm up)" "$PART1"
	attached up
	drop_caches
	more_ops 20
	on_fs status > "$TESTDIR/status"
	grep -qF "$(dm up)" "$TESTDIR/status"
	drop_caches
	quiet on_fs stop "$(dm up)"
	not attached up
done
stop_writers
rm -r "$bin"
dmsetup remove "$(dm up)"
check_fs "$PART1" a
