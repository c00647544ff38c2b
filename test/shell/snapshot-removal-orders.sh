#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# An attached snapshot-origin and its snapshot come apart in every order under load; the upper never while
# it is attached. Also a snapshot-origin that has no snapshot.
# timeout: 600
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_ext4 "$PART1" a
start_writers a

build() {
	[[ $1 == alone ]] || mk_dm snap "0 $(sectors "$PART1") snapshot $PART1 $DISK2 N 16 noexcl:$PART1"
	mk_dm up "0 $(sectors "$PART1") snapshot-origin $PART1 noexcl"
	dmsetup remap start "$(dm up)" "$PART1"
	more_ops 100
}

step() {
	case $1 in
	stop)
		dmsetup remap stop "$(dm up)" ;;
	snap)
		dmsetup remove "$(dm snap)" ;;
	suspended-snap)
		dmsetup suspend "$(dm up)"
		dmsetup remove "$(dm snap)"
		dmsetup resume "$(dm up)" ;;
	up)
		dmsetup remove "$(dm up)" ;;
	busy)
		fails 'busy' "$REAL_DMSETUP" remove "$(dm up)"
		attached up || fail "a refused remove has detached the upper" ;;
	esac
	more_ops 20
}

for order in "stop snap up" "stop up snap" "snap stop up" "suspended-snap stop up" "busy snap busy stop up" \
		"alone stop up" "alone busy stop up"; do
	echo "order: $order"
	build "${order%% *}"
	for s in $order; do
		step "$s"
	done
	not dmsetup info "$(dm up)" > /dev/null 2>&1
	not dmsetup info "$(dm snap)" > /dev/null 2>&1
	equal "$(in_use_by "$PART1")" ""
done
stop_writers
check_fs "$PART1" a
