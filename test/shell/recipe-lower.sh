#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The device that the recipes put over an original with the module: udev is told to leave it alone, all tables are over
# it, and it goes with them; so does what a recipe left that was killed, at whatever instant, and then works again.
# timeout: 300
# kernel: module
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

: "${ROUNDS:=4}"

at_end() {
	remove_recipes
}

# what it is over, or nothing
lower_of() {
	"$REAL_DMSETUP" table "$(basename "$1")-lower" 2> /dev/null || :
}

# LIMIT ARG...: killed after at most LIMIT ms; returns when it is dead, and whoever stood by for it has ended. Not while
# it loads the table of a cache: the constructor of dm-cache destroys an error pointer when it is killed while it makes
# the threads of kcopyd, and the kernel panics (6.1, 6.12). A process stops only outside of the kernel.
killed() {
	local limit=$1 pid
	shift
	bg dmsetup "$@"
	pid=$BG
	random "$limit"
	sleep "$(( R / 1000 )).$(printf %03d $(( R % 1000 )))"
	if [[ $1 == cache ]]; then
		kill -STOP "$pid" 2> /dev/null || :
		wait_for 60 outside "$pid"
	fi
	kill -KILL "$pid" 2> /dev/null || :
	wait "$pid" 2> /dev/null || :
	wait_for 60 alone
}

# PID: stopped, or ended
outside() {
	local stat
	stat=$(ps -o stat= -p "$1") || return 0
	[[ $stat == [TZ]* ]]
}

alone() {
	! pgrep -x dmsetup > /dev/null && ! pgrep -x dmsetup-remap > /dev/null
}

echo ',96M' | sfdisk -q --label dos "$DISK2"
part=${DISK2}1
wait_for 10 test -b "$part"
wipefs -aq "$PART1" "$PART2"
mk_ext4 "$part" a
before=$(state)
start_writers a
whole="0 $(sectors "$part") interpose $(devno "$part") 0"

quiet dmsetup snapshot create "$(dm s1)" "$part" "$PART1"
equal "$(lower_of "$part")" "$whole"
lower=$(devno "/dev/mapper/$(basename "$part")-lower")
equal "$("$REAL_DMSETUP" table "$(dm s1)" | cut -d' ' -f4)" "$lower" "the snapshot is over"
equal "$("$REAL_DMSETUP" table "$(basename "$part")-origin" | cut -d' ' -f4)" "$lower" "its origin is over"
quiet dmsetup snapshot create "$(dm s2)" "$part" "$PART2"
quiet dmsetup snapshot remove "$(dm s1)"
equal "$(lower_of "$part")" "$whole" "one snapshot is left"
fsck_clean "$(dmdev s2)"
quiet dmsetup snapshot remove "$(dm s2)"
equal "$(state)" "$before" "not as it was before"

# left by one that was killed: whole, and without a table yet
"$REAL_DMSETUP" create "$(basename "$part")-lower" -u "DMREMAP-lower-$(basename "$part")" --table "$whole"
quiet dmsetup cache attach "$part" "$PART1"
quiet dmsetup cache detach "$part"
equal "$(state)" "$before" "not as it was before"
"$REAL_DMSETUP" create "$(basename "$part")-lower" -u "DMREMAP-lower-$(basename "$part")" --notable
quiet dmsetup snapshot create "$(dm s1)" "$part" "$PART1"
quiet dmsetup snapshot remove "$(dm s1)"
equal "$(state)" "$before" "not as it was before"
"$REAL_DMSETUP" create "$(basename "$part")-lower" -u "DMREMAP-lower-$(basename "$part")" --table "$whole"
fail_with 'is not being moved' dmsetup move abort "$part"
equal "$(state)" "$before" "not as it was before"

# somebody else's
mk_dm x "0 8 zero"
"$REAL_DMSETUP" rename "$(dm x)" "$(basename "$part")-lower"
fail_with 'there is a dm device .*-lower already: rename it first' dmsetup cache attach "$part" "$PART1"
"$REAL_DMSETUP" remove "$(basename "$part")-lower"
equal "$(state)" "$before" "not as it was before"

for (( i = 0; i < ROUNDS; i++ )); do
	killed 1500 cache attach "$part" "$PART1"
	dmsetup cache detach "$part" 2> /dev/null || :
	equal "$(state)" "$before" "a cache that was killed after $R ms"
	killed 1500 snapshot create "$(dm s1)" "$part" "$PART1"
	dmsetup snapshot remove "$(dm s1)" 2> /dev/null || :
	equal "$(state)" "$before" "a snapshot that was killed after $R ms"
	killed 3000 move start "$part" "$PART1"
	# all of it may have gone already
	dmsetup move abort "$part" 2> /dev/null || :
	if [[ $(dmsetup move status) == *", moved"* ]]; then
		echo "moved after all, in round $i"
		break
	fi
	equal "$(state)" "$before" "a move that was killed after $R ms"
	more_ops 50
done
stop_writers
[[ $(dmsetup move status) == "" ]] || { unmount a; dmsetup move finish "$part"; part=$PART1; mnt "$part" a; }
check_fs "$part" a
