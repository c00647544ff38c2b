#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A linear filter passes everything: the content stays, each bio of the original counts exactly once, with its
# sectors, and nothing goes through the upper, whose own statistics stay at zero; those that dm-stats keeps of it
# count what the original does, where it does it. The upper itself stays usable beside, and is claimed.
# timeout: 120
# kernel: patched
# native: filters
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_upper up "$PART1"
node=/sys/class/block/$(dm_node up)/stat
rawio write -b 65536 "$PART1" 0 4096 1
quiet dmsetup filter start "$(dm up)" "$PART1"
attached up || fail "start succeeded, and nothing is attached"
equal "$(counter up mode)" filter
equal "$(counter up original)" "$(devno "$PART1")"
equal "$(counter up flags)" -
equal "$(counters up)" "0 0 0 0 0"
before_stat=$(cat "$node")
rawio check -b 65536 "$PART1" 0 4096 1
equal "$(counters up)" "32 4096 0 0 0" "reads"

# areas of 1024 sectors: what dm-stats keeps is where the I/O was
equal "$(dmsetup message "$(dm up)" 0 @stats_create - 1024)" 0
before=$(counters up)
rawio write -b 4096 "$PART1" 1024 80 2
equal "$(since up "$before")" "0 0 10 80" "ten writes"
rawio check -b 8192 "$PART1" 1024 80 2
equal "$(since up "$before")" "5 80 10 80" "five reads"
stats=$(dmsetup message "$(dm up)" 0 @stats_print 0 0 3)
echo "$stats"
# <start>+<length> reads merged sectors ms writes merged sectors ms ...
equal "$(awk '{ print $1, $2, $4, $6, $8 }' <<< "$stats")" \
	"0+1024 0 0 0 0
1024+1024 5 80 10 80
2048+1024 0 0 0 0" "what dm-stats says"
dmsetup message "$(dm up)" 0 @stats_delete 0

before=$(counters up)
rawio flush "$PART1"
equal "$(since up "$before")" "0 0 1 0" "an empty flush"
rawio discard "$PART1" 8192 64
equal "$(since up "$before")" "0 0 2 64" "a discard"
rawio zeroout "$PART1" 2048 64
equal "$(since up "$before")" "0 0 3 128" "write zeroes"
rawio zero "$PART1" 2048 64

# another partition, and the upper's own node, are none of its business
before=$(counters up)
rawio write "$PART2" 0 256 3
rawio check "$PART2" 0 256 3
equal "$(since up "$before")" "0 0 0 0" "I/O to another partition"
equal "$(cat "$node")" "$before_stat" "I/O of the original went through the upper"
rawio check "$(dmdev up)" 1024 80 2
equal "$(since up "$before")" "0 0 0 0" "I/O to the upper"
fails 'busy|in use' mkfs.ext4 -q "$(dmdev up)"
not rawio claim "$(dmdev up)" 2> /dev/null
fails 'busy' "$REAL_DMSETUP" remove "$(dm up)"

quiet dmsetup filter stop "$(dm up)"
not attached up
before_stat=$(cat "$node")
rawio check "$PART1" 1024 80 2
rawio write "$PART1" 1024 80 4
equal "$(cat "$node")" "$before_stat" "I/O after stop"
equal "$(open_count up)" 0

# a second time it begins with zero
dmsetup filter start "$(dm up)" "$PART1"
equal "$(counters up)" "0 0 0 0 0" "counters of the second time"
dmsetup filter stop "$(dm up)"
dmsetup remove "$(dm up)"
equal "$(in_use_by "$PART1")" ""
rawio claim "$PART1"
