#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What others take for the same file system: the upper shows that of the original, and cannot be mounted beside it
# while it is attached. The dm devices that dmsetup snapshot, cache and move make tell udev's rules to leave them
# alone; start and stop tell udev nothing of the upper, only of the original; COW devices show nothing. A scan for btrfs does not take another device.
# timeout: 120
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

at_end() {
	remove_recipes
	wipefs -qa "$PART1" "$PART2" || :
}

# of libdevmapper.h: no rules of subsystems, none that make links in /dev/disk, none of others
hidden=$(( 0x2 | 0x4 | 0x8 ))

wipefs -qa "$PART1" "$PART2" "$DISK2" "$DISK3"
small_part 48M
bg uevents > "$TESTDIR/events"
listener=$BG
wait_for 10 grep -q listening "$TESTDIR/events"

# what there was of dm devices since the last time; an event of a device that nobody uses tells that all have come
asked=0
mark="change ${PART3#/dev/} "
marks() {
	(( $(grep -c "^$mark" "$TESTDIR/events") >= $1 ))
}
events() {
	asked=$(( asked + 1 ))
	echo change > "/sys/class/block/${PART3#/dev/}/uevent"
	wait_for 20 marks $asked
	awk -v mark="$mark" -v after=$(( asked - 1 )) '
		index($0, mark) { n++; next }
		n == after && / dm-/' "$TESTDIR/events" > "$TESTDIR/now"
}

# LEAST: so many dm devices were made or changed, and rules are told to leave alone each of them. What comes when a
# device is added, and has no table yet, the rules of device-mapper ignore.
all_hidden() {
	local action device flags count=0
	while read -r action device flags _; do
		[[ $action == change ]] || continue
		count=$(( count + 1 ))
		(( (0x$flags & hidden) == hidden )) || fail "$device is not hidden: flags $flags"
	done < "$TESTDIR/now"
	(( count >= $1 )) || fail "only $count events"
}

echo "--- start and stop"
mk_ext4 "$SMALL" a
mk_upper up "$SMALL"
for what in TYPE UUID; do
	equal "$(blkid -p -o value -s $what "$(dmdev up)")" "$(blkid -p -o value -s $what "$SMALL")" "$what of the upper"
done
equal "$(lsblk -nro NAME "$SMALL" | paste -sd' ')" "$(basename "$SMALL") $(dm up)" "lsblk"
echo 0 > "$TESTDIR/a/file"
events
grep -q "^change $(dm_node up) " "$TESTDIR/now" || fail "no event of a new device: $(cat "$TESTDIR/now")"
told=""
for mode in $(modes); do
	dmsetup "$mode" start "$(dm up)" "$SMALL"
	mkdir -p "$TESTDIR/twice"
	fails 'busy|already mounted' mount "$(dmdev up)" "$TESTDIR/twice"
	dmsetup "$mode" stop "$(dm up)"
	for action in start stop; do
		told+="change $(basename "$SMALL") 0 $action:$mode:$(dm_node up)"$'\n'
	done
done
events
equal "$(cat "$TESTDIR/now")" "" "events of the upper for start and stop"
equal "$(grep ":" "$TESTDIR/events")" "${told%?}" "events of the original"
dmsetup remove "$(dm up)"

echo "--- dmsetup snapshot"
events
dmsetup snapshot create "$(dm snap)" "$SMALL" "$DISK3"
events
all_hidden 3
equal "$(signature "$(dmdev snap)")" ext4 "of the snapshot"
cp /usr/bin/bash "$TESTDIR/a/some"
sync "$TESTDIR/a/some"
equal "$(signature "$DISK3")" "" "of the COW device"
dmsetup snapshot remove "$(dm snap)"

echo "--- dmsetup cache"
events
dmsetup cache attach "$SMALL" "$DISK3"
events
all_hidden 3
dmsetup cache detach "$SMALL"

echo "--- dmsetup move"
events
dmsetup move start "$SMALL" "$PART2" > /dev/null
events
all_hidden 2
unmount a
dmsetup move finish "$SMALL"

echo "--- btrfs"
mkfs.btrfs -q -f "$PART1"
mnt "$PART1" b
echo 1 > "$TESTDIR/b/file"
mk_upper up "$PART1"
dmsetup remap start "$(dm up)" "$PART1"
# what a rule of udev would run for a new device; whether it says no or keeps silent depends on the kernel
should btrfs device scan "$(dmdev up)"
equal "$(btrfs filesystem show "$TESTDIR/b" | awk '$1 == "devid" { print $NF }')" "$PART1" "the device of the mounted btrfs"
echo 2 > "$TESTDIR/b/file"
sync -f "$TESTDIR/b"
dmsetup remap stop "$(dm up)"
dmsetup snapshot create "$(dm snap)" "$PART1" "$DISK3"
should btrfs device scan "$(dmdev snap)"
echo 3 > "$TESTDIR/b/file"
sync -f "$TESTDIR/b"
# from 6.7 on it can be mounted beside its original
if [[ -e /sys/fs/btrfs/features/temp_fsid ]]; then
	mnt "$(dmdev snap)" twice ro
	equal "$(cat "$TESTDIR/twice/file")" 2 "in the snapshot that is mounted beside its original"
	unmount twice
else
	mkdir -p "$TESTDIR/twice"
	fails 'File exists' mount -o ro "$(dmdev snap)" "$TESTDIR/twice"
fi
equal "$(btrfs filesystem show "$TESTDIR/b" | awk '$1 == "devid" { print $NF }')" "$PART1" "the device of the mounted btrfs"
dmsetup snapshot remove "$(dm snap)"
dmsetup remove "$(dm up)"
unmount b
mnt "$PART1" b
equal "$(findmnt -nro SOURCE "$TESTDIR/b")" "$PART1" "mounted again"
equal "$(cat "$TESTDIR/b/file")" 3
unmount b
end_bg "$listener" || :
