#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A filter of a whole disk sees what comes through its partitions, at the sectors of the disk; a filter of a
# partition sees what comes through the disk and touches it, one bio that straddles its edge included, and not
# what does not touch it. The two exclude each other, filter or remap.
# timeout: 120
# kernel: patched
# native: filters
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

whole=$(sectors "$DISK1")
size1=$(sectors "$PART1")
start1=$(cat "/sys/class/block/$(basename "$PART1")/start")

equal $(( start1 % 8 )) 0 "the partition begins at a block"
equal $(( size1 % 8 )) 0 "the partition ends at a block"
rawio write "$PART1" 0 1024 1

# dust says by an error what it has seen, and where
# --- the disk
mk_dm disk "0 $whole dust $DISK1 0 4096 noexcl"
dmsetup message "$(dm disk)" 0 addbadblock $(( start1 / 8 + 7 ))
dmsetup message "$(dm disk)" 0 enable
dmsetup filter start "$(dm disk)" "$DISK1"
mk_zero part "$size1"
refused "$PART1: $(dm disk) is attached to the whole disk $(basename "$DISK1")" \
	dmsetup remap start "$(dm part)" "$PART1"
dmsetup remove "$(dm part)"
equal "$(oneio scan "$PART1" 0 16)" 7 "bad blocks of the partition, by the filter of the disk"
equal "$(oneio scan "$DISK1" "$start1" 16)" 7 "bad blocks of the disk"
equal "$(oneio scan "$PART2" 0 16)" "" "bad blocks of another partition"
before=$(counters disk)
rawio write -b 4096 "$PART2" 4096 80 2
rawio flush "$PART2"
equal "$(since disk "$before")" "0 0 11 80" "through another partition"
dmsetup filter stop "$(dm disk)"
equal "$(oneio scan "$PART1" 0 16)" "" "bad blocks after stop"

# --- a partition
dmsetup remove "$(dm disk)"
mk_dm part "0 $size1 dust $PART1 0 4096 noexcl"
dmsetup message "$(dm part)" 0 addbadblock 9
dmsetup message "$(dm part)" 0 addbadblock $(( size1 / 8 - 1 ))
dmsetup message "$(dm part)" 0 enable
dmsetup filter start "$(dm part)" "$PART1"
mk_zero disk "$whole"
refused "$DISK1: $(dm part) is attached to the partition $(basename "$PART1")" \
	dmsetup remap start "$(dm disk)" "$DISK1"
equal "$(oneio scan "$PART1" 0 16)" 9
equal "$(oneio scan "$DISK1" "$start1" 16)" 9 "through the disk"
before=$(counters part)
rawio write -b 4096 "$DISK1" $(( start1 + 128 )) 80 5
equal "$(since part "$before")" "0 0 10 80" "writes through the disk"
rawio check "$PART1" 128 80 5
before=$(counters part)
rawio flush "$DISK1"
equal "$(since part "$before")" "0 0 0 0" "a flush of the disk, that goes where it went"
before=$(counters part)
rawio write -b 4096 "$DISK1" $(( start1 + size1 + 2048 )) 80 6
rawio write -b 4096 "$PART2" 4096 80 7
equal "$(oneio scan "$DISK1" 0 4)" "" "before the partition"
equal "$(since part "$before")" "0 0 0 0" "I/O that does not touch the partition"

# 32 sectors before the end of the partition, 32 behind: one bio, and its half inside has a bad block
equal "$(cat "/sys/class/block/$(basename "$PART2")/start")" $(( start1 + size1 )) "the partitions touch"
before=$(counters part)
equal "$(oneio read -b 32768 "$DISK1" $(( start1 + size1 - 32 )) || :)" EIO "a straddling read over a bad block"
[[ $(since part "$before") == "1 "* ]] || fail "a straddling read: $(since part "$before")"
dmsetup message "$(dm part)" 0 disable
before=$(counters part)
equal "$(oneio write -b 32768 "$DISK1" $(( start1 + size1 - 32 )))" OK
[[ $(since part "$before") == "0 0 1 "* ]] || fail "a straddling write: $(since part "$before")"
head -c 32768 /dev/zero | tr '\0' '\245' > "$TESTDIR/straddle"
oneio read -O -b 32768 "$DISK1" $(( start1 + size1 - 32 )) | cmp - "$TESTDIR/straddle"
oneio read -O -b 16384 "$PART2" 0 | cmp - <(head -c 16384 "$TESTDIR/straddle") || fail "the half outside is lost"
dmsetup filter stop "$(dm part)"
