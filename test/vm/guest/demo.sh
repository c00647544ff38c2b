#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What demo shows; runs in the machine.
# timeout: 240
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"

: "${COLOUR:=}"
bold="" plain=""
if [[ $COLOUR ]]; then
	bold=$'\e[1m' plain=$'\e[0m'
fi

text() {
	echo
	printf '%s\n' "$@"
}

# A command as one would type it, and what it prints
run() {
	printf '%s# %s%s\n' "$bold" "$1" "$plain"
	eval "$1"
}

tree() {
	run "lsblk -o NAME,MAJ:MIN,SIZE,TYPE,MOUNTPOINTS /dev/vda1"
}

mkdir -p /mnt /snap
mkfs.ext4 -q -F "$PART1" < /dev/null

text "A file system on /dev/vda1 is mounted and busy: six writers verify every block they read," \
	"and a diary gets a line twenty times a second."
run "mount /dev/vda1 /mnt"
run "iowrite -n 6 /mnt &"
# the job above would be waited for by its number, and killed with the rest
writers=$!
bg_pids+=("$writers")
: > /mnt/diary
# shellcheck disable=SC2016	# for the inner shell
bg bash -c 'for (( i = 1; ; i++ )); do echo "entry $i" >> /mnt/diary; sleep 0.05; done'
diary=$BG
written() { (( $(wc -l < /mnt/diary) >= $1 )); }
wait_for 60 written 20
tree

text "Remap: a device-mapper table over the same partition, without claiming it for itself ..."
# shellcheck disable=SC2016	# shown as typed
run 'echo "0 $(blockdev --getsz /dev/vda1) linear /dev/vda1 0 noexcl" | dmsetup create dm-noexcl'
text "... and from now on all I/O of the mounted file system goes through it:"
run "dmsetup remap start dm-noexcl /dev/vda1"
tree
run "dmsetup remap status dm-noexcl"
sleep 2
run "dmsetup remap status dm-noexcl"
writes=$("$REAL_DMSETUP" message dm-noexcl 0 @interpose_status | cut -d' ' -f6)
(( writes > 0 )) || fail "nothing was diverted"
text "Freed again; nothing was unmounted, the writers ran on:"
run "dmsetup remap stop dm-noexcl"
run "dmsetup remove dm-noexcl"
tree

text "The same way a partition gets a snapshot while it is in use; the old blocks go to /dev/vdb:"
run "dmsetup snapshot create snap /dev/vda1 /dev/vdb"
run "mount -o ro /dev/mapper/snap /snap"
frozen=$(md5sum < /snap/diary)
entries=$(wc -l < /mnt/diary)
wait_for 60 written $(( entries + 40 ))
tree
text "The last lines of the diary, in the snapshot and live:"
printf '%s# tail -n 4 /snap/diary /mnt/diary%s\n' "$bold" "$plain"
paste <(echo snapshot; echo --------; tail -n 4 /snap/diary) <(echo live; echo ----; tail -n 4 /mnt/diary) |
	awk -F '\t' '{ printf "    %-24s%s\n", $1, $2 }'
blockdev --flushbufs /dev/mapper/snap
equal "$(md5sum < /snap/diary)" "$frozen" "the snapshot has changed"
run "dmsetup snapshot status"
run "umount /snap"
run "e2fsck -fn /dev/mapper/snap > /dev/null 2>&1 && echo the file system in the snapshot is clean"
run "dmsetup snapshot remove snap"
tree

text "What the writers say, who have been at it all the time:"
end_bg "$diary" || :
kill -TERM "$writers"
rc=0
wait "$writers" || rc=$?
equal "$rc" 0 "the writers found faults: status"
run "umount /mnt"
run "e2fsck -fn /dev/vda1 > /dev/null 2>&1 && echo the file system is clean"
