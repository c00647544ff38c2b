#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# An attached upper gets other tables, which the module cannot refuse. I/O that the new table has no place for, or that
# it cannot take as the original would, fails and goes nowhere, also what came while the upper was suspended; all else
# goes through. Status and the kernel's log say so, and with a fitting table all is well again.
# timeout: 120
# kernel: module
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

flagged() {
	[[ ,$(counter up flags), == *,$1,* ]]
}

# past our tools
become() {
	local name=$1
	shift
	printf '%s\n' "$@" | "$REAL_DMSETUP" load "$(dm "$name")"
	"$REAL_DMSETUP" resume "$(dm "$name")"
}

nr=$(sectors "$DISK2")
half=$(( nr / 2 ))
good="0 $nr interpose $(devno "$DISK2") 0"
mk_upper up "$DISK2"
dmsetup remap start "$(dm up)" "$DISK2"
rawio write "$DISK2" "$(( nr - 64 ))" 64 1

# too small: behind its end nothing is written and nothing read
become up "0 $half interpose $(devno "$DISK2") 0"
flagged unfit || fail "flags: $(counter up flags)"
rawio write "$DISK2" $(( half - 64 )) 64 2
equal "$(oneio write "$DISK2" $(( nr - 8 )) || :)" EIO "behind the end"
equal "$(oneio write -b 65536 "$DISK2" $(( half - 64 )) || :)" EIO "over the end"
equal "$(oneio read "$DISK2" $(( nr - 8 )) || :)" EIO "behind the end"
equal "$(timeout 10 oneio flush "$DISK2" || :)" OK "a flush"
# another number of targets, and larger: all of it is there again
become up "0 $half interpose $(devno "$DISK2") 0" "$half $(( nr - half )) interpose $(devno "$DISK2") $half" "$nr 8 zero"
not flagged unfit
rawio check "$DISK2" $(( half - 64 )) 64 2
rawio check "$DISK2" $(( nr - 64 )) 64 1

# larger blocks: what is in whole blocks goes through, what is not has no place there
mk_loop $(( nr * 512 )) -b 4096
log_mark
become up "0 $nr linear $LOOP 0"
flagged unfit || fail "flags: $(counter up flags)"
equal "$(oneio write -b 512 -f 17 "$DISK2" 9 || :)" EIO "a part of a block"
equal "$(oneio write -b 4096 -f 17 "$DISK2" 12 || :)" EIO "between two blocks"
equal "$(oneio write -b 4096 -f 18 "$DISK2" 16 || :)" OK "a block"
log_since "dm-interpose: .*I/O of $(basename "$DISK2") fails: larger blocks"
equal "$(oneio read -O -b 8192 "$LOOP" 8 | tr -d '\022' | tr -d '\0' | wc -c)" 0 "what is there"
equal "$(oneio read -O "$LOOP" 16 | tr -d '\022' | wc -c)" 0 "the block"
become up "$good"

# read-only
"$REAL_DMSETUP" load --readonly "$(dm up)" --table "$good"
"$REAL_DMSETUP" resume "$(dm up)"
flagged unfit || fail "flags: $(counter up flags)"
rawio check "$DISK2" $(( half - 64 )) 64 2
equal "$(oneio write "$DISK2" $(( half - 64 )) || :)" EIO "a write"
become up "$good"
not flagged unfit
rawio check "$DISK2" $(( half - 64 )) 64 2

# what waited in the suspended upper meets the new table, too
"$REAL_DMSETUP" suspend --nolockfs "$(dm up)"
oneio write -b 512 -f 19 "$DISK2" 25 > "$TESTDIR/part" &
part=$!
oneio write -b 4096 -f 20 "$DISK2" 32 > "$TESTDIR/block" &
block=$!
oneio write -b 4096 -f 20 "$DISK2" $(( nr - 8 )) > "$TESTDIR/behind" &
behind=$!
all_wait() {
	equal "$(cat "$TESTDIR"/{part,block,behind})" ""
}
holds 1 all_wait
become up "0 $half linear $LOOP 0"
wait "$part" || :
wait "$block" || :
wait "$behind" || :
equal "$(cat "$TESTDIR"/{part,block,behind} | xargs)" "EIO OK EIO" "after the resume"
equal "$(oneio read -O "$LOOP" 24 | tr -d '\0' | wc -c)" 0 "the part"
equal "$(oneio read -O "$LOOP" 32 | tr -d '\024' | wc -c)" 0 "the block"

# stop does not mind what it was
quiet dmsetup remap stop "$(dm up)"
refused . dmsetup remap start "$(dm up)" "$DISK2"
become up "$good"
dmsetup remap start "$(dm up)" "$DISK2"
rawio check "$DISK2" $(( nr - 64 )) 64 1

# under a file system, and its writers notice nothing
dmsetup remap stop "$(dm up)"
mk_ext4 "$DISK2" a
WARM_UP=50 start_writers a -n 2 -b 32
dmsetup remap start "$(dm up)" "$DISK2"
for (( i = 0; i < 4; i++ )); do
	become up "0 $half interpose $(devno "$DISK2") 0" "$half $(( nr - half )) interpose $(devno "$DISK2") $half"
	more_ops 10
	become up "$good"
	more_ops 10
	attached up
done
stop_writers
quiet dmsetup remap stop "$(dm up)"
check_fs "$DISK2" a
