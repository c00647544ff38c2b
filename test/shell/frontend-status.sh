#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# status lists what is attached, with names and numbers, one line each, nothing when nothing is; -v tells each
# step on stderr and changes nothing else.
# timeout: 180
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

quiet dmsetup remap status
mk_upper up "$PART1"
mk_upper other "$PART2"
quiet dmsetup remap status
equal "$(dmsetup remap status "$(dm up)")" "$(dm up): not attached"
dmsetup -v remap start "$(dm up)" "$PART1" > "$TESTDIR/out" 2> "$TESTDIR/err"
equal "$(cat "$TESTDIR/out")" ""
grep -qF "@interpose_start remap $(devno "$PART1")" "$TESTDIR/err" || fail "-v does not tell the message"
rawio write "$PART1" 0 128 1
want="$(dm up): remap $(devno "$PART1") ($(basename "$PART1")) reads 0 sectors 0 writes 1 sectors 128 held 0 flags -"
equal "$(dmsetup remap status)" "$want"
equal "$(dmsetup remap status "$(dm up)")" "$want"
equal "$(dmsetup remap status "$(dm up)" "$(dm other)")" "$want"$'\n'"$(dm other): not attached"
dmsetup remap start --nolockfs "$(dm other)" "$PART2"
equal "$(dmsetup remap status | wc -l)" 2
dmsetup remap status | grep "^$(dm other): .* flags nolockfs\$" > /dev/null
# stop of several: each is tried
fail_with "$(dm up)-not: no such dm device" dmsetup remap stop "$(dm up)" "$(dm up)-not" "$(dm other)"
not attached up
not attached other

# reports, with what the machine knows of a file system
attached() {
	dmsetup remap status -c --noheadings "$@"
}
mk_ext4 "$PART1" a -L "a label"
uuid=$(blkid -o value -s UUID "$PART1")
begun=$(date +%s)
dmsetup remap start "$(dm up)" "$PART1"
mkdir -p "$TESTDIR/again"
mount --bind "$TESTDIR/a" "$TESTDIR/again"
provider=native
! kernel_is module || provider=module
equal "$(attached -o upper,original,provider --separator :)" "$(dm up):$(basename "$PART1"):$provider"
equal "$(attached -o fs_type,fs_label,fs_uuid,mount_points --separator :)" \
	"ext4:a label:$uuid:$TESTDIR/a,$TESTDIR/again"
equal "$(attached -o size --units b --nosuffix)" "$(blockdev --getsize64 "$PART1")"
equal "$(attached -o upper -S 'fs_type = xfs')" ""
# to a second on either side, for the clock of boot and the other have their own
sleep 3
since=$(attached -o since)
(( $(date -d "$since" +%s) >= begun - 1 && $(date -d "$since" +%s) < $(date +%s) - 1 )) ||
	fail "attached between $(date -d "@$begun") and 3 seconds before $(date): since $since"
equal "$(attached -o upper -S "since >= '$since'")" "$(dm up)"
equal "$(attached -o upper -S "since > '$since'")" ""
dd if="$PART1" of=/dev/null iflag=direct bs=4k count=1 status=none
equal "$(attached -o reads -S 'reads > 0' | wc -l)" 1
dmsetup remap status -o upper,mount_points --reportformat json > "$TESTDIR/json"
grep -qF '{"upper":"'"$(dm up)"'", "mount_points":"'"$TESTDIR/a,$TESTDIR/again"'"}' "$TESTDIR/json"
# what others show
dmsetup ls --tree | grep "$(dm up)" > /dev/null
lsblk -rno NAME "$PART1" | grep -x "$(dm up)" > /dev/null
umount "$TESTDIR/again"
dmsetup remap stop "$(dm up)"
unmount a
