#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# xfs and btrfs, mounted and busy, are remapped, filtered and freed; both find nothing wrong afterwards, btrfs with
# its sums of data and two copies of metadata not while it is attached either. A snapshot of xfs is whole. btrfs on
# several devices is refused, each of them.
# timeout: 240
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

at_end() {
	wipefs -qa "$PART1" "$PART2" || :
}

fs_ok() {
	case $1 in
	xfs) xfs_repair -n "$2" > "$TESTDIR/out" 2>&1 ;;
	btrfs) btrfs check "$2" > "$TESTDIR/out" 2>&1 ;;
	esac || fail "$1 on $2: $(cat "$TESTDIR/out")"
}

scrub() {
	local said
	said=$(btrfs scrub start -B -R "$TESTDIR/a")
	awk '$1 ~ /errors/ { n++; if ($2) bad = 1 } END { exit bad || n < 3 }' <<< "${said//:/ }" ||
		fail "scrub: $said"
	btrfs device stats -c "$TESTDIR/a" > /dev/null || fail "$(btrfs device stats "$TESTDIR/a")"
}

wipefs -qa "$PART1" "$PART2"
size=$(sectors "$PART1")
for fs in xfs btrfs; do
	echo "--- $fs"
	case $fs in
	xfs) mkfs.xfs -q -f "$PART1" ;;
	btrfs) mkfs.btrfs -q -f -m dup -d single "$PART1" ;;
	esac
	mnt "$PART1" a
	mk_upper up "$PART1"
	WARM_UP=50 start_writers a -n 2 -b 32
	for mode in $(modes); do
		dmsetup "$mode" start "$(dm up)" "$PART1"
		more_ops 100
		sync -f "$TESTDIR/a"
		(( $(counter up writes) > 20 )) || fail "seen by $mode: $(counters up)"
		if [[ $fs == btrfs ]]; then
			reads=$(counter up reads)
			scrub
			(( $(counter up reads) > reads )) || fail "scrub has read nothing through the upper"
		fi
		dmsetup suspend "$(dm up)"
		dmsetup resume "$(dm up)"
		more_ops 50
		dmsetup "$mode" stop "$(dm up)"
		more_ops 50
	done
	dmsetup remove "$(dm up)"
	if [[ $fs == xfs ]]; then
		mk_dm snap "0 $size snapshot $PART1 $DISK2 N 16 noexcl:$PART1"
		mk_dm up "0 $size snapshot-origin $PART1 noexcl"
		dmsetup remap start "$(dm up)" "$PART1"
		more_ops 100
		# xfs has a log to replay also when it was frozen
		mnt "$(dmdev snap)" s nouuid
		unmount s
		fs_ok xfs "$(dmdev snap)"
		dmsetup remap stop "$(dm up)"
		dmsetup remove "$(dm snap)"
		dmsetup remove "$(dm up)"
	fi
	stop_writers
	[[ $fs != btrfs ]] || scrub
	unmount a
	fs_ok $fs "$PART1"
	mnt "$PART1" a
	check_files a
	unmount a
done

echo "--- btrfs on two devices"
wipefs -qa "$PART1"
mkfs.btrfs -q -f -m raid1 -d raid1 "$PART1" "$PART2"
for dev in "$PART1" "$PART2"; do
	mk_zero up "$(sectors "$dev")"
	for mode in $(modes); do
		refused "$dev: is one of 2 devices of a btrfs file system" dmsetup "$mode" start "$(dm up)" "$dev"
	done
	dmsetup remove "$(dm up)"
done
btrfs device scan > /dev/null
mnt "$PART1" a
mk_zero up "$(sectors "$PART2")"
refused "$PART2: is one of 2 devices of a btrfs file system" dmsetup remap start "$(dm up)" "$PART2"
dmsetup remove "$(dm up)"
unmount a
