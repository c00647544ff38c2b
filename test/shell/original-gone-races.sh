#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The original is unplugged under load while it is being started or stopped, or is attached and mounted, ROUNDS (12)
# times at random instants: nothing hangs, what is attached says that the original is gone and can be stopped, all
# comes apart, and nothing stays open. Another device of the table is unplugged: only what is there fails.
# timeout: 300
# kernel: interposer
# tier: long
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

: "${ROUNDS:=12}"

ended() {
	! kill -0 "$1" 2> /dev/null
}

# unplug NAME: of mk_null_blk; returns when the disk is gone, whoever has it open
unplug() {
	echo 0 > "/sys/kernel/config/nullb/$PREFIX-$1/power"
}

unplug_after() {
	sleep "$1"
	unplug "$2"
}

flags_gone() {
	[[ ,$(counter up flags), == *,gone,* ]]
}

# what must be so whenever the original of "up" has gone
after_the_unplug() {
	if attached up; then
		wait_for 10 flags_gone
		"$REAL_DMSETUP" message "$(dm up)" 0 @interpose_stop
		stopped=$(( stopped + 1 ))
	fi
	not attached up
	# it fails all I/O, at once
	not rawio write "$(dmdev up)" 0 8 1
	equal "$(open_count up)" 0
	dmsetup remove "$(dm up)"
}

# of the modes that there are
last=$(modes)
last=${last##* }
stopped=0
for (( i = 0; i < ROUNDS; i++ )); do
	mode=remap
	(( i % 4 < 2 )) || mode=$last
	mk_null_blk "o$i" size=8
	mk_upper up "$NULLB"
	start="@interpose_start $mode $(devno "$NULLB")"
	text=$start
	start_hammer "$NULLB" 4 -w
	if (( i % 2 )); then
		"$REAL_DMSETUP" message "$(dm up)" 0 "$text"
		text=@interpose_stop
	fi
	random 40
	unplug_after "0.0$(printf %02d "$R")" "o$i" &
	unplugging=$!
	# again and again until it is gone; in each third round it stays once it is attached
	while ! ended "$unplugging"; do
		if (( i % 3 == 2 )) && [[ $text == @interpose_stop ]]; then
			sleep 0.01
			continue
		fi
		fuzzmsg raw "$(dm up)" 0 "$text" > "$TESTDIR/out" && sleep 0.01
		case $text in
		@interpose_stop) text=$start ;;
		*) text=@interpose_stop ;;
		esac
	done
	wait "$unplugging"
	[[ ! -e /sys/block/$(basename "$NULLB") ]] || fail "the disk is still there"
	not fuzzmsg raw "$(dm up)" 0 "$start" > "$TESTDIR/out"
	end_bg "$HAMMER" || :
	after_the_unplug
	rmdir "/sys/kernel/config/nullb/$PREFIX-o$i"
done
echo "$i rounds, $stopped of them attached at the end"
(( stopped && stopped < i )) || fail "all rounds ended alike: this test proves less than it says"

# --- mounted
for mode in $(modes); do
	mk_null_blk "m$mode" size=32
	mk_ext4 "$NULLB" "m$mode"
	mk_upper up "$NULLB"
	dmsetup "$mode" start "$(dm up)" "$NULLB"
	dd if=/dev/zero of="$TESTDIR/m$mode/file" bs=64k count=32 conv=fsync status=none
	dd if=/dev/zero of="$TESTDIR/m$mode/dirty" bs=64k count=32 status=none
	unplug "m$mode"
	not dd if=/dev/zero of="$TESTDIR/m$mode/file2" bs=64k count=32 conv=fsync status=none 2> /dev/null
	wait_for 10 flags_gone
	quiet dmsetup "$mode" stop "$(dm up)"
	unmount "m$mode"
	dmsetup remove "$(dm up)"
	rmdir "/sys/kernel/config/nullb/$PREFIX-m$mode"
done

# --- another device of the table, under writers on the original
small_part 64M
mk_ext4 "$SMALL" a
WARM_UP=50 start_writers a -n 2 -b 32
size=$(sectors "$SMALL")
for mode in $(modes); do
	mk_null_blk "cow$mode" size=64
	mk_dm snap "0 $size snapshot $SMALL $NULLB N 8 noexcl:$SMALL"
	mk_dm up "0 $size snapshot-origin $SMALL noexcl"
	dmsetup "$mode" start "$(dm up)" "$SMALL"
	more_ops 100
	(( $(target_says snap | cut -d/ -f1) > 8 )) || fail "nothing was copied"
	unplug "cow$mode"
	invalid() {
		[[ $(target_says snap) == Invalid ]]
	}
	wait_for 30 invalid
	more_ops 100
	attached up || fail "detached by a device that is not the original"
	dmsetup "$mode" stop "$(dm up)"
	more_ops 20
	dmsetup remove "$(dm snap)"
	dmsetup remove "$(dm up)"
	rmdir "/sys/kernel/config/nullb/$PREFIX-cow$mode"
done
stop_writers
check_fs "$SMALL" a

# half of the upper is on a disk that goes
mk_null_blk half size=64
half=$(( size / 2 ))
rawio write "$SMALL" 0 1024 1
rawio write "$SMALL" "$half" 1024 2
mk_dm up "0 $half linear $SMALL 0 noexcl" "$half $(( size - half )) linear $NULLB 0"
dmsetup remap start "$(dm up)" "$SMALL"
rawio write "$SMALL" 0 1024 3
rawio write "$SMALL" "$half" 1024 4
unplug half
rawio write "$SMALL" 0 1024 5
not rawio write "$SMALL" "$half" 1024 6
[[ ,$(counter up flags), != *,gone,* ]] || fail "the original is there: $(counter up flags)"
quiet dmsetup remap stop "$(dm up)"
rawio check "$SMALL" 0 1024 5
rawio check "$SMALL" "$half" 1024 2
