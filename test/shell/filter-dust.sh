#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# dust as a filter: from start to stop the marked blocks fail, exactly those, whatever the size of the bio; its
# messages work while it is attached; a write clears a mark, after the failures that were asked for. The same
# commands on the dust device itself say the same, line by line.
# timeout: 240
# kernel: patched
# native: filters
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

size=$(sectors "$PART1")

m() {
	dmsetup message "$(dm up)" 0 "$@"
}

# what a program sees of DEV
story() {
	local dev=$1
	rawio write "$dev" 0 2048 1
	m clearbadblocks
	m disable
	m addbadblock 3
	m addbadblock 10
	m addbadblock 64
	echo "not enabled: $(oneio scan "$dev" 0 80)"
	m enable
	echo "enabled: $(oneio scan "$dev" 0 80)"
	echo "sectors: $(oneio scan -b 512 "$dev" 16 24)"
	echo "32 KiB: $(oneio scan -b 32768 "$dev" 0 16)"
	echo "64 KiB: $(oneio scan -b 65536 "$dev" 0 8)"
	echo "1 MiB: $(oneio scan -b 1048576 "$dev" 0 2)"
	m queryblock 3
	m queryblock 4
	m countbadblocks
	m listbadblocks
	m disable
	echo "disabled: $(oneio scan "$dev" 0 80)"
	m enable
	m removebadblock 10
	echo "one removed: $(oneio scan "$dev" 0 80)"
	echo "flush: $(oneio flush "$dev" || :)"
	# a write clears the marks that it covers, and no other
	echo "write: $(oneio write "$dev" 24 || :)"
	echo "one written: $(oneio scan "$dev" 0 80)"
	echo "large write: $(oneio write -b 65536 "$dev" 512 || :)"
	echo "written: $(oneio scan "$dev" 0 80)"
	m countbadblocks
	# fails as often as was asked for, and then clears
	m addbadblock 20 2
	echo "write 1: $(oneio write "$dev" 160 || :)"
	echo "write 2: $(oneio write "$dev" 160 || :)"
	echo "still bad: $(oneio scan "$dev" 0 80)"
	echo "write 3: $(oneio write "$dev" 160 || :)"
	echo "good: $(oneio scan "$dev" 0 80)"
	# the bio fails, but what of it is not bad was written
	m addbadblock 40 1
	echo "over it: $(oneio write -b 65536 -f 90 "$dev" 256 || :)"
	echo "after: $(oneio scan "$dev" 0 80)"
	m disable
	dd if="$dev" bs=4096 skip=32 count=16 iflag=direct status=none | md5sum
	dd if="$dev" bs=4096 skip=40 count=1 iflag=direct status=none | md5sum
	m enable
	# a discard is a write
	m clearbadblocks
	m addbadblock 48
	rawio discard "$dev" 384 8
	m countbadblocks
	m clearbadblocks
	m countbadblocks
}

mk_dm up "0 $size dust $PART1 0 4096 noexcl"
story "$(dmdev up)" > "$TESTDIR/device"
dmsetup filter start "$(dm up)" "$PART1"
story "$PART1" > "$TESTDIR/filter"
cat "$TESTDIR/filter"
diff "$TESTDIR/device" "$TESTDIR/filter" || fail "the filter and the device do not do the same"
grep -qx 'enabled: 3 10 64' "$TESTDIR/filter"
grep -qx 'sectors: 8 9 10 11 12 13 14 15' "$TESTDIR/filter"
grep -qx '32 KiB: 0 1 8' "$TESTDIR/filter"
grep -qx 'one written: 64' "$TESTDIR/filter"
grep -qx 'written: ' "$TESTDIR/filter"
grep -qx 'write 2: EIO' "$TESTDIR/filter"
grep -qx 'write 3: OK' "$TESTDIR/filter"
grep -qx 'over it: EIO' "$TESTDIR/filter"

# the effect ends at stop and begins at start: the table keeps the marks
m addbadblock 5
equal "$(oneio scan "$PART1" 0 16)" 5
dmsetup filter stop "$(dm up)"
equal "$(oneio scan "$PART1" 0 16)" "" "after stop"
equal "$(oneio scan "$(dmdev up)" 0 16)" 5 "the device itself, after stop"
equal "$(oneio write "$PART1" 40)" OK
dmsetup filter start "$(dm up)" "$PART1"
equal "$(oneio scan "$PART1" 0 16)" 5 "a write after stop has cleared a mark"
dmsetup filter stop "$(dm up)"
dmsetup remove "$(dm up)"

# blocks of one sector
mk_dm up "0 $size dust $PART1 0 512 noexcl"
m addbadblock 9
m enable
dmsetup filter start "$(dm up)" "$PART1"
equal "$(oneio scan -b 512 "$PART1" 0 24)" 9
equal "$(oneio scan "$PART1" 0 4)" 1
dmsetup filter stop "$(dm up)"
dmsetup remove "$(dm up)"

# under a mounted file system: a block of a file, and nobody else notices
mk_ext4 "$PART1" a -b 4096
dd if=/dev/urandom of="$TESTDIR/a/victim" bs=1M count=1 conv=fsync status=none
sum=$(md5sum < "$TESTDIR/a/victim")
sync
bad=$(block_of "$PART1" /victim 100)
mk_dm up "0 $size dust $PART1 0 4096 noexcl"
m addbadblock "$bad"
m enable
start_writers a
dmsetup filter start "$(dm up)" "$PART1"
more_ops 100
equal "$(oneio scan "$TESTDIR/a/victim" 0 256)" 100 "bad blocks of the file"
drop_caches
fails 'Input/output error' cat "$TESTDIR/a/victim"
more_ops 100
m disable
equal "$(oneio scan "$TESTDIR/a/victim" 0 256)" ""
m enable
dd if="$TESTDIR/a/victim" of="$TESTDIR/kept" bs=4096 skip=101 status=none
dmsetup filter stop "$(dm up)"
drop_caches
equal "$(md5sum < "$TESTDIR/a/victim")" "$sum" "the file after stop"
dmsetup filter start "$(dm up)" "$PART1"
oneio write "$TESTDIR/a/victim" 800
m countbadblocks | grep -F ' 0 badblock'
equal "$(oneio scan "$TESTDIR/a/victim" 0 256)" "" "after the write"
dmsetup filter stop "$(dm up)"
stop_writers
check_fs "$PART1" a
