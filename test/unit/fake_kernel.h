/* SPDX-License-Identifier: GPL-2.0-only */
/* A machine in memory: dm devices, block devices, files, and a kernel that has the interposer or
 * has not. Records what it is asked to do. */
#pragma once

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "error.h"
#include "kernel.h"
#include "text.h"

class FakeKernel : public dmr::Kernel
{
public:
	using Devno = dmr::Devno;

	struct Dm {
		dmr::DmInfo info;
		std::vector<dmr::DmTarget> table;
		std::vector<dmr::DmTarget> target_status;
		std::vector<Devno> deps;
		std::string status; /* the answer to @interpose_status */
	};

	dmr::Availability is_available = dmr::Availability::ready;
	bool patched = true;
	bool module = false;
	bool module_loads = false; /* when it is asked for; then the kernel interposes */
	bool module_installed = false;
	std::vector<std::string> limited; /* control groups */
	int start_errno = 0;              /* what @interpose_start fails with */
	int stop_errno = 0;               /* what @interpose_stop fails with */
	int status_errno = 0;             /* what @interpose_status fails with */
	std::map<Devno, Dm> dms;
	std::map<Devno, dmr::BlockFacts> blocks;
	std::map<std::string, dmr::FileFacts> files;
	std::map<std::string, dmr::Contents> on_device; /* by name */
	std::vector<dmr::Mount> mounted;
	std::vector<Devno> swapped;
	std::vector<std::string> in_use; /* by name */
	int sync_errno = 0;
	int contents_errno = 0;
	int dm_status_errno = 0; /* what the question for the targets' status fails with */
	std::vector<Devno> asked_status;
	std::function<void()> before_message; /* may change the machine, or throw */

	/* What was done, in order: "sync /srv", "message 252:0 @interpose_stop". */
	std::vector<std::string> done;

	/* A disk vda (254:0) of 8192 sectors with partitions vda1 and vda2 of 2048, and dm devices
	 * dm-noexcl (252:0) and dm-second (252:1) of the same 2048. */
	static FakeKernel usual()
	{
		FakeKernel kernel;

		kernel.add_block({254, 0}, "vda", 8192);
		kernel.add_block({254, 1}, "vda1", 2048);
		kernel.add_block({254, 2}, "vda2", 2048);
		kernel.blocks.at({254, 0}).partitions = {{254, 1}, {254, 2}};
		kernel.blocks.at({254, 1}).disk = Devno{254, 0};
		kernel.blocks.at({254, 2}).disk = Devno{254, 0};
		kernel.add_dm({252, 0}, "dm-noexcl", 2048);
		kernel.add_dm({252, 1}, "dm-second", 2048);
		return kernel;
	}

	void add_block(Devno devno, const std::string &name, uint64_t sectors)
	{
		blocks[devno] = {name, sectors, false, 0, {}, {}, {}};
		blocks[devno].limits.zoned = "none";
		files["/dev/" + name] = {dmr::FileFacts::Kind::block, 0, devno};
	}

	void add_dm(Devno devno, const std::string &name, uint64_t sectors)
	{
		Dm dm = {};

		dm.info.name = name;
		dm.info.uuid = "UUID-" + name;
		dm.info.devno = devno;
		dm.info.live_table = true;
		dm.table = {{0, sectors, "linear", "254:1 0 noexcl"}};
		dms[devno] = dm;
		add_block(devno, "dm-" + std::to_string(devno.minor), sectors);
		files["/dev/mapper/" + name] = {dmr::FileFacts::Kind::block, 0, devno};
	}

	void attach(Devno upper, Devno original, const std::string &mode = "remap")
	{
		dms.at(upper).status = mode + " " + dmr::to_string(original) + " - 0 0 0 0 0\n";
	}

	dmr::Availability availability() override { return is_available; }

	std::string message(Devno dm, const std::string &text) override
	{
		if (text != "@interpose_status")
			done.push_back("message " + dmr::to_string(dm) + " " + text);
		if (before_message)
			before_message();
		if (!dms.contains(dm))
			fail(ENXIO);
		if (!patched)
			fail(EINVAL);
		if (text == "@interpose_status") {
			fail(status_errno);
			return dms.at(dm).status;
		}
		const bool start = text.starts_with("@interpose_start");
		fail(start ? start_errno : stop_errno);
		if (!start) {
			if (dms.at(dm).status.empty())
				fail(EALREADY);
			if (dms.at(dm).info.suspended)
				fail(EBUSY);
			dms.at(dm).status.clear();
		}
		return "";
	}

	bool has_module() override { return module; }
	bool load_module() override
	{
		if (module_loads)
			patched = module = true;
		return module;
	}
	bool module_is_installed() override { return module_installed; }
	std::vector<std::string> io_limited_groups(Devno) override { return limited; }

	std::vector<dmr::DmDevice> dm_devices() override
	{
		std::vector<dmr::DmDevice> result;

		for (const auto &[devno, dm] : dms)
			result.push_back({dm.info.name, devno});
		return result;
	}

	std::optional<dmr::DmInfo> dm_by_name(const std::string &name) override
	{
		return find([&](const Dm &dm) { return dm.info.name == name; });
	}

	std::optional<dmr::DmInfo> dm_by_uuid(const std::string &uuid) override
	{
		return find([&](const Dm &dm) { return dm.info.uuid == uuid; });
	}

	std::optional<dmr::DmInfo> dm_by_devno(Devno devno) override
	{
		return find([&](const Dm &dm) { return dm.info.devno == devno; });
	}

	std::vector<dmr::DmTarget> dm_table(Devno dm) override { return dms.at(dm).table; }
	std::vector<dmr::DmTarget> dm_status(Devno dm) override
	{
		asked_status.push_back(dm);
		fail(dm_status_errno);
		return dms.at(dm).target_status;
	}
	std::vector<Devno> dm_deps(Devno dm) override { return dms.at(dm).deps; }

	dmr::FileFacts file(const std::string &path) override
	{
		const auto found = files.find(path);

		return found == files.end() ? dmr::FileFacts{dmr::FileFacts::Kind::missing, 0, {}}
					    : found->second;
	}

	std::optional<dmr::BlockFacts> block(Devno devno) override
	{
		const auto found = blocks.find(devno);

		if (found == blocks.end())
			return std::nullopt;
		return found->second;
	}

	dmr::Contents contents(const std::string &name) override
	{
		fail(contents_errno);
		return on_device[name];
	}

	bool claimed(const std::string &name) override
	{
		return std::find(in_use.begin(), in_use.end(), name) != in_use.end();
	}

	std::vector<dmr::Mount> mounts() override { return mounted; }
	static constexpr int64_t kBootTime = 1700000000;
	int64_t boot_time() override { return kBootTime; }

	std::vector<Devno> swaps() override { return swapped; }

	void sync(const std::string &directory) override
	{
		done.push_back("sync " + directory);
		fail(sync_errno);
	}

private:
	static void fail(int errnum)
	{
		if (errnum)
			throw dmr::Error(errnum,
					 "fake: " + std::generic_category().message(errnum));
	}

	template <typename Predicate>
	std::optional<dmr::DmInfo> find(Predicate predicate)
	{
		for (const auto &[devno, dm] : dms)
			if (predicate(dm))
				return dm.info;
		return std::nullopt;
	}
};
