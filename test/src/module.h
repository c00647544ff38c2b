/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the module dm-interpose interposes, its messages go to it, and not to the dm device. */
#ifndef MODULE_H
#define MODULE_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* -1: there is no module, or it is no message of the interposer. Else an errno, or 0 and the answer. */
static int ask_module(const char *name, const char *text, size_t length, char *answer, size_t size)
{
	char request[65536], path[300];
	ssize_t got;
	struct stat st;
	int fd, error = 0;

	if (length < 11 || strncmp(text, "@interpose_", 11))
		return -1;
	if (access("/dev/mapper/interpose", F_OK))
		return -1;
	snprintf(path, sizeof(path), "/dev/mapper/%s", name);
	if (stat(path, &st))
		return ENXIO;
	fd = open("/dev/mapper/interpose", O_RDWR);
	if (fd < 0)
		return errno;
	snprintf(request, sizeof(request), "%u:%u %.*s", major(st.st_rdev), minor(st.st_rdev), (int)length, text);
	if (write(fd, request, strlen(request)) < 0)
		error = errno;
	if (!error && answer) {
		got = read(fd, answer, size - 1);
		answer[got > 0 ? got : 0] = 0;
	}
	close(fd);
	return error;
}

#endif
