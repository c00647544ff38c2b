/* SPDX-License-Identifier: LGPL-2.1-only */
/* What is on an original and who uses it. */
#pragma once

#include <string>
#include <vector>

#include "kernel.h"
#include "mode.h"
#include "resolve.h"

namespace dmr
{

/* What is on the original. Throws Error with a whole sentence when it cannot be read. */
Contents contents_of(Kernel &kernel, const std::string &what, const Original &original);

/* Throws Error EBUSY when the original is one leg of something that spans devices (LVM, md,
 * ZFS, btrfs on several devices): a point in time of one leg is none, and its signature would
 * be there twice. */
void refuse_member(Mode mode, const Original &original, const Contents &contents);

/* What the system uses at one moment; to be read once for all pairs. */
struct Usage {
	explicit Usage(Kernel &kernel) : mounts(kernel.mounts()), swaps(kernel.swaps()) {}

	std::vector<Mount> mounts;
	std::vector<Devno> swaps;
};

/* The mounted file systems on the original and, when it is a whole disk, on its partitions; one
 * mount of each. */
std::vector<Mount> mounts_on(const Usage &usage, const Original &original);

/* Where it, or a partition of it, is mounted: all directories, and "[SWAP]" for swap space. */
std::vector<std::string> mount_points_of(const Usage &usage, const Original &original);

/* Who uses it, in words: "mounted on /srv, swap space"; "" when nobody is known. */
std::string users_of(const Usage &usage, const Original &original);

} // namespace dmr
