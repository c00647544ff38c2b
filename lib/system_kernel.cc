/* SPDX-License-Identifier: LGPL-2.1-only */
/* The real Kernel: libdevmapper, sysfs, libblkid and libmount put together. */
#include "kernel.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <fstream>

#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "dm/device_mapper.h"
#include "dm/module.h"
#include "error.h"
#include "file_descriptor.h"
#include "io_limits.h"
#include "mounts.h"
#include "signature.h"
#include "sysfs.h"
#include "text.h"

namespace dmr
{

namespace
{

const char kControl[] = "/dev/mapper/control";

/* The driver may be there while its node is not; libdevmapper makes it. */
bool driver_is_registered()
{
	std::ifstream misc("/proc/misc");
	std::string line;

	while (std::getline(misc, line)) {
		const auto words = words_of(line);

		if (words.size() == 2 && words[1] == "device-mapper")
			return true;
	}
	return false;
}

FileFacts::Kind kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFBLK:
		return FileFacts::Kind::block;
	case S_IFCHR:
		return FileFacts::Kind::character;
	case S_IFDIR:
		return FileFacts::Kind::directory;
	case S_IFREG:
		return FileFacts::Kind::regular;
	default:
		return FileFacts::Kind::other;
	}
}

/* A node that everybody may open says nothing: device-mapper itself asks for CAP_SYS_ADMIN. */
bool may_ask(const FileDescriptor &control)
{
	dm_ioctl io = {};

	io.version[0] = DM_VERSION_MAJOR;
	io.data_size = sizeof(io);
	io.data_start = sizeof(io);
	return ioctl(control.get(), DM_VERSION, &io) == 0 || (errno != EACCES && errno != EPERM);
}

class SystemKernel final : public Kernel
{
public:
	explicit SystemKernel(const Log &log) : log_(log) {}

	Availability availability() override
	{
		/* Opening the node loads the module where that is possible. */
		const FileDescriptor fd(open(kControl, O_RDWR | O_CLOEXEC));

		if (fd)
			return may_ask(fd) ? Availability::ready : Availability::not_permitted;
		log_(LogLevel::debug,
		     std::string(kControl) + ": " + std::generic_category().message(errno));
		if (errno == EACCES || errno == EPERM || geteuid() != 0)
			return Availability::not_permitted;
		return driver_is_registered() ? Availability::ready : Availability::missing;
	}

	std::string message(Devno dm, const std::string &text) override
	{
		log_(LogLevel::debug, "message to " + to_string(dm) + ": " + text);
		const std::string answer = has_module() && text.starts_with("@interpose_")
						   ? module::message(dm, text)
						   : device_mapper::message(dm, text);
		log_(LogLevel::debug, "answer: '" + printable(answer) + "'");
		return answer;
	}

	bool has_module() override { return module::is_loaded(); }
	bool load_module() override { return module::load(); }
	bool module_is_installed() override { return module::is_installed(); }

	std::vector<DmDevice> dm_devices() override { return device_mapper::devices(); }

	std::optional<DmInfo> dm_by_name(const std::string &name) override
	{
		return device_mapper::by_name(name);
	}

	std::optional<DmInfo> dm_by_uuid(const std::string &uuid) override
	{
		return device_mapper::by_uuid(uuid);
	}

	std::optional<DmInfo> dm_by_devno(Devno devno) override
	{
		return device_mapper::by_devno(devno);
	}

	std::vector<DmTarget> dm_table(Devno dm) override
	{
		auto table = device_mapper::table(dm);

		std::for_each(table.begin(), table.end(), module::name_as_linear);
		return table;
	}

	std::vector<DmTarget> dm_status(Devno dm) override { return device_mapper::status(dm); }

	std::vector<Devno> dm_deps(Devno dm) override
	{
		auto deps = device_mapper::deps(dm);

		/* The module's target does not tell them to device-mapper. */
		if (!has_module())
			return deps;
		for (const DmTarget &target : device_mapper::table(dm)) {
			const auto words = words_of(target.params);

			if (target.type == "interpose" && !words.empty())
				if (const auto devno = parse_devno(words.front()))
					deps.push_back(*devno);
		}
		return deps;
	}

	FileFacts file(const std::string &path) override
	{
		struct stat st;

		if (stat(path.c_str(), &st)) {
			if (errno == ENOENT || errno == ENOTDIR)
				return {FileFacts::Kind::missing, 0, {}};
			return {FileFacts::Kind::inaccessible, errno, {}};
		}
		const auto kind = kind_of(st.st_mode);
		if (kind != FileFacts::Kind::block)
			return {kind, 0, {}};
		return {kind, 0, {major(st.st_rdev), minor(st.st_rdev)}};
	}

	std::optional<BlockFacts> block(Devno devno) override { return Sysfs().block(devno); }

	Contents contents(const std::string &name) override
	{
		return read_signature("/dev/" + name);
	}

	bool claimed(const std::string &name) override { return is_claimed("/dev/" + name); }

	std::vector<Mount> mounts() override { return read_mounts(); }

	int64_t boot_time() override
	{
		using namespace std::chrono;
		timespec booted_for = {};

		clock_gettime(CLOCK_BOOTTIME, &booted_for);
		const auto boot = system_clock::now() - seconds(booted_for.tv_sec) -
				  nanoseconds(booted_for.tv_nsec);
		return round<seconds>(boot).time_since_epoch().count();
	}

	std::vector<Devno> swaps() override { return read_swaps(); }

	std::vector<std::string> io_limited_groups(Devno disk) override
	{
		return read_io_limited_groups("/sys/fs/cgroup", disk);
	}

	void sync(const std::string &directory) override { sync_file_system(directory); }

private:
	const Log &log_;
};

} // namespace

std::unique_ptr<Kernel> make_system_kernel(const Log &log)
{
	return std::make_unique<SystemKernel>(log);
}

} // namespace dmr
