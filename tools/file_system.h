/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file system in use that is frozen from here. A kernel with the interposer does that when it
 * suspends what is attached below the file system; one with the module dm-interpose does not.
 */
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "block_device.h"
#include "file_descriptor.h"
#include "shared.h"
#include "types.h"

namespace tools
{

class FileSystem
{
public:
	/* Opens the place where it is mounted: what comes then needs nothing that is stored on it.
	 * Throws Error. */
	FileSystem(const std::string &what, const dmr::Mount &mount);

	/* One that its user has frozen stays as it is; one that cannot be frozen is written out.
	 * Throws Error. */
	void freeze();

	/* If it was frozen here, by this process or by the one that has this one for a Guard. */
	void thaw();

private:
	std::string name_; /* for sentences */
	dmr::FileDescriptor fd_;
	Shared<bool> frozen_;
};

using FileSystems = std::vector<std::unique_ptr<FileSystem>>;

/* Those that are mounted on the device or, if it is a whole disk, on its partitions. Throws Error. */
FileSystems file_systems_on(const std::string &what, const BlockDevice &device);

} // namespace tools
