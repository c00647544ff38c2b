// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a refused command may not change, by one program instead of a dozen: of each dm device name, UUID, number, flags,
 * open count, both tables and what is attached to it; of each block device its holders and what it lies on.
 */
#define _GNU_SOURCE 1
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/dm-ioctl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "module.h"

#define BUFFER (256 * 1024)

static int control = -1;
static char request[BUFFER] __attribute__((aligned(8))), list[BUFFER] __attribute__((aligned(8)));

static void __attribute__((format(printf, 1, 2), noreturn)) die(const char *format, ...)
{
	va_list args;

	fputs("dmstate: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

/* Returns the errno. @text: of a message, behind the header. */
static int command(unsigned long cmd, const char *name, uint32_t flags, const char *text)
{
	struct dm_ioctl *io = (struct dm_ioctl *)request;

	memset(io, 0, sizeof(*io));
	io->version[0] = DM_VERSION_MAJOR;
	io->data_size = BUFFER;
	io->data_start = sizeof(*io);
	io->flags = flags;
	strncpy(io->name, name, sizeof(io->name) - 1);
	if (text) {
		struct dm_target_msg *message = (void *)(request + sizeof(*io));

		message->sector = 0;
		strcpy(message->message, text);
	}
	if (ioctl(control, cmd, request))
		return errno;
	if (io->flags & DM_BUFFER_FULL_FLAG)
		die("%s: more than fits in", name);
	return 0;
}

static void table(const char *name, const char *which, uint32_t flags)
{
	struct dm_ioctl *io = (struct dm_ioctl *)request;
	int error = command(DM_TABLE_STATUS, name, DM_STATUS_TABLE_FLAG | flags, NULL);
	char *at = request + io->data_start;
	uint32_t i;

	if (error) {
		printf("%s: %s: %s\n", name, which, strerror(error));
		return;
	}
	for (i = 0; i < io->target_count; i++) {
		struct dm_target_spec *spec = (void *)at;

		/* Linux 6.1 does not write the last byte, and ends no name that has all the others */
		printf("%s: %s: %llu %llu %.15s %s\n", name, which, spec->sector_start, spec->length,
		       spec->target_type, (char *)(spec + 1));
		at = request + io->data_start + spec->next;
	}
}

static void device(const char *name)
{
	struct dm_ioctl *io = (struct dm_ioctl *)request;
	int error = command(DM_DEV_STATUS, name, 0, NULL);
	const char *words;
	char answer[256];

	/* gone since */
	if (error)
		return;
	printf("%s: %s %u:%u %s%s%s%s open %d targets %u\n", name, io->uuid, major(io->dev), minor(io->dev),
	       io->flags & DM_ACTIVE_PRESENT_FLAG ? "L" : "-", io->flags & DM_INACTIVE_PRESENT_FLAG ? "I" : "-",
	       io->flags & DM_SUSPEND_FLAG ? "s" : "-", io->flags & DM_READONLY_FLAG ? "r" : "w", io->open_count,
	       io->target_count);
	table(name, "live", 0);
	table(name, "inactive", DM_QUERY_INACTIVE_TABLE_FLAG);
	error = ask_module(name, "@interpose_status", 17, answer, sizeof(answer));
	words = answer;
	if (error < 0) {
		error = command(DM_TARGET_MSG, name, 0, "@interpose_status");
		words = io->flags & DM_DATA_OUT_FLAG ? request + io->data_start : "";
	}
	if (error) {
		printf("%s: attached: %s\n", name, strerror(error));
	} else if (*words) {
		const char *at = words;
		int n;

		/* the counters behind them go on */
		for (n = 0; n < 3 && at; n++)
			at = strchr(at + (n > 0), ' ');
		printf("%s: attached: %.*s\n", name, at ? (int)(at - words) : (int)strlen(words), words);
	}
}

/* The first line of each, or its mere path. */
static void files(const char *pattern, int read_them)
{
	char text[256];
	glob_t found;
	size_t i;

	if (glob(pattern, 0, NULL, &found))
		return;
	for (i = 0; i < found.gl_pathc; i++) {
		FILE *file = read_them ? fopen(found.gl_pathv[i], "r") : NULL;

		printf("%s %s", found.gl_pathv[i], file && fgets(text, sizeof(text), file) ? text : "\n");
		if (file)
			fclose(file);
	}
	globfree(&found);
}

int main(void)
{
	struct dm_ioctl *io = (struct dm_ioctl *)request;
	struct dm_name_list *names;

	control = open("/dev/mapper/control", O_RDWR);
	if (control < 0)
		die("/dev/mapper/control: %s", strerror(errno));
	if (command(DM_LIST_DEVICES, "", 0, NULL))
		die("no list of devices: %s", strerror(errno));
	memcpy(list, request, sizeof(list));
	names = (void *)(list + io->data_start);
	while (names->dev) {
		device(names->name);
		if (!names->next)
			break;
		names = (void *)((char *)names + names->next);
	}
	files("/sys/block/dm-*/dm/noexcl", 1);
	files("/sys/block/dm-*/dm/suspended", 1);
	files("/sys/class/block/*/holders/*", 0);
	files("/sys/class/block/*/slaves/*", 0);
	return ferror(stdout) || fclose(stdout);
}
