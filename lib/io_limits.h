/* SPDX-License-Identifier: LGPL-2.1-only */
/* What of the original's limits and kind does not allow this upper. */
#pragma once

#include <optional>
#include <string>

#include "kernel.h"
#include "mode.h"
#include "pair.h"

namespace dmr
{

/* The first limit that does not fit, beginning with the device's name; nothing when all that
 * sysfs tells fit. A filter gets the original's own bios: the limits of its upper do not count.
 * Throws Error. */
std::optional<std::string> limits_reason(Kernel &kernel, Mode mode, const Pair &pair);

/* The control groups that limit the I/O of a whole disk, by io.max or blkio.throttle.*, as paths
 * below @root, where their file systems are mounted. */
std::vector<std::string> read_io_limited_groups(const std::string &root, Devno disk);

} // namespace dmr
