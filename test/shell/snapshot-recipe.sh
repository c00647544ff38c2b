#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# dmsetup snapshot: of two mounted devices at one instant, with a COW device and a COW file; further ones of
# the same devices and of a third; a COW that runs full; a backup of one; and all of it removed, under load.
# timeout: 300
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

# the uppers of the originals are not named by the test
at_end() {
	remove_recipes
}

# SNAP FILE: what the writers had done when SNAP was taken, read in it and in the snapshot of the other file
instant_of() {
	mnt "$(dmdev "$1")" one ro
	mnt "$(dmdev "$2")" other ro
	order check "$TESTDIR/one/A" "$TESTDIR/other/B" || fail "$1 and $2 are not of one instant"
	unmount one
	unmount other
}

printf ',80M\n,80M\n,80M\n,64M\n' | sfdisk -q --label dos "$DISK2"
printf ',64M\n,64M\n,64M\n' | sfdisk -q --label dos "$DISK3"
wait_for 10 test -b "${DISK2}3" -a -b "${DISK3}3"
wipefs -aq "$DISK3"? "${DISK2}4"
mk_ext4 "${DISK2}1" a
mk_ext4 "${DISK2}2" b
mk_ext4 "${DISK2}3" c
mk_ext4 "$PART1" cows
truncate -s 64M "$TESTDIR/cows/1"
truncate -s 1M "$TESTDIR/cows/tiny"
mkfs.ext4 -q -F "$PART2"
truncate -s 12M "$TESTDIR/cows/small"
before=$(state; losetup -a)
start_writers a
start_order "$TESTDIR/a/A" "$TESTDIR/b/B"

quiet dmsetup snapshot create "$(dm s1)" "${DISK2}1" "${DISK3}1" "$(dm s2)" "${DISK2}2" "$TESTDIR/cows/1"
at_start=$(count_in order)
mode=remap
! native "a snapshot-origin that is a filter" || mode=filter
equal "$(dmsetup $mode status | grep -c -- -origin:)" 2 "attached to $mode"
sum1=$(md5_of "$(dmdev s1)")
sum2=$(md5_of "$(dmdev s2)")
wait_for 60 at_least order $(( at_start + 30 ))
more_ops 300
instant_of s1 s2
newest=$(count_in order)
(( newest > at_start )) || fail "the writers stand still"

# one more of the first, and the first of a third: the instant is the one at which both are suspended
quiet dmsetup snapshot create "$(dm s3)" "${DISK2}1" "${DISK3}2" "$(dm s4)" "${DISK2}2" "${DISK2}4" \
	"$(dm small)" "${DISK2}3" "$TESTDIR/cows/small"
wait_for 60 at_least order $(( newest + 30 ))
instant_of s3 s4
for s in s1 s2 s3 s4; do
	fsck_clean "$(dmdev $s)"
done
equal "$(md5_of "$(dmdev s1)")" "$sum1" "s1 has changed"
equal "$(md5_of "$(dmdev s2)")" "$sum2" "s2 has changed"
dmsetup snapshot status > status.out
cat status.out
equal "$(grep -c ' sectors used (' status.out)" 5
grep -qE "^$(dm s1): of $(basename "${DISK2}1") \([0-9:]+\), [0-9]+/[0-9]+ sectors used" status.out ||
	fail "status of s1"

# a COW that is too small: only the snapshot is lost
dd if=/dev/urandom of="$TESTDIR/urandom" bs=1M count=16 status=none
dd if="$TESTDIR/urandom" of="$TESTDIR/c/big" bs=1M conv=fsync status=none
dmsetup snapshot status "$(dm small)" | grep 'Invalid: no longer of use' > /dev/null || fail "$(dmsetup snapshot status)"
drop_caches
cmp "$TESTDIR/urandom" "$TESTDIR/c/big"
quiet dmsetup snapshot remove "$(dm small)"

# what is refused changes nothing
taken=$(state)
fail_with 'is stored on .*, of which a snapshot is to be taken' \
	dmsetup snapshot create "$(dm x)" "$PART1" "$TESTDIR/cows/small"
fail_with 'is stored on' dmsetup snapshot create "$(dm x)" "$PART1" "${DISK3}2" "$(dm y)" "${DISK2}3" "$TESTDIR/cows/small"
fail_with 'there is such a dm device already: dmsetup snapshot remove' \
	dmsetup snapshot create "$(dm s1)" "${DISK2}1" "$TESTDIR/cows/small"
fail_with 'is in use: lsblk shows by whom' dmsetup snapshot create "$(dm x)" "${DISK2}3" "${DISK3}1"
fail_with 'has something on it \(ext4\): .* wipefs -a' \
	dmsetup snapshot create "$(dm x)" "${DISK2}3" "$PART2"
fail_with 'is given twice' dmsetup snapshot create "$(dm x)" "${DISK2}3" "$DISK1" "$(dm y)" "${DISK2}3" "$PART3"
fail_with 'too few for a snapshot' dmsetup snapshot create "$(dm x)" "${DISK2}3" "$TESTDIR/cows/tiny"
fail_with 'No such file' dmsetup snapshot create "$(dm x)" /dev/nonesuch "$PART3"
fail_with 'no such snapshot' dmsetup snapshot remove "$(dm nonesuch)"
mk_upper up "${DISK2}3"
dmsetup remap start "$(dm up)" "${DISK2}3"
fail_with 'is attached to it, which is no snapshot-origin: stop that first: dmsetup remap stop' \
	dmsetup snapshot create "$(dm x)" "${DISK2}3" "$TESTDIR/cows/small"
dmsetup remap stop "$(dm up)"
dmsetup remove "$(dm up)"
mnt "$(dmdev s1)" backup ro
fail_with 'is in use: unmount it first' dmsetup snapshot remove "$(dm s1)"
# a backup of it
mkdir "$TESTDIR/cows/backup"
cp -r "$TESTDIR/backup/." "$TESTDIR/cows/backup"
diff -r "$TESTDIR/backup" "$TESTDIR/cows/backup"
unmount backup
equal "$(state)" "$taken" "a refused command changed something"

quiet dmsetup snapshot remove "$(dm s1)"
more_ops 50
quiet dmsetup snapshot remove "$(dm s2)" "$(dm s3)" "$(dm s4)"
equal "$(dmsetup snapshot status)" ""
wait_for 10 test -z "$(losetup -n -O NAME -j "$TESTDIR/cows/1")"
equal "$(state; losetup -a)" "$before" "not as it was before"
stop_order
stop_writers
check_fs "${DISK2}1" a
unmount b
unmount c
fsck_ok "${DISK2}2"
fsck_ok "${DISK2}3"
