/* SPDX-License-Identifier: LGPL-2.1-only */
/* Whether an upper has data that its original has not: after stop the users of the original would
 * find what was there before. */
#pragma once

#include <optional>
#include <string>

#include "kernel.h"
#include "log.h"

namespace dmr
{

/* Why the upper must not be taken from its original, in a remap, beginning with the upper's name;
 * nothing when it may. What cannot be known is a reason only while the original is in use, so
 * that what has failed can be stopped at all. Throws nothing but bad_alloc.
 *
 * Asks for the status of those targets only whose table does not tell enough: theirs can wait for
 * their metadata's device. */
std::optional<std::string> elsewhere_reason(Kernel &kernel, const Log &log, const DmInfo &upper,
					    Devno original);

} // namespace dmr
