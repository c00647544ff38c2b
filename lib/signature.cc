/* SPDX-License-Identifier: LGPL-2.1-only */
/* What is stored on a block device, by libblkid. */
#include "signature.h"

#include <array>
#include <cerrno>
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
	    blkid_probe_set_superblocks_flags(probe.get(), BLKID_SUBLKS_TYPE))
		throw Error(errno ? errno : EIO,
			    path + ": cannot be probed: " + std::generic_category().message(errno));
	/* 1: nothing found, -2: several that contradict each other; both tell no type. */
	if (blkid_do_safeprobe(probe.get()) != 0)
		return contents;
	const char *type = nullptr;
	if (blkid_probe_lookup_value(probe.get(), "TYPE", &type, nullptr) == 0 && type)
		contents.type = type;
	if (contents.type == "btrfs")
		contents.volume_devices = btrfs_devices(fd.get());
	return contents;
}

} // namespace dmr
