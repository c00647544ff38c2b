/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the module dm-interpose interposes, its messages go to it, and not to the dm device. */
#ifndef MODULE_H
#define MODULE_H

#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static inline bool have_module(void)
{
	return !access("/dev/mapper/interpose", F_OK);
}

/* -1: there is no module, or it is no message of the interposer. Else an errno, or 0 and the answer. */
static int ask_module(const char *name, const char *text, size_t length, char *answer, size_t size)
{
	struct dm_ioctl io = { .version = { DM_VERSION_MAJOR }, .data_size = sizeof(io), .data_start = sizeof(io) };
	char request[65536];
	ssize_t got;
	int fd, error = 0;

	if (length < 11 || strncmp(text, "@interpose_", 11) || !have_module())
		return -1;
	fd = open("/dev/mapper/control", O_RDWR);
	if (fd < 0)
		return errno;
	strncpy(io.name, name, sizeof(io.name) - 1);
	if (ioctl(fd, DM_DEV_STATUS, &io))
		error = errno;
	close(fd);
	if (error)
		return error;
	fd = open("/dev/mapper/interpose", O_RDWR);
	if (fd < 0)
		return errno;
	snprintf(request, sizeof(request), "%u:%u %.*s", major(io.dev), minor(io.dev), (int)length, text);
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
