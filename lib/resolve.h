/* SPDX-License-Identifier: LGPL-2.1-only */
/* From what the user wrote to devices. Each function throws Error with a whole sentence when
 * there is no such device; @what is the operation that the sentence names ("remap start"). */
#pragma once

#include <string>

#include "kernel.h"
#include "types.h"

namespace dmr
{

/* @given: name, any path to the node of a dm device, or major:minor. */
DmInfo resolve_upper(Kernel &kernel, const std::string &what, const std::string &given);

struct Original {
	std::string given;
	Devno devno;
	BlockFacts facts;
};

/* @given: any path to the node of a block device, or major:minor. */
Original resolve_original(Kernel &kernel, const std::string &what, const std::string &given);

} // namespace dmr
