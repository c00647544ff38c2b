// SPDX-License-Identifier: GPL-2.0-only
/*
 * Malformed messages to a dm device, straight by ioctl, past every check that user space would make:
 * without an end, longer than their buffer, empty, and mutations of good ones at random.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "module.h"

#define BUFFER	(64 * 1024)

static const char usage[] =
	"usage: fuzzmsg raw NAME SECTOR TEXT             send TEXT as it is; prints the errno's name\n"
	"       fuzzmsg unterminated|short|long NAME     a message that breaks the frame\n"
	"       fuzzmsg repeat NAME COUNT TEXT...        send the texts in turn; all must succeed\n"
	"       fuzzmsg refuse NAME COUNT TEXT...        send the texts in turn; all must fail\n"
	"       fuzzmsg try NAME COUNT TEXT...           send the texts in turn while others do the same: EBUSY\n"
	"                                                and EALREADY are fine; prints how often each came\n"
	"       fuzzmsg random NAME SEED COUNT TEXT...   mutations of the texts; none may succeed\n";

static int control = -1;
static unsigned char request[BUFFER];

/* size: what the ioctl is told; text may be cut by it */
static int send(const char *name, uint64_t sector, const char *text, size_t length, size_t size)
{
	struct dm_ioctl *io = (struct dm_ioctl *)request;
	struct dm_target_msg *message = (struct dm_target_msg *)(io + 1);
	int error = ask_module(name, text, strnlen(text, length), NULL, 0);

	if (error >= 0)
		return error;
	memset(request, 0, sizeof(*io) + sizeof(*message));
	io->version[0] = DM_VERSION_MAJOR;
	io->data_size = size;
	io->data_start = sizeof(*io);
	strncpy(io->name, name, sizeof(io->name) - 1);
	message->sector = sector;
	memcpy(message->message, text, length);
	return ioctl(control, DM_TARGET_MSG, request) ? errno : 0;
}

static size_t frame(size_t length)
{
	return sizeof(struct dm_ioctl) + sizeof(struct dm_target_msg) + length;
}

static int report(int error)
{
	printf("%s\n", error ? strerrorname_np(error) : "OK");
	return error != 0;
}

