#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a Debian looks like that has booted with a remaptab (test/vm/boot.test): runs in it, once for each boot, prints
# "ok - WHAT" and "not ok - WHAT: WHY", and "done" at the end.

set -u
export PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C

which=$(sed 's/.*dmremap\.boot=\([a-z]*\).*/\1/' /proc/cmdline)
disk=/dev/vdb
out=/run/boot-test
mkdir "$out"

# WHAT GOT WANT
is() {
	if [[ $2 == "$3" ]]; then
		echo "ok - $which: $1"
	else
		printf 'not ok - %s: %s: %q, not %q\n' "$which" "$1" "$2" "$3"
	fi
}

# WHAT TEXT REGEX
says() {
	if grep -qE -- "$3" <<< "$2"; then
		echo "ok - $which: $1"
	else
		printf 'not ok - %s: %s: nothing of %s in %q\n' "$which" "$1" "$3" "$2"
	fi
}

# WHAT COMMAND...
succeeds() {
	local what=$1
	shift
	if "$@" > "$out/log" 2>&1; then
		echo "ok - $which: $what"
	else
		printf 'not ok - %s: %s: %q\n' "$which" "$what" "$(cat "$out/log")"
	fi
}

# where all links of udev lead, but those that name dm devices as such
links() {
	udevadm settle -t 60
	find /dev/disk/by-* -type l -printf '%p %l\n' | grep -v '/dm-name-\|/dm-uuid-' | sort
}

# WHAT: they are what they were
links_are_same() {
	is "links $1" "$(diff <(echo "$links_before") <(links) | grep '^[<>]')" ""
}

sectors_written() {
	awk '{ print $7 }' "/sys/class/block/$1/stat"
}

dm_node() {
	basename "$(readlink -f "/dev/mapper/$1")"
}

# Every sector of the root disk that was written since the machine was switched on went through the upper.
root_is_complete() {
	local i a b
	for (( i = 0; i < 40; i++ )); do
		sync -f /
		a=$(sectors_written vda)
		b=$(sectors_written "$(dm_node root-up)")
		if (( a == b && a > 0 )); then
			echo "ok - $which: the root file system was attached before its first write"
			return
		fi
		sleep 0.2
	done
	echo "not ok - $which: the root file system was not attached before its first write: the disk has $a sectors, the upper $b"
}

is "multi-user.target" "$(systemctl is-active multi-user.target)" active
is "mounts" "$(findmnt -nro SOURCE /; findmnt -nro SOURCE /data)" "/dev/vda
/dev/vdb1"
status=$(dmsetup remaptab status 2> "$out/said")

good() {
	is "no unit has failed" "$(systemctl --failed --no-legend --plain)" ""
	is "status" "$status" "root-up: remap vda
data-up: remap vdb1"
	root_is_complete
	is "attached before it was mounted" "$(systemctl show -p ExecMainExitTimestampMonotonic --value dm-remap |
		awk -v mount="$(systemctl show -p ActiveEnterTimestampMonotonic --value data.mount)" '{ print $1 < mount }')" 1
	echo hello > /data/file
	is "links of the root file system" "$(readlink -f /dev/disk/by-label/root)" /dev/vda
	is "links of the other" "$(readlink -f /dev/disk/by-label/data)" /dev/vdb1
	others
	# again, which changes nothing
	succeeds "the service stops" systemctl stop dm-remap
	is "status after that" "$(dmsetup remaptab status)" "root-up: not attached
data-up: not attached"
	succeeds "and starts again" systemctl start dm-remap
	is "status after that" "$(dmsetup remaptab status)" "$status"
	links_are_same "after that"
}

