#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# --nolockfs attaches without freezing the file system, so what is dirty stays dirty, and the flags say so;
# no bio is lost.
# timeout: 300
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_ext4 "$PART1" a
mk_upper up "$PART1"
start_writers a
dmsetup remap start --nolockfs "$(dm up)" "$PART1"
equal "$(counter up flags)" nolockfs
more_ops 200
dmsetup remap stop --nolockfs "$(dm up)"
idle_upper up 100
stop_writers

# a freeze writes out all that is dirty: without one it stays
dirty() {
	awk '/^Dirty|^Writeback:/ { n += $2 } END { print n }' /proc/meminfo
}
knobs=()
for knob in dirty_writeback_centisecs dirty_expire_centisecs; do
	knobs+=("$knob=$(cat "/proc/sys/vm/$knob")")
done
at_end() {
	local k
	for k in "${knobs[@]}"; do
		echo "${k#*=}" > "/proc/sys/vm/${k%%=*}"
	done
}
echo 0 > /proc/sys/vm/dirty_writeback_centisecs
echo 100000 > /proc/sys/vm/dirty_expire_centisecs
for how in nolockfs lockfs; do
	sync
	(( $(dirty) < 2048 )) || fail "$(dirty) kB are dirty after sync"
	head -c 16M /dev/urandom > "$TESTDIR/a/dirty"
	(( $(dirty) > 8192 )) || fail "only $(dirty) kB are dirty"
	if [[ $how == nolockfs ]]; then
		dmsetup remap start --nolockfs "$(dm up)" "$PART1"
		(( $(dirty) > 8192 )) || fail "written out, down to $(dirty) kB: the file system was frozen"
		dmsetup remap stop --nolockfs "$(dm up)"
		(( $(dirty) > 8192 )) || fail "written out by stop, down to $(dirty) kB"
	else
		# not by the tool, which syncs by itself
		"$REAL_DMSETUP" message "$(dm up)" 0 @interpose_start remap "$(devno "$PART1")"
		(( $(dirty) < 8192 )) || fail "still $(dirty) kB dirty: the file system was not frozen"
		dmsetup remap stop "$(dm up)"
	fi
	rm "$TESTDIR/a/dirty"
done
dmsetup remove "$(dm up)"
check_fs "$PART1" a
