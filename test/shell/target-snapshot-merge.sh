#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A mounted partition goes back to a snapshot that was taken of it in use. Offline: unmount, stop, and merge. Or
# with the file system back at once: unmount, let the upper become snapshot-merge, and mount while it merges.
# timeout: 150
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

WARM_UP=300
small_part 32M
size=$(sectors "$SMALL")
slice cow 40
# a second way to it, which can be made slow
mk_dm slow "0 $(sectors "$(dmdev cow)") linear $(dmdev cow) 0"
args="$SMALL $(dmdev slow) P 8"

# what is on it is the same at any time from here on
snapshot() {
	dd if=/dev/zero of="$(dmdev cow)" bs=1M count=1 oflag=direct status=none
	mk_dm snap "0 $size snapshot $args noexcl:$SMALL"
	mk_dm up "0 $size snapshot-origin $SMALL noexcl"
	dmsetup remap start "$(dm up)" "$SMALL"
	sum=$(md5_of "$(dmdev snap)")
	echo later > "$TESTDIR/a/later"
	more_ops 150
	stop_writers
	unmount a
	[[ $(md5_of "$SMALL") != "$sum" ]] || fail "nothing has changed: this test proves nothing"
}

# NAME: only the merge's own sectors are left
merged() {
	local left
	left=$(word "$1" 1)
	[[ ${left%/*} == "$(word "$1" 2)" ]]
}

echo "offline"
mk_ext4 "$SMALL" a -b 4096
start_writers a -n 4 -b 128
snapshot
dmsetup remap stop "$(dm up)"
dmsetup remove "$(dm up)"
dmsetup remove "$(dm snap)"
mk_dm merge "0 $size snapshot-merge $args"
wait_for 60 merged merge
dmsetup remove "$(dm merge)"
blockdev --flushbufs "$SMALL"
equal "$(md5_of "$SMALL")" "$sum" "the partition after the merge"
fsck_ok "$SMALL"

echo "online"
mnt "$SMALL" a
start_writers a -n 4 -b 128
snapshot
# the handover of the exceptions needs the snapshot suspended
dmsetup suspend "$(dm snap)"
# so slow that it cannot be over too soon
become slow "0 $(sectors "$(dmdev cow)") delay $(dmdev cow) 0 200 $(dmdev cow) 0 0"
become up "0 $size snapshot-merge $args noexcl:$SMALL"
dmsetup remove "$(dm snap)"
# pages of the file system as it was
blockdev --flushbufs "$SMALL"
mnt "$SMALL" a
[[ ! -e $TESTDIR/a/later ]] || fail "the file system has not gone back"
! merged up || fail "it has merged already: this test proves nothing"
refused 'data that .+ has not' dmsetup remap stop "$(dm up)"
become slow "0 $(sectors "$(dmdev cow)") linear $(dmdev cow) 0"
start_writers a -n 4 -b 128
wait_for 60 merged up
more_ops 100
take_down
dmsetup remove "$(dm slow)"
dmsetup remove "$(dm cow)"
more_ops 50
stop_writers
check_fs "$SMALL" a