# What is on the partitions of the other disk, with an upper that dmsetup create has made beside it
others() {
	local part name
	succeeds "pvcreate" pvcreate -qq "${disk}2"
	succeeds "vgcreate" vgcreate -qq vg "${disk}2"
	succeeds "lvcreate" lvcreate -qq -l 50%FREE -n lv vg
	succeeds "mkfs.btrfs" mkfs.btrfs -q -L tree "${disk}3"
	succeeds "mdadm --create" mdadm --create /dev/md0 --run --level=1 --raid-devices=2 --metadata=1.2 "${disk}4" missing
	mkdir -p /tree
	mount "${disk}3" /tree
	links_before=$(links)
	for part in 1 2 3 4; do
		[[ $links_before == *"../../vdb$part"* ]] || echo "not ok - $which: vdb$part has no links"
	done
	pvs_before=$(pvs --noheadings -o pv_name,vg_name 2>&1)
	says "the physical volume" "$pvs_before" "${disk}2 +vg"
	for part in 2 3 4; do
		name=up$part
		echo "0 $(blockdev --getsz "$disk$part") linear $disk$part 0 noexcl" | dmsetup create "$name" 2>&1
		links_are_same "after create over vdb$part"
		is "no link of device-mapper's own either" "$(ls /dev/disk/by-id/dm-name-$name 2> /dev/null)" ""
		is "the link of the upper" "$(readlink -f "/dev/dm-remap/$name")" "$(readlink -f "/dev/mapper/$name")"
		# over that one, as a recipe by hand has it with the module
		echo "0 $(blockdev --getsz "$disk$part") linear /dev/mapper/$name 0" | dmsetup create "over$part" 2>&1
		links_are_same "after create over that"
		is "the link of one over the upper" "$(readlink -f "/dev/dm-remap/over$part")" "$(readlink -f "/dev/mapper/over$part")"
		dmsetup remove "over$part"
	done
	# of the others start says that not they are to be remapped
	says "start on a physical volume" "$(dmsetup remap start up2 "${disk}2" 2>&1)" "is a physical volume of LVM"
	says "start on a leg of md" "$(dmsetup remap start up4 "${disk}4" 2>&1)" "is a member of an md array"
	succeeds "start on btrfs" dmsetup remap start up3 "${disk}3"
	links_are_same "after start"
	is "a rule that looks for a start" "$(tail -n 1 /run/told)" "vdb3 start remap $(dm_node up3)"
	is "attached" "$(dmsetup remap status 2>&1 | grep -o '^up[234]: ')" "up3: "
	udevadm trigger -s block
	links_are_same "after udevadm trigger"
	udevadm trigger -s block -c add
	links_are_same "after udevadm trigger of add"
	is "physical volumes" "$(pvs --noheadings -o pv_name,vg_name 2>&1)" "$pvs_before"
	is "of the volume group" "$(vgs --noheadings -o pv_count vg 2>&1 | tr -d ' ')" 1
	says "LVM without the filter takes the original all the same" \
		"$(pvs --config 'devices { global_filter = [ "a|.*|" ] }' --noheadings -o pv_name,vg_name 2> /dev/null)" "${disk}2 +vg"
	is "btrfs filesystem show" "$(btrfs filesystem show /tree | awk '$1 == "devid" { print $NF }')" "${disk}3"
	is "mdadm --detail" "$(mdadm --detail /dev/md0 | awk '/active sync/ { print $NF }')" "${disk}4"
	is "md arrays" "$(grep -c ^md /proc/mdstat)" 1
	echo 1 > /tree/file
	succeeds "a write through btrfs" sync -f /tree
	succeeds "a write through LVM" dd if=/dev/zero of=/dev/vg/lv bs=64k count=4 oflag=direct status=none
	succeeds "a write through md" dd if=/dev/zero of=/dev/md0 bs=64k count=4 oflag=direct status=none
	(( $(sectors_written "$(dm_node up3)") > 0 )) || echo "not ok - $which: no write came to the upper of btrfs"
	succeeds "stop on btrfs" dmsetup remap stop up3
	links_are_same "after stop"
	is "a rule that looks for a stop" "$(tail -n 1 /run/told)" "vdb3 stop remap $(dm_node up3)"
	for part in 2 3 4; do
		succeeds "remove" dmsetup remove "up$part"
		links_are_same "after remove over vdb$part"
	done
	is "no link is left" "$(find /dev/dm-remap -type l -printf '%f\n' | sort | paste -sd' ')" "data-up root-up"
	umount /tree
}

bad() {
	local said
	is "status" "$status" "root-gone: not attached
root-short: not attached
root-none: not attached
root-up: remap vda
root-twice: not attached
data-gone: not attached
data-ok: remap vdb1
data-twice: not attached"
	is "only the service has failed" "$(systemctl --failed --no-legend --plain | awk '{ print $1 }')" dm-remap.service
	said=$(journalctl -u dm-remap -o cat)
	for line in 1 2 3 4 6 7 8 9 11; do
		says "line $line is told" "$said" "/etc/remaptab:$line: "
	done
	root_is_complete
	is "links of the root file system" "$(readlink -f /dev/disk/by-label/root)" /dev/vda
	is "links of the other" "$(readlink -f /dev/disk/by-label/data)" /dev/vdb1
	is "dm devices that failed lines have left" "$(dmsetup ls | awk '{ print $1 }' | grep -v '^vg-' | sort | paste -sd' ')" "data-ok root-up"
	is "the logical volume" "$(lvs --noheadings -o lv_name,lv_active vg 2>&1 | tr -s ' ')" " lv active"
}

none() {
	is "status" "$status" "root-up: not attached
data-up: not attached"
	is "only the service has failed" "$(systemctl --failed --no-legend --plain | awk '{ print $1 }')" dm-remap.service
	says "it is told" "$(journalctl -u dm-remap -o cat)" "remaptab start: this kernel has no interposer"
}

"$which"
sync
echo "done"
