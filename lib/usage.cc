/* SPDX-License-Identifier: LGPL-2.1-only */
/* What is on an original and who uses it. */
#include "usage.h"

#include <algorithm>
#include <cerrno>

#include "error.h"
#include "text.h"

namespace dmr
{

namespace
{

bool is_on(const Original &original, Devno devno)
{
	const auto &partitions = original.facts.partitions;

	return devno == original.devno ||
	       std::find(partitions.begin(), partitions.end(), devno) != partitions.end();
}

} // namespace

Contents contents_of(Kernel &kernel, const std::string &what, const Original &original)
{
	try {
		return kernel.contents(original.facts.name);
	} catch (const Error &error) {
		throw Error(error.errnum(),
			    what + ": " + printable(original.given) +
				    ": what is on it cannot be read: " + error.code().message());
	}
}

void refuse_member(Mode mode, const Original &original, const Contents &contents)
{
	const std::string what = operation(mode, "start");
	std::string reason;

	if (contents.type == "LVM2_member")
		reason = "is a physical volume of LVM: " + word_of(mode) +
			 " the logical volumes, or the disk below";
	else if (contents.type == "linux_raid_member")
		reason = "is a member of an md array: " + word_of(mode) + " the array";
	else if (contents.type == "zfs_member")
		reason = "is a member of a ZFS pool, which spans devices: it cannot be " +
			 past_of(mode);
	else if (contents.type == "btrfs" && contents.volume_devices > 1)
		reason = "is one of " + std::to_string(contents.volume_devices) +
			 " devices of a btrfs file system: only one on a single device "
			 "can be " +
			 past_of(mode);
	if (!reason.empty())
		throw Error(EBUSY, what + ": " + printable(original.given) + ": " + reason);
}

std::vector<Mount> mounts_on(const Usage &usage, const Original &original)
{
	std::vector<Mount> result;

	for (const Mount &mount : usage.mounts) {
		const bool seen =
			std::any_of(result.begin(), result.end(),
				    [&](const Mount &other) { return other.devno == mount.devno; });

		if (!seen && is_on(original, mount.devno))
			result.push_back(mount);
	}
	return result;
}

std::vector<std::string> mount_points_of(const Usage &usage, const Original &original)
{
	std::vector<std::string> result;

	for (const Mount &mount : usage.mounts)
		if (is_on(original, mount.devno))
			result.push_back(mount.directory);
	for (const Devno swap : usage.swaps)
		if (is_on(original, swap))
			result.emplace_back("[SWAP]");
	return result;
}

std::string users_of(const Usage &usage, const Original &original)
{
	std::string users;

	for (const Mount &mount : mounts_on(usage, original))
		users += (users.empty() ? "" : ", ") + mount.type + " mounted on " +
			 printable(mount.directory);
	for (const Devno swap : usage.swaps)
		if (is_on(original, swap))
			users += std::string(users.empty() ? "" : ", ") + "swap space";
	return users;
}

} // namespace dmr
