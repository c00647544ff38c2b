/* SPDX-License-Identifier: LGPL-2.1-only */
/* Mounted file systems and swap space, by libmount; and who else uses a block device. */
#pragma once

#include <string>
#include <vector>

#include "types.h"

namespace dmr
{

/* Mounts that are on block devices. @mountinfo: another file in tests. Throws Error. */
std::vector<Mount> read_mounts(const std::string &mountinfo = "/proc/self/mountinfo");

/* Block devices that are swap space. A kernel without swap has none. */
std::vector<Devno> read_swaps(const std::string &swaps = "/proc/swaps");

/* Whether a block device cannot be opened for oneself alone. */
bool is_claimed(const std::string &path);

/* Writes out the file system that @directory is on. Throws Error. */
void sync_file_system(const std::string &directory);

} // namespace dmr
