#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Starts and stops of filters and remaps, suspend, resume, remove, create, reload to other targets, rename, status,
# snapshots that come and go, from several processes at once, for RACE_SECONDS (25), on a mounted file system with
# writers: no hang, no damage, nothing leaks. Slab caches and open counts return to what they were.
# timeout: 480
# kernel: patched
# native: filters
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"
# shellcheck source=test/lib/race.sh
. "$(dirname "$0")/../lib/race.sh"

: "${RACE_SECONDS:=25}"

mk_ext4 "$PART1" a
size1=$(sectors "$PART1")
table1="0 $size1 linear $PART1 0 noexcl"
mk_dm one "$table1"
mk_dm two "$table1"
mk_dm three "0 $(sectors "$PART2") linear $PART2 0 noexcl"

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
		size=$(blockdev --getsz "$p")
		tables=("linear $p 0" "delay $p 0 8" "delay $p 0 600" "dust $p 0 4096" "flakey $p 0 1000 0" "snapshot-origin $p")
		table="0 $size ${tables[RANDOM % 6]} noexcl"
		case $(( RANDOM % 18 )) in
		0|1|2|3) dmsetup filter start "$n" "$p" ;;
		4) dmsetup filter start --nolockfs "$n" "$p" ;;
		5) dmsetup filter start "${names[0]}" "$PART1" "${names[2]}" "$PART2" ;;
		6) dmsetup remap start "$n" "$p" ;;
		7|8|9) dmsetup filter stop "$n" ;;
		10) dmsetup remap stop "$n" ;;
		11) dmsetup suspend "$n"; dmsetup resume "$n" ;;
		12) dmsetup suspend --nolockfs "$n"; dmsetup resume "$n" ;;
		13) echo "$table" | dmsetup reload "$n"; dmsetup resume "$n" ;;
		14) dmsetup remove "$n"; echo "$table" | dmsetup create "$n" ;;
		15) dmsetup rename "$n" "$n-x"; dmsetup rename "$n-x" "$n" ;;
		16) dmsetup filter status ;;
		17) dmsetup create "$PREFIX-snap" --table \
				"0 $(blockdev --getsz "$PART1") snapshot $PART1 $DISK2 N 16 noexcl:$PART1" ||
			dmsetup remove "$PREFIX-snap" ;;
		esac 2>&1 | sed "s/^/$1: /"
	done
END
export PART1 PART2 DISK2 RACE_SECONDS

race_commands filter
