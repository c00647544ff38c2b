#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kill -9 of the tool at random instants, 60 times (KILLS): the upper is attached or it is not, the file
# system is never left frozen, the next command works, and no file is damaged.
# timeout: 600
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

: "${KILLS:=60}"

mk_ext4 "$PART1" a
mk_upper up "$PART1"
start_writers a

# how long the tool takes when nobody kills it, in milliseconds
begin=${EPOCHREALTIME/./}
dmsetup remap start "$(dm up)" "$PART1"
dmsetup remap stop "$(dm up)"
span=$(( (${EPOCHREALTIME/./} - begin) / 2000 + 2 ))

killed=0 was_attached=0
for (( i = 0; i < KILLS; i++ )); do
	random 2
	if (( R )); then
		dmsetup remap start "$(dm up)" "$PART1" > "$TESTDIR/out" 2>&1 &
	else
		dmsetup remap stop "$(dm up)" > "$TESTDIR/out" 2>&1 &
	fi
	pid=$!
	# beyond its end too, so that some are done
	random $(( span * 3 / 2 ))
	sleep "$(printf '%d.%03d' $(( R / 1000 )) $(( R % 1000 )))"
	! kill -KILL "$pid" 2> /dev/null || killed=$(( killed + 1 ))
	wait "$pid" 2> /dev/null || :
	if attached up; then
		was_attached=$(( was_attached + 1 ))
		random 4
		(( R )) || quiet dmsetup remap stop "$(dm up)"
	fi
	(( i % 10 )) || more_ops 5
done
echo "killed $killed of $KILLS, attached afterwards $was_attached times, $span ms"
(( killed >= KILLS / 10 )) || fail "hardly any was killed in time: $killed"
(( was_attached || KILLS < 100 )) || fail "none was killed behind the attach"
! attached up || dmsetup remap stop "$(dm up)"
equal "$(open_count up)" 0
fsfreeze -f "$TESTDIR/a"
fsfreeze -u "$TESTDIR/a"
idle_upper up 50
stop_writers
dmsetup remove "$(dm up)"
check_fs "$PART1" a
