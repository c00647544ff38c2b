/* SPDX-License-Identifier: LGPL-2.1-only */
/* An open file descriptor and its close. */
#pragma once

#include <unistd.h>
#include <utility>

namespace dmr
{

class FileDescriptor
{
public:
	/* @fd: -1 for none, as open() gives. */
	explicit FileDescriptor(int fd) : fd_(fd) {}
	~FileDescriptor()
	{
		if (fd_ >= 0)
			close(fd_);
	}
	FileDescriptor(FileDescriptor &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
	FileDescriptor &operator=(FileDescriptor &&) = delete;

	explicit operator bool() const { return fd_ >= 0; }
	int get() const { return fd_; }

private:
	int fd_;
};

} // namespace dmr
