#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Uppers whose table cannot serve: no live table, read-only, over another read-only original, a table that
# reaches the original exclusively; a table with two targets over two devices is fine.
# timeout: 240
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

size=$(sectors "$PART1")
half=$(( size / 2 ))

dmsetup create "$(dm bare)" --notable
refused "$(dm bare): has no live table" dmsetup remap start "$(dm bare)" "$PART1"
before=$(state)
# without a table it cannot be opened, as the module has to
want=ENODATA
! kernel_is module || want=ENXIO
equal "$(fuzzmsg raw "$(dm bare)" 0 "@interpose_start remap $(devno "$PART1")" || :)" "$want"
equal "$(state)" "$before"
reload bare "0 $size linear $PART1 0 noexcl"
refused "$(dm bare): has no live table" dmsetup remap start "$(dm bare)" "$PART1"
dmsetup remove "$(dm bare)"

echo "0 $size linear $PART1 0 noexcl" | dmsetup create --readonly "$(dm ro)"
refused "$(dm ro): is read-only, and $PART1 is not" dmsetup remap start "$(dm ro)" "$PART1"
dmsetup remove "$(dm ro)"
blockdev --setro "$PART2"
mk_dm rw "0 $(sectors "$PART2") zero"
refused "$(dm rw): is writable, and $PART2 is read-only" dmsetup remap start "$(dm rw)" "$PART2"
dmsetup remove "$(dm rw)"
blockdev --setrw "$PART2"

# claimed exclusively by the upper itself, or by a device below it: the I/O would come back
mk_linear excl "$PART1"
refused "leads back to (the original without noexcl|$PART1: load it over the target interpose)" dmsetup remap start "$(dm excl)" "$PART1"
mk_dm over "0 $size linear $(dmdev excl) 0"
refused "leads back to (the original without noexcl|$PART1: load it over the target interpose)" dmsetup remap start "$(dm over)" "$PART1"
dmsetup remove "$(dm over)"
dmsetup remove "$(dm excl)"

# shared at first; later the table below would claim it
mk_upper below "$PART1"
mk_linear up "$(dmdev below)"
dmsetup remap start "$(dm up)" "$PART1"
if native "a load of a table below is refused (module-loop.sh has what comes instead)"; then
	before=$(state)
	fails 'symbolic links' "$REAL_DMSETUP" reload "$(dm below)" --table "0 $size linear $PART1 0"
	equal "$(state)" "$before" "state after a load that leads back to the original"
fi
dmsetup remap stop "$(dm up)"
if kernel_is module; then
	# the links in sysfs of the target interpose are in the way of those of a claim, unless it is suspended
	before=$(state)
	fails 'File exists' "$REAL_DMSETUP" reload "$(dm below)" --table "0 $size linear $PART1 0"
	equal "$(state)" "$before" "state after a load that claims what the live table shares"
	dmsetup suspend "$(dm below)"
	equal "$(in_use_by "$PART1")" "" "while it is suspended"
fi
reload below "0 $size linear $PART1 0"
dmsetup resume "$(dm below)"
equal "$(in_use_by "$PART1")" "$(dm_node below)" "claimed"
not rawio claim "$PART1"
# and back
reload below "0 $size linear $PART1 0 noexcl"
dmsetup resume "$(dm below)"
rawio claim "$PART1"
dmsetup remove "$(dm up)"
dmsetup remove "$(dm below)"

# in use elsewhere
mk_upper up "$PART1"
mkfs.ext4 -q "$(dmdev up)"
mnt "$(dmdev up)" a
refused "$(dm up): is in use itself: ext4 mounted on $TESTDIR/a" dmsetup remap start "$(dm up)" "$PART1"
unmount a
mk_linear over "$(dmdev up)"
refused "$(dm up): is open \(1 time\): close it first" dmsetup remap start "$(dm up)" "$PART1"
dmsetup remove "$(dm over)"
dmsetup remove "$(dm up)"

# two targets, two devices
mk_dm two "0 $half linear $PART1 0 noexcl" "$half $(( size - half )) linear $DISK2 0"
dmsetup remap start "$(dm two)" "$PART1"
rawio write "$PART1" $(( half - 64 )) 128 1
rawio check "$PART1" $(( half - 64 )) 128 1
dmsetup remap stop "$(dm two)"
