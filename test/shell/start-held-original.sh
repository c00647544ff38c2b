#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Start and stop while the original does not answer: a start that writes out the file system can be killed, and
# nothing has changed; one whose freeze waits goes on by itself when the original answers, and thaws; a stop can be
# killed, and it is still attached. Others start, stop and write meanwhile.
# timeout: 300
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

small_part 48M
mk_linear vol "$SMALL"
original=$(dmdev vol)
if kernel_is module; then
	# which takes no mapped device for an original
	original=$(losetup --show -f --direct-io=on "$original")
	loops+=("$original")
fi
mk_upper up "$original"
mk_ext4 "$original" held -b 4096
# what start writes out is still to be written then
mount -o remount,commit=300 "$TESTDIR/held"
writeback=$(< /proc/sys/vm/dirty_writeback_centisecs)
at_end() {
	echo "$writeback" > /proc/sys/vm/dirty_writeback_centisecs
}
echo 0 > /proc/sys/vm/dirty_writeback_centisecs
echo ',32M' | sfdisk -q --label dos "$DISK3"
wait_for 10 test -b "${DISK3}1"
mk_upper other "${DISK3}1"
mk_ext4 "${DISK3}1" a
WARM_UP=200 start_writers a -n 2
head -c 4M /dev/urandom > random

# PID: it waits for a device, and takes no signal
waits() {
	[[ $(ps -o stat= -p "$1") == D* ]]
}

has_ended() {
	! kill -0 "$1" 2> /dev/null || [[ $(ps -o stat= -p "$1") == Z* ]]
}

others_go_on() {
	more_ops 20
	dmsetup remap start "$(dm other)" "${DISK3}1"
	[[ $(dmsetup remap status) == *"$(dm other): remap "* ]] || fail "status: $(dmsetup remap status)"
	more_ops 20
	dmsetup remap stop "$(dm other)"
}

# dirty data that cannot be written
hold() {
	cp random "$TESTDIR/held/$1"
	dmsetup suspend --nolockfs "$(dm vol)"
}

usable() {
	dmsetup resume "$(dm vol)"
	wait_for 60 has_ended "$1"
	cmp random "$TESTDIR/held/$2"
	fsfreeze -f "$TESTDIR/held"
	fsfreeze -u "$TESTDIR/held"
	echo "$2" > "$TESTDIR/held/small"
	sync "$TESTDIR/held/small"
}

# what start reads of it stays in memory
dmsetup remap start "$(dm up)" "$original"
dmsetup remap stop "$(dm up)"

echo "a start that writes out"
hold one
dmsetup -v remap start "$(dm up)" "$original" 2> said &
starting=$!
wait_for 20 grep -q 'writing out the ext4 file system' said
others_go_on
not attached up
not has_ended "$starting"
# it is not frozen: this may not have to wait for its thaw
ls "$TESTDIR/held"
kill -TERM "$starting"
wait_for 10 has_ended "$starting"
rc=0
wait "$starting" || rc=$?
equal "$rc" 143 "status of the start"
not grep -q 'sending' said
fail_with 'is not attached' dmsetup remap stop "$(dm up)"
usable "$starting" one
not attached up

echo "a start whose freeze waits"
hold two
# nobody has written out before that
fuzzmsg raw "$(dm up)" 0 "@interpose_start remap $(devno "$original")" > said 2>&1 &
starting=$!
wait_for 20 waits "$starting"
others_go_on
equal "$(fuzzmsg raw "$(dm up)" 0 "@interpose_start remap $(devno "$original")" || :)" EBUSY
not attached up
dmsetup remap stop "$(dm up)" 2> stop.said &
stopping=$!
holds 1 kill -0 "$stopping"
kill -TERM "$stopping"
wait_for 10 has_ended "$stopping"
echo frozen > "$TESTDIR/held/small" &
touching=$!
kill -KILL "$starting"
holds 1 waits "$starting"
usable "$starting" two
wait "$touching"
wait "$starting" || :
! attached up || dmsetup remap stop "$(dm up)"
equal "$(open_count up)" 0

echo "a stop whose upper waits"
dmsetup remap start "$(dm up)" "$original"
dmsetup suspend --nolockfs "$(dm vol)"
dd if=random of="$TESTDIR/held/two" bs=4k count=1 oflag=direct conv=notrunc status=none &
writing=$!
wait_for 10 counts up writes 1
dmsetup remap stop "$(dm up)" 2> stop.said &
stopping=$!
others_go_on
not has_ended "$stopping"
kill -TERM "$stopping"
wait_for 10 has_ended "$stopping"
attached up
usable "$stopping" two
wait "$writing"
dmsetup remap stop "$(dm up)"

stop_writers
check_fs "${DISK3}1" a
unmount held
fsck_ok "$original"
dmsetup remove "$(dm up)"
! kernel_is module || losetup -d "$original"
