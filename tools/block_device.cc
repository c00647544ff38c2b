/* SPDX-License-Identifier: GPL-2.0-only */
/* Block devices as a recipe meets them. */
#include "block_device.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "error.h"
#include "signature.h"
#include "sysfs.h"
#include "text.h"

namespace tools
{

namespace
{

namespace fs = std::filesystem;
using dmr::Devno;
using dmr::Error;
using dmr::FileDescriptor;

constexpr size_t kMiB = 1024 * 1024;

std::string reason(int errnum)
{
	return std::generic_category().message(errnum);
}

std::string first_line(const fs::path &path)
{
	std::ifstream file(path);
	std::string line;

	std::getline(file, line);
	return line;
}

fs::path directory_of(Devno number)
{
	return fs::path("/sys/dev/block") / dmr::to_string(number);
}

/* The device that the file of a loop device is stored on. */
Devno device_of_file(const std::string &what, const std::string &path)
{
	struct stat st;

	if (stat(path.c_str(), &st))
		throw Error(errno, what + ": " + dmr::printable(path) +
					   ": cannot be found: " + reason(errno));
	if (major(st.st_dev) == 0)
		throw Error(
			EOPNOTSUPP,
			what + ": " + dmr::printable(path) +
				": which device it is on cannot be told (btrfs, tmpfs, network): "
				"put it on another file system, or give a device");
	return {major(st.st_dev), minor(st.st_dev)};
}

/* One step down. What a disk lies on, its partitions do: but none of them on each other. */
std::vector<Devno> below(const std::string &what, Devno number)
{
	const auto facts = dmr::Sysfs().block(number);
	const fs::path directory = directory_of(facts && facts->disk ? *facts->disk : number);
	std::vector<Devno> result;
	std::error_code ignored;

	for (const auto &entry : fs::directory_iterator(directory / "slaves", ignored))
		if (const auto devno = dmr::parse_devno(first_line(entry.path() / "dev")))
			result.push_back(*devno);
	const std::string file = first_line(directory / "loop/backing_file");
	if (!file.empty())
		result.push_back(device_of_file(what, file));
	return result;
}

bool overlap(Devno a, Devno b)
{
	const auto facts = dmr::Sysfs().block(a);
	const auto other = dmr::Sysfs().block(b);

	return a == b || (facts && facts->disk == b) || (other && other->disk == a);
}

void write_zeroes(const std::string &what, const BlockDevice &device, int fd, uint64_t begin,
		  uint64_t length)
{
	static const std::array<char, 65536> kZeroes = {};

	while (length > 0) {
		const size_t part = std::min<uint64_t>(length, kZeroes.size());
		const ssize_t n = pwrite(fd, kZeroes.data(), part, static_cast<off_t>(begin));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			throw Error(n ? errno : EIO,
				    what + ": " + dmr::printable(device.given) +
					    ": cannot be written: " + reason(n ? errno : EIO));
		begin += static_cast<uint64_t>(n);
		length -= static_cast<uint64_t>(n);
	}
}

/* A number that was free may be somebody else's by now: again then. */
int configure_loop(int control, int file, const std::string &name, std::string &path)
{
	loop_config config = {};

	config.fd = static_cast<uint32_t>(file);
	config.info.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO;
	std::strncpy(reinterpret_cast<char *>(config.info.lo_file_name), name.c_str(),
		     LO_NAME_SIZE - 1);
	for (;;) {
		const int number = ioctl(control, LOOP_CTL_GET_FREE);

		if (number < 0)
			return -1;
		path = "/dev/loop" + std::to_string(number);
		const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
		if (fd < 0)
			return -1;
		if (ioctl(fd, LOOP_CONFIGURE, &config) == 0)
			return fd;
		const int errnum = errno;
		close(fd);
		errno = errnum;
		if (errnum != EBUSY)
			return -1;
	}
}

int open_loop(const std::string &what, const std::string &given, std::string &path)
{
	const FileDescriptor control(open("/dev/loop-control", O_RDWR | O_CLOEXEC));
	if (!control)
		throw Error(errno, what + ": " + dmr::printable(given) +
					   ": is a file, and this kernel has no loop devices: load "
					   "them with modprobe loop, or give a device");
	const FileDescriptor file(open(given.c_str(), O_RDWR | O_CLOEXEC));
	if (!file)
		throw Error(errno, what + ": " + dmr::printable(given) +
					   ": cannot be opened: " + reason(errno));
	const int fd = configure_loop(control.get(), file.get(), given, path);
	if (fd < 0)
		throw Error(errno,
			    what + ": " + dmr::printable(given) +
				    ": no loop device could be made of it: " + reason(errno));
	return fd;
}

} // namespace

BlockDevice find_block_device(const std::string &what, const std::string &given)
{
	struct stat st;

	if (stat(given.c_str(), &st))
		throw Error(errno, what + ": " + dmr::printable(given) + ": " + reason(errno) +
					   ": lsblk shows the block devices");
	if (!S_ISBLK(st.st_mode))
		throw Error(ENOTBLK, what + ": " + dmr::printable(given) +
					     ": is not a block device: lsblk shows them");
	const Devno number = {major(st.st_rdev), minor(st.st_rdev)};
	const auto facts = dmr::Sysfs().block(number);
	if (!facts)
		throw Error(ENXIO, what + ": " + dmr::printable(given) +
					   ": there is no such device any more: lsblk shows them");
	return {given, number, facts->name, facts->sectors};
}

std::string name_of(Devno number)
{
	const auto facts = dmr::Sysfs().block(number);

	return facts ? facts->name : dmr::to_string(number);
}

bool lies_on(const std::string &what, Devno device, Devno other)
{
	std::vector<Devno> open = {device};
	std::vector<Devno> seen;

	while (!open.empty()) {
		const Devno number = open.back();

		open.pop_back();
		if (std::find(seen.begin(), seen.end(), number) != seen.end())
			continue;
		if (overlap(number, other))
			return true;
		seen.push_back(number);
		for (const Devno lower : below(what, number))
			open.push_back(lower);
	}
	return false;
}

void require_unused(const std::string &what, const BlockDevice &device)
{
	const FileDescriptor fd(open(device.path().c_str(), O_RDWR | O_EXCL | O_CLOEXEC));
	const std::string head = what + ": " + dmr::printable(device.given) + ": ";

	if (!fd)
		throw Error(errno,
			    head + (errno == EBUSY
					    ? "is in use: lsblk shows by whom: give another one"
					    : "cannot be opened: " + reason(errno)));
	const std::string type = dmr::read_signature(device.path()).type;
	if (!type.empty())
		throw Error(EEXIST,
			    head + "has something on it (" + type +
				    "): if nothing of that is needed, wipe it first: wipefs -a " +
				    dmr::printable(device.given));
}

void wipe_ends(const std::string &what, const BlockDevice &device)
{
	const FileDescriptor fd(open(device.path().c_str(), O_RDWR | O_CLOEXEC));
	const uint64_t size = device.sectors * 512;
	const uint64_t part = std::min<uint64_t>(kMiB, size);

	if (!fd)
		throw Error(errno, what + ": " + dmr::printable(device.given) +
					   ": cannot be opened: " + reason(errno));
	write_zeroes(what, device, fd.get(), 0, part);
	write_zeroes(what, device, fd.get(), size - part, part);
	if (fsync(fd.get()))
		throw Error(errno, what + ": " + dmr::printable(device.given) +
					   ": cannot be written: " + reason(errno));
}

Loop::Loop(const std::string &what, const std::string &file)
    : path_(), fd_(open_loop(what, file, path_))
{
}

} // namespace tools