static uint32_t next(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

/* Bytes change, go, come, words are doubled or dropped: what stays close to good finds the most. */
static size_t mutate(char *text, size_t length, size_t room, uint64_t *state)
{
	static const char likely[] = " \t\n:,0123456789-+@xandfilterremap\\\"";

	for (unsigned int n = 1 + next(state) % 4; n; n--) {
		size_t at = length ? next(state) % length : 0;

		switch (next(state) % 5) {
		case 0:
			if (length)
				text[at] = 1 + next(state) % 255;
			break;
		case 1:
			if (length)
				text[at] = likely[next(state) % (sizeof(likely) - 1)];
			break;
		case 2:
			if (length) {
				memmove(text + at, text + at + 1, length - at - 1);
				length--;
			}
			break;
		case 3:
			if (length < room) {
				memmove(text + at + 1, text + at, length - at);
				text[at] = likely[next(state) % (sizeof(likely) - 1)];
				length++;
			}
			break;
		case 4:
			if (length * 2 < room) {
				memcpy(text + length, text, length);
				length *= 2;
			}
			break;
		}
	}
	return length;
}

/*
 * "@interpose_status" may well answer; a start not. Read as the kernel reads it: no-break spaces are
 * spaces, and a backslash quotes what follows.
 */
static bool may_succeed(const char *text)
{
	char word[18];
	size_t n = 0;

	text += strspn(text, " \t\n\v\f\r\xa0");
	for (; *text && n < sizeof(word) - 1; text++)
		if (*text != '\\')
			word[n++] = *text;
	word[n] = 0;
	return !strncasecmp(word, "@interpose_status", 17) || !strncasecmp(word, "@stats_", 7);
}

static int random_messages(const char *name, uint64_t seed, unsigned long count, char **texts, int n)
{
	uint64_t state = seed;
	unsigned long refused = 0;
	char text[2048];

	printf("fuzzmsg: seed %llu\n", (unsigned long long)seed);
	for (unsigned long i = 0; i < count; i++) {
		const char *good = texts[next(&state) % n];
		size_t length = strlen(good);
		int error;

		memcpy(text, good, length);
		length = mutate(text, length, sizeof(text) - 1, &state);
		text[length] = 0;
		error = send(name, 0, text, length + 1, frame(length + 1));
		if (error) {
			refused++;
		} else if (!may_succeed(text)) {
			fprintf(stderr, "fuzzmsg: message %lu succeeded: '%s'\n", i, text);
			return 1;
		}
	}
	printf("fuzzmsg: %lu of %lu refused\n", refused, count);
	return !refused;
}

static int repeat(const char *name, unsigned long count, char **texts, int n, bool refused)
{
	for (unsigned long i = 0; i < count; i++) {
		for (int t = 0; t < n; t++) {
			int error = send(name, 0, texts[t], strlen(texts[t]) + 1, frame(strlen(texts[t]) + 1));

			if (!error == refused) {
				fprintf(stderr, "fuzzmsg: round %lu: %s: %s\n", i, texts[t],
					error ? strerrorname_np(error) : "OK");
				return 1;
			}
		}
	}
	return 0;
}

static int try_messages(const char *name, unsigned long count, char **texts, int n)
{
	unsigned long done = 0, busy = 0, already = 0;

	for (unsigned long i = 0; i < count; i++) {
		for (int t = 0; t < n; t++) {
			int error = send(name, 0, texts[t], strlen(texts[t]) + 1, frame(strlen(texts[t]) + 1));

			if (!error) {
				done++;
			} else if (error == EBUSY) {
				busy++;
			} else if (error == EALREADY) {
				already++;
			} else {
				fprintf(stderr, "fuzzmsg: round %lu: %s: %s\n", i, texts[t],
					strerrorname_np(error));
				return 1;
			}
		}
	}
	printf("fuzzmsg: %lu done, %lu EBUSY, %lu EALREADY\n", done, busy, already);
	return 0;
}

int main(int argc, char **argv)
{
	char filler[BUFFER / 2];

	if (argc < 3) {
		fputs(usage, stderr);
		return 2;
	}
	control = open("/dev/mapper/control", O_RDWR);
	if (control < 0) {
		perror("/dev/mapper/control");
		return 2;
	}
	memset(request, 'x', sizeof(request));
	memset(filler, 'x', sizeof(filler));
	if (!strcmp(argv[1], "raw") && argc == 5)
		return report(send(argv[2], strtoull(argv[3], NULL, 0), argv[4], strlen(argv[4]) + 1,
				   frame(strlen(argv[4]) + 1)));
	if (!strcmp(argv[1], "unterminated") && argc == 3)
		return report(send(argv[2], 0, "@interpose_statusxxxxxxx", 24, frame(24)));
	if (!strcmp(argv[1], "short") && argc == 3)
		return report(send(argv[2], 0, "@interpose_status", 18, frame(0) - 4));
	if (!strcmp(argv[1], "long") && argc == 3) {
		memcpy(filler, "@interpose_start remap ", 23);
		return report(send(argv[2], 0, filler, sizeof(filler), frame(sizeof(filler))));
	}
	if (!strcmp(argv[1], "repeat") && argc > 4)
		return repeat(argv[2], strtoul(argv[3], NULL, 0), argv + 4, argc - 4, false);
	if (!strcmp(argv[1], "refuse") && argc > 4)
		return repeat(argv[2], strtoul(argv[3], NULL, 0), argv + 4, argc - 4, true);
	if (!strcmp(argv[1], "try") && argc > 4)
		return try_messages(argv[2], strtoul(argv[3], NULL, 0), argv + 4, argc - 4);
	if (!strcmp(argv[1], "random") && argc > 5)
		return random_messages(argv[2], strtoull(argv[3], NULL, 0), strtoul(argv[4], NULL, 0),
				       argv + 5, argc - 5);
	fputs(usage, stderr);
	return 2;
}
