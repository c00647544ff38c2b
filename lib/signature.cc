/* SPDX-License-Identifier: LGPL-2.1-only */
/* What is stored on a block device, by libblkid. */
#include "signature.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include <blkid/blkid.h>
#include <endian.h>
#include <fcntl.h>
#include <unistd.h>

#include "error.h"
#include "file_descriptor.h"

namespace dmr
{

namespace
{

struct ProbeDeleter {
	void operator()(blkid_probe probe) const { blkid_free_probe(probe); }
};

using Probe = std::unique_ptr<std::remove_pointer_t<blkid_probe>, ProbeDeleter>;

/* btrfs, first superblock; the number of devices is not among what libblkid tells. */
constexpr off_t kBtrfsSuperblock = 64 * 1024;
constexpr off_t kBtrfsNumDevices = 0x88;

uint64_t btrfs_devices(int fd)
{
	uint64_t number;

	if (pread(fd, &number, sizeof(number), kBtrfsSuperblock + kBtrfsNumDevices) !=
	    static_cast<ssize_t>(sizeof(number)))
		return 1;
	return le64toh(number);
}

/* "" when there is none. */
std::string value_of(const Probe &probe, const char *name)
{
	const char *value = nullptr;

	if (blkid_probe_lookup_value(probe.get(), name, &value, nullptr) != 0 || !value)
		return "";
	return value;
}

} // namespace

Contents read_signature(const std::string &path)
{
	Contents contents;
	const FileDescriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));

	if (!fd)
		throw Error(errno,
			    path + ": cannot be opened: " + std::generic_category().message(errno));
	const Probe probe(blkid_new_probe());
	if (!probe)
		throw std::bad_alloc();
	errno = 0;
	if (blkid_probe_set_device(probe.get(), fd.get(), 0, 0) ||
	    blkid_probe_enable_superblocks(probe.get(), 1) ||
	    blkid_probe_set_superblocks_flags(probe.get(), BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL |
								   BLKID_SUBLKS_UUID))
		throw Error(errno ? errno : EIO,
			    path + ": cannot be probed: " + std::generic_category().message(errno));
	/* 1: nothing found, -2: several that contradict each other; both tell no type. */
	if (blkid_do_safeprobe(probe.get()) != 0)
		return contents;
	contents.type = value_of(probe, "TYPE");
	contents.label = value_of(probe, "LABEL");
	contents.uuid = value_of(probe, "UUID");
	if (contents.type == "btrfs")
		contents.volume_devices = btrfs_devices(fd.get());
	return contents;
}

std::string device_of_tag(const std::string &tag)
{
	const std::unique_ptr<char, decltype(&std::free)> path(
		blkid_evaluate_spec(tag.c_str(), nullptr), &std::free);

	return path && path.get() != tag ? path.get() : "";
}

} // namespace dmr
