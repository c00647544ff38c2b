/* SPDX-License-Identifier: LGPL-2.1-only */
/* What the original can and the upper cannot. */
#pragma once

#include <optional>
#include <string>

#include "kernel.h"
#include "pair.h"

namespace dmr
{

/* The first limit that does not fit, beginning with the device's name; nothing when all that
 * sysfs tells fit. Throws Error. */
std::optional<std::string> limits_reason(Kernel &kernel, const Pair &pair);

} // namespace dmr
