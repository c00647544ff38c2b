/* SPDX-License-Identifier: LGPL-2.1-only */
/* Mounted file systems and swap space, by libmount; and who else uses a block device. */
#include "mounts.h"

#include <cerrno>
#include <memory>
#include <optional>

#include <fcntl.h>
#include <libmount/libmount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "file_descriptor.h"

namespace dmr
{

namespace
{

struct TableDeleter {
	void operator()(libmnt_table *table) const { mnt_unref_table(table); }
};

struct IteratorDeleter {
	void operator()(libmnt_iter *iterator) const { mnt_free_iter(iterator); }
};

using Table = std::unique_ptr<libmnt_table, TableDeleter>;
using Iterator = std::unique_ptr<libmnt_iter, IteratorDeleter>;

std::optional<Devno> block_device(const char *path)
{
	struct stat st;

	if (!path || path[0] != '/' || stat(path, &st) || !S_ISBLK(st.st_mode))
		return std::nullopt;
	return Devno{major(st.st_rdev), minor(st.st_rdev)};
}

/* The device of a mount: by number, or by the path of its source where the number is a made-up
 * one, as with btrfs. */
std::optional<Devno> device_of(libmnt_fs *entry)
{
	const dev_t devno = mnt_fs_get_devno(entry);

	if (major(devno) != 0)
		return Devno{major(devno), minor(devno)};
	return block_device(mnt_fs_get_srcpath(entry));
}

template <typename Function>
void for_each(libmnt_table *table, Function function)
{
	const Iterator iterator(mnt_new_iter(MNT_ITER_FORWARD));
	libmnt_fs *entry;

	if (!iterator)
		throw std::bad_alloc();
	while (mnt_table_next_fs(table, iterator.get(), &entry) == 0)
		function(entry);
}

std::string not_written_out(const std::string &directory, int errnum)
{
	return directory + ": cannot be written out before the start: " +
	       std::generic_category().message(errnum);
}

} // namespace

std::vector<Mount> read_mounts(const std::string &mountinfo)
{
	std::vector<Mount> result;
	const Table table(mnt_new_table());

	if (!table)
		throw std::bad_alloc();
	if (const int r = mnt_table_parse_file(table.get(), mountinfo.c_str()); r < 0)
		throw Error(-r,
			    mountinfo + ": cannot be read: " + std::generic_category().message(-r));
	for_each(table.get(), [&](libmnt_fs *entry) {
		const auto devno = device_of(entry);
		const char *directory = mnt_fs_get_target(entry);
		const char *type = mnt_fs_get_fstype(entry);

		if (devno && directory)
			result.push_back({directory, type ? type : "", *devno});
	});
	return result;
}

std::vector<Devno> read_swaps(const std::string &swaps)
{
	std::vector<Devno> result;
	const Table table(mnt_new_table());

	if (!table)
		throw std::bad_alloc();
	if (access(swaps.c_str(), R_OK) || mnt_table_parse_swaps(table.get(), swaps.c_str()) < 0)
		return result;
	for_each(table.get(), [&](libmnt_fs *entry) {
		if (const auto devno = block_device(mnt_fs_get_source(entry)))
			result.push_back(*devno);
	});
	return result;
}

bool is_claimed(const std::string &path)
{
	const FileDescriptor fd(open(path.c_str(), O_RDONLY | O_EXCL | O_CLOEXEC | O_NONBLOCK));

	return !fd;
}

void sync_file_system(const std::string &directory)
{
	/* A bind mount can be a file, even a fifo: do not wait for its other end. */
	const FileDescriptor fd(
		open(directory.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));

	if (!fd)
		throw Error(errno, not_written_out(directory, errno));
	/* A process that waits for a device which does not answer cannot be killed: let it be
	 * another one, and nobody has to wait for it. */
	const pid_t child = fork();
	if (child == 0) {
		/* nor for what it would hold: locks, the other end of a pipe */
		if (fd.get() > 0)
			close_range(0, fd.get() - 1, 0);
		close_range(fd.get() + 1, ~0U, 0);
		_exit(syncfs(fd.get()) ? errno : 0);
	}
	if (child < 0)
		throw Error(errno, not_written_out(directory, errno));
	int status = 0;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return; /* the program does not want to know of its children */
	const int errnum = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
	if (errnum)
		throw Error(errnum, not_written_out(directory, errnum));
}

} // namespace dmr
