#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The original is unplugged under I/O while it is attached, and while it is started and stopped without end: its I/O
# fails and nothing hangs, status says "gone", stop and remove work, and the kernel lets go of all of it.
# timeout: 180
# kernel: module
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

: "${ROUNDS:=4}"

message() {
	timeout -k 1 100 "$REAL_DMSETUP" message "$(dm up)" 0 "$@" > /dev/null 2>&1
}

# messages until FILE is there; one that takes too long is a hang
start_and_stop() {
	local rc
	while [[ ! -e $TESTDIR/unplugged ]]; do
		for text in "@interpose_start remap $1" @interpose_stop; do
			rc=0
			message "$text" || rc=$?
			(( rc < 124 )) || { echo "$text: status $rc" > "$TESTDIR/hung"; return; }
		done
	done
}

attached_at_end=0
for (( i = 0; i < ROUNDS; i++ )); do
	mk_null_blk "o$i" size=8
	mk_upper up "$NULLB"
	number=$(devno "$NULLB")
	rm -f "$TESTDIR/unplugged"
	bg rawio hammer -c "$TESTDIR/hammer" -w "$NULLB" 0 2
	hammer=$BG
	wait_for 60 at_least hammer 8
	if (( i % 2 )); then
		start_and_stop "$number" &
		messages=$!
		random 90
		sleep "0.$(printf %02d "$R")"
	else
		message "@interpose_start remap $number"
		wait_for 60 counts up writes 20
	fi
	echo 0 > "/sys/kernel/config/nullb/$PREFIX-o$i/power"
	touch "$TESTDIR/unplugged"
	[[ ! -e /sys/block/$(basename "$NULLB") ]] || fail "the disk is still there"
	(( i % 2 == 0 )) || wait "$messages"
	[[ ! -e $TESTDIR/hung ]] || fail "$(cat "$TESTDIR/hung")"
	end_bg "$hammer" || :
	if attached up; then
		attached_at_end=$(( attached_at_end + 1 ))
		[[ ,$(counter up flags), == *,gone,* ]] || fail "flags: $(counter up flags)"
		message @interpose_stop || fail "stop: status $?"
	fi
	not attached up
	not message "@interpose_start remap $number"
	not rawio write "$(dmdev up)" 0 8 1 2> /dev/null
	equal "$(open_count up)" 0
	dmsetup remove "$(dm up)"
	rmdir "/sys/kernel/config/nullb/$PREFIX-o$i"
done
echo "$attached_at_end of $ROUNDS attached at the end"

# a partition, with its disk, and its file system
mk_null_blk disk size=64
rawio addpart "$NULLB" 2048 65536 1
part=${NULLB}1
wait_for 10 test -b "$part"
mk_ext4 "$part" a
mk_upper up "$part"
dmsetup remap start "$(dm up)" "$part"
dd if=/dev/zero of="$TESTDIR/a/file" bs=64k count=32 conv=fsync status=none
echo 0 > "/sys/kernel/config/nullb/$PREFIX-disk/power"
not dd if=/dev/zero of="$TESTDIR/a/file2" bs=64k count=32 conv=fsync status=none 2> /dev/null
[[ ,$(counter up flags), == *,gone,* ]] || fail "flags: $(counter up flags)"
message @interpose_stop || fail "stop: status $?"
unmount a
dmsetup remove "$(dm up)"
