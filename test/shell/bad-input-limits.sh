#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Devices that do not fit each other are EOPNOTSUPP, with a sentence that names the property: a larger
# logical block size, a zoned original.
# timeout: 240
# kernel: patched
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_null_blk small size=64 blocksize=512
small=$NULLB
mk_null_blk large size=64 blocksize=4096
large=$NULLB
mk_dm up "0 $(sectors "$large") linear $large 0"
refused "$(dm up): has blocks of 4096 bytes, $small has blocks of 512" dmsetup remap start "$(dm up)" "$small"
equal "$(fuzzmsg raw "$(dm up)" 0 "@interpose_start remap $(devno "$small")" || :)" EOPNOTSUPP
dmsetup remove "$(dm up)"

mk_null_blk zoned size=64 zoned=1 zone_size=4
mk_dm up "0 $(sectors "$NULLB") zero"
refused "$NULLB: is a zoned device" dmsetup remap start "$(dm up)" "$NULLB"
equal "$(fuzzmsg raw "$(dm up)" 0 "@interpose_start remap $(devno "$NULLB")" || :)" EOPNOTSUPP
dmsetup remove "$(dm up)"

# an attached upper may not get such a table either: the load fails
mk_dm up "0 $(sectors "$small") linear $small 0 noexcl"
dmsetup remap start "$(dm up)" "$small"
before=$(state)
not dmsetup reload "$(dm up)" --table "0 $(sectors "$large") linear $large 0"
equal "$(state)" "$before"
rawio write "$small" 0 64 1
equal "$(counter up writes)" 1
dmsetup remap stop "$(dm up)"
