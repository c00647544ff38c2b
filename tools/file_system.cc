/* SPDX-License-Identifier: GPL-2.0-only */
/* A file system in use that is frozen from here. */
#include "file_system.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "error.h"
#include "mounts.h"
#include "sysfs.h"
#include "text.h"

namespace tools
{

namespace
{

using dmr::Error;
using dmr::Mount;

/* Another one may be mounted over it. That of btrfs has a number of its own. */
bool is_seen(const Mount &mount)
{
	struct stat st;

	return stat(mount.directory.c_str(), &st) == 0 &&
	       (major(st.st_dev) == 0 ||
		dmr::Devno{major(st.st_dev), minor(st.st_dev)} == mount.devno);
}

} // namespace

FileSystem::FileSystem(const std::string &what, const Mount &mount)
    : name_(what + ": " + dmr::printable(mount.directory)),
      fd_(open(mount.directory.c_str(), O_RDONLY | O_CLOEXEC)), frozen_(false)
{
	if (!fd_)
		throw Error(errno, name_ + ": cannot be opened: " +
					   std::generic_category().message(errno));
}

void FileSystem::freeze()
{
	/* before it is: who is killed meanwhile cannot say it any more */
	frozen_.set(true);
	if (ioctl(fd_.get(), FIFREEZE, 0) == 0)
		return;
	const int errnum = errno;
	frozen_.set(false);
	if (errnum == EOPNOTSUPP && syncfs(fd_.get()) == 0)
		return;
	if (errnum != EBUSY)
		throw Error(errnum, name_ + ": cannot be frozen: " +
					    std::generic_category().message(errnum));
}

void FileSystem::thaw()
{
	if (!frozen_.get())
		return;
	frozen_.set(false);
	if (ioctl(fd_.get(), FITHAW, 0))
		throw Error(errno,
			    name_ + ": cannot be thawed: " +
				    std::generic_category().message(errno) + ": try fsfreeze -u");
}

FileSystems file_systems_on(const std::string &what, const BlockDevice &device)
{
	const auto facts = dmr::Sysfs().block(device.number);
	std::vector<dmr::Devno> open = facts ? facts->partitions : std::vector<dmr::Devno>();
	const auto mounts = dmr::read_mounts();
	FileSystems result;

	open.push_back(device.number);
	for (const dmr::Devno number : open) {
		const auto is_on = [&](const Mount &mount) { return mount.devno == number; };
		const auto seen = std::find_if(
			mounts.begin(), mounts.end(),
			[&](const Mount &mount) { return is_on(mount) && is_seen(mount); });

		if (seen != mounts.end())
			result.push_back(std::make_unique<FileSystem>(what, *seen));
		else if (std::any_of(mounts.begin(), mounts.end(), is_on))
			throw Error(EBUSY, what + ": " + name_of(number) +
						   ": another file system is mounted over the one on "
						   "it, which so cannot be frozen: unmount that first");
	}
	return result;
}

} // namespace tools
