#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Start, stop, suspend, resume, remove, create, reload, rename and status from several processes at once, for
# RACE_SECONDS (30), on a mounted file system with writers: no hang, no damage, nothing leaks. Slab caches
# and open counts return to what they were.
# timeout: 480
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"
# shellcheck source=test/lib/race.sh
. "$(dirname "$0")/../lib/race.sh"

: "${RACE_SECONDS:=30}" "${RACE_ROUNDS:=100}"

size1=$(sectors "$PART1")
table1="0 $size1 linear $PART1 0 noexcl"
mk_dm one "$table1"
mk_dm two "$table1"
mk_dm three "0 $(sectors "$PART2") linear $PART2 0 noexcl"

# without a file system, and straight to the kernel: as many races as it can have
p1=$(devno "$PART1") p2=$(devno "$PART2")
pids=()
for n in one one two two three; do
	[[ $n == three ]] && p=$p2 || p=$p1
	fuzzmsg try "$(dm $n)" "$RACE_ROUNDS" "@interpose_start remap $p" "@interpose_stop" &
	pids+=($!)
done
fuzzmsg try "$(dm one)" "$RACE_ROUNDS" "@interpose_start remap $p1 and $(devno "$(dmdev three)") $p2" \
	"@interpose_stop" &
pids+=($!)
for p in "${pids[@]}"; do
	wait "$p" || fail "an errno that a race does not explain"
done
for n in one two three; do
	"$REAL_DMSETUP" message "$(dm $n)" 0 @interpose_stop 2> /dev/null || :
	not attached $n
	equal "$(open_count $n)" 0 "open count of $n after the race of messages"
done
rawio write "$PART1" 0 128 1
rawio check "$PART1" 0 128 1

mk_ext4 "$PART1" a

# the commands of one process; they may fail, but not hang, and only with an errno that means something
cat > "$TESTDIR/racer" <<-'END'
	set -u
	RANDOM=$1
	names=("$PREFIX-one" "$PREFIX-two" "$PREFIX-three")
	parts=("$PART1" "$PART1" "$PART2")
	SECONDS=0
	while (( SECONDS < RACE_SECONDS )); do
		i=$(( RANDOM % 3 ))
		n=${names[i]} p=${parts[i]}
		table="0 $(blockdev --getsz "$p") linear $p 0 noexcl"
		case $(( RANDOM % 14 )) in
		0|1|2) dmsetup remap start "$n" "$p" ;;
		3) dmsetup remap start --nolockfs "$n" "$p" ;;
		4) dmsetup remap start "${names[0]}" "$PART1" "${names[2]}" "$PART2" ;;
		5|6|7) dmsetup remap stop "$n" ;;
		8) dmsetup suspend "$n"; dmsetup resume "$n" ;;
		9) dmsetup suspend --nolockfs "$n"; dmsetup resume "$n" ;;
		10) echo "$table" | dmsetup reload "$n"; dmsetup resume "$n" ;;
		11) dmsetup remove "$n"; echo "$table" | dmsetup create "$n" ;;
		12) dmsetup rename "$n" "$n-x"; dmsetup rename "$n-x" "$n" ;;
		13) dmsetup remap status ;;
		esac 2>&1 | sed "s/^/$1: /"
	done
END
export PART1 PART2 RACE_SECONDS

race_commands remap
