/* SPDX-License-Identifier: LGPL-2.1-only */
/* What is stored on a block device, by libblkid. */
#pragma once

#include <string>

#include "types.h"

namespace dmr
{

/* Reads the device or image at @path. Throws Error when it cannot be read. */
Contents read_signature(const std::string &path);

/* The path of the block device that has @tag, "UUID=...", "LABEL=...", "PARTUUID=..." or
 * "PARTLABEL=..."; "" when none has. */
std::string device_of_tag(const std::string &tag);

} // namespace dmr
