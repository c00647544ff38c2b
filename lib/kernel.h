/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The seam: everything that the library asks of the machine. SystemKernel is the real one; unit
 * tests put a fake in its place. Functions throw Error when the question itself failed; that
 * something does not exist is an answer.
 */
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "log.h"
#include "types.h"

namespace dmr
{

class Kernel
{
public:
	virtual ~Kernel() = default;

	virtual Availability availability() = 0;

	/* Whether the module dm-interpose is loaded, which interposes in a kernel that has it not
	 * built in. */
	virtual bool has_module() = 0;

	/* Loads it, where there is one for this kernel. Returns whether it is loaded now. */
	virtual bool load_module() = 0;

	/* Whether there is one for this kernel, loaded or not. */
	virtual bool module_is_installed() = 0;

	/* Sends a message to sector 0 of a dm device, or to the module if it is one of the
	 * interposer's. The answer may be empty. Error: errno of the kernel. */
	virtual std::string message(Devno dm, const std::string &text) = 0;

	virtual std::vector<DmDevice> dm_devices() = 0;
	virtual std::optional<DmInfo> dm_by_name(const std::string &name) = 0;
	virtual std::optional<DmInfo> dm_by_uuid(const std::string &uuid) = 0;
	virtual std::optional<DmInfo> dm_by_devno(Devno devno) = 0;

	/* The live table; empty when there is none. */
	virtual std::vector<DmTarget> dm_table(Devno dm) = 0;

	/* What the targets of the live table say of themselves, in its order; empty when there is
	 * none. No target writes anything for it. It can wait where a target's metadata is being
	 * committed to a device that does not answer. */
	virtual std::vector<DmTarget> dm_status(Devno dm) = 0;

	/* The devices that the live table is over. */
	virtual std::vector<Devno> dm_deps(Devno dm) = 0;

	/* Follows symlinks. */
	virtual FileFacts file(const std::string &path) = 0;

	/* Nothing: there is no such block device. */
	virtual std::optional<BlockFacts> block(Devno devno) = 0;

	/* Reads the device; @name is that of its BlockFacts. */
	virtual Contents contents(const std::string &name) = 0;

	/* Whether somebody has the device, or a part of it, for himself: a file system, swap space,
	 * another dm device. Also when it cannot be opened. */
	virtual bool claimed(const std::string &name) = 0;

	/* Mounts of this mount namespace that are on block devices. */
	virtual std::vector<Mount> mounts() = 0;

	/* Where CLOCK_BOOTTIME begins, in seconds since the Epoch by the clock as it is set
	 * now. */
	virtual int64_t boot_time() = 0;

	/* Active swap space. */
	virtual std::vector<Devno> swaps() = 0;

	/* The control groups, as paths below their file system's root, that limit the I/O of a
	 * whole disk. */
	virtual std::vector<std::string> io_limited_groups(Devno disk) = 0;

	/* Writes out the file system that is mounted there. */
	virtual void sync(const std::string &directory) = 0;
};

/* The kernel that this process runs on. @log outlives it. */
std::unique_ptr<Kernel> make_system_kernel(const Log &log);

} // namespace dmr
