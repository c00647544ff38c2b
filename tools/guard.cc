/* SPDX-License-Identifier: GPL-2.0-only */
/* Somebody who makes good what a killed program leaves. */
#include "guard.h"

#include <cerrno>
#include <csignal>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tools
{

namespace
{

[[noreturn]] void fail(const char *what)
{
	throw std::system_error(errno, std::generic_category(), what);
}

/* The end of the pipe without a byte in it: nobody is there to write one. */
bool parent_died(int fd)
{
	char byte;
	ssize_t n;

	while ((n = read(fd, &byte, 1)) < 0 && errno == EINTR)
		;
	return n == 0;
}

[[noreturn]] void stand_by(int fd, const std::function<void()> &make_good)
{
	sigset_t all;
	int status = 0;

	/* what is meant for the foreground is not meant for this one */
	setsid();
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, nullptr);
	try {
		if (mlockall(MCL_CURRENT | MCL_FUTURE))
			status = 1;
		if (parent_died(fd))
			make_good();
	} catch (...) {
		status = 1;
	}
	_exit(status);
}

} // namespace

Guard::Guard(const std::function<void()> &make_good)
{
	int ends[2];

	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		fail("memory cannot be locked");
	if (pipe2(ends, O_CLOEXEC))
		fail("no pipe");
	child_ = fork();
	if (child_ < 0) {
		const int errnum = errno;

		close(ends[0]);
		close(ends[1]);
		errno = errnum;
		fail("no process to stand by");
	}
	if (child_ == 0) {
		close(ends[1]);
		stand_by(ends[0], make_good);
	}
	close(ends[0]);
	pipe_ = ends[1];
}

Guard::~Guard()
{
	const char byte = 0;

	/* it cannot fail while the child lives; a dead one has nothing to do any more */
	std::signal(SIGPIPE, SIG_IGN);
	[[maybe_unused]] const ssize_t n = write(pipe_, &byte, 1);
	close(pipe_);
	while (waitpid(child_, nullptr, 0) < 0 && errno == EINTR)
		;
	munlockall();
}

} // namespace tools
