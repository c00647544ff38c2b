#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Every kind of block device can be the original, under a mounted file system with verifying writers: it is
# remapped and filtered, and freed again, with no damage: logical volume of two pieces, dm-crypt, md raid1, md raid0,
# loop, NVMe, NVMe with protection information, SCSI. One leg of an md array is refused.
# timeout: 300
# kernel: interposer
# tier: long
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

# two legs, on two disks
small_part 48M
leg=${DISK3}1
echo ',48M' | sfdisk -q --label dos "$DISK3"
wait_for 10 test -b "$leg"

at_end() {
	[[ ! -e /sys/block/md77 ]] || mdadm --quiet --stop /dev/md77 || :
	wipefs -qa "$SMALL" "$leg" || :
}

# DEV: why the module does not take it, or nothing
refusal() {
	local name
	name=$(lsblk -dnro KNAME "$1")
	kernel_is module || return 0
	if [[ $name == @(dm-|md)* ]]; then
		echo "$1: takes bios itself"
	elif [[ $(cat "/sys/block/$name/integrity/format" 2> /dev/null) == T10* ]]; then
		echo "$1: the upper cannot stand in for the original .*integrity"
	fi
}

# over KIND DEV: whatever it is
over() {
	local dev=$2 stat before why
	why=$(refusal "$dev")
	if [[ $why ]]; then
		echo "--- $1: $dev: refused"
		mk_zero up "$(sectors "$dev")"
		refused "$why" dmsetup remap start "$(dm up)" "$dev"
		dmsetup remove "$(dm up)"
		return
	fi
	echo "--- $1: $dev, $(sectors "$dev") sectors"
	# QEMU forgets the sums of what is discarded
	mk_ext4 "$dev" a -E nodiscard
	mk_upper up "$dev"
	WARM_UP=50 start_writers a -n 2 -b 32
	stat=/sys/class/block/$(dm_node up)/stat

	dmsetup remap start "$(dm up)" "$dev"
	more_ops 40
	(( $(counter up reads) > 0 && $(counter up writes) > 10 )) || fail "went to the upper: $(counters up)"
	before=$(upper_writes up)
	more_ops 40
	(( $(upper_writes up) > before )) || fail "the upper has done nothing"
	dmsetup remap stop "$(dm up)"
	idle_upper up 10

	if native "a filter"; then
		dmsetup filter start "$(dm up)" "$dev"
		before=$(cat "$stat")
		more_ops 40
		(( $(counter up writes) > 10 )) || fail "seen by the filter: $(counters up)"
		equal "$(cat "$stat")" "$before" "a filter sends nothing through its device"
		dmsetup filter stop "$(dm up)"
		more_ops 40
	fi

	stop_writers
	dmsetup remove "$(dm up)"
	check_fs "$dev" a
	equal "$(in_use_by "/dev/$(lsblk -dnro KNAME "$dev")")" "" "holders of $dev"
}

build_md() {
	mdadm --quiet --build /dev/md77 --level="$1" "${@:2}" --raid-devices=2 "$SMALL" "$leg"
	wait_for 10 test -b /dev/md77
}

stop_md() {
	mdadm --quiet --stop /dev/md77
}

half=98304
mk_dm vol "0 $half linear $SMALL 0" "$half $half linear $PART2 4096"
over "logical volume of two pieces" "$(dmdev vol)"
dmsetup remove "$(dm vol)"

mk_dm vol "0 $half crypt aes-xts-plain64 $(printf '5a%.0s' {1..64}) 0 $SMALL 0"
over dm-crypt "$(dmdev vol)"
dmsetup remove "$(dm vol)"

# alike, so that they can be compared at the end
blkdiscard -z "$SMALL"
blkdiscard -z "$leg"
build_md 1 --assume-clean
over "md raid1" /dev/md77
stop_md
cmp -n $(( half * 512 )) "$SMALL" "$leg" || fail "the two legs of raid1 differ"
build_md 0 --chunk=64
over "md raid0" /dev/md77
stop_md
# with a label on the legs it is known what they are
mdadm --quiet --create /dev/md77 --run --assume-clean --level=1 --metadata=1.2 --raid-devices=2 "$SMALL" "$leg"
mk_zero up "$half"
for word in $(modes); do
	refused "$SMALL: is a member of an md array: $word the array" dmsetup "$word" start "$(dm up)" "$SMALL"
done
dmsetup remove "$(dm up)"
stop_md

mk_loop 64M
over loop "$LOOP"
over NVMe "$NVME"
# what was never written has no sums
dd if=/dev/zero of="$NVME_PI" bs=1M oflag=direct status=none 2> /dev/null || :
equal "$(cat "/sys/block/$(basename "$NVME_PI")/integrity/format")" T10-DIF-TYPE1-CRC "integrity of $NVME_PI"
over "NVMe with protection information" "$NVME_PI"
mk_zero up "$(sectors "$NVME_PI")"
refused "integrity" dmsetup remap start "$(dm up)" "$NVME_PI"
dmsetup remove "$(dm up)"
mk_scsi_debug
over SCSI "$SCSI_DISK"
