/* SPDX-License-Identifier: GPL-2.0-only */
/* Block devices as a recipe meets them: by path, with what is below them. */
#pragma once

#include <cstdint>
#include <string>

#include "file_descriptor.h"
#include "types.h"

namespace tools
{

struct BlockDevice {
	std::string given; /* what the user wrote */
	dmr::Devno number;
	std::string name; /* the kernel's: vda1 */
	uint64_t sectors; /* of 512 bytes */

	std::string path() const { return "/dev/" + name; }
};

/* @given: any path to the node. Throws Error; @what begins the sentence. */
BlockDevice find_block_device(const std::string &what, const std::string &given);

/* As the kernel calls it; "8:1" when it is gone. */
std::string name_of(dmr::Devno number);

/* Whether sectors of @device are sectors of @other: the same, a whole disk and its partition, or a
 * dm, md or loop device over it, however many lie between. Throws Error where that cannot be told.
 */
bool lies_on(const std::string &what, dmr::Devno device, dmr::Devno other);

/* EBUSY when somebody has claimed it, EEXIST when there is something on it: nobody's data is
 * overwritten. Throws Error. */
void require_unused(const std::string &what, const BlockDevice &device);

/* Makes its first and last MiB zero: nothing that looks like a file system. Throws Error. */
void wipe_ends(const std::string &what, const BlockDevice &device);

/* A loop device over a regular file. The kernel frees it when the last user has closed it. */
class Loop
{
public:
	/* Throws Error. */
	Loop(const std::string &what, const std::string &file);

	const std::string &path() const { return path_; }

private:
	std::string path_;
	dmr::FileDescriptor fd_;
};

} // namespace tools
