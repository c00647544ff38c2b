// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random orders of dm commands, straight by ioctl: devices are created, loaded, resumed, suspended, renamed and
 * removed, attached to a block device as remap and as filter and taken away again, with good words and broken ones.
 * All tables that are ever attached hand everything on, so that the block device keeps what is written to it, by
 * its own node and by that of its disk. Now and then everything is taken away: that must work.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "module.h"

#define BUFFER		(16 * 1024)
#define DEVICES		6
#define ATTACHABLE	4	/* the others have tables that hand on nothing, or something else */
#define BLOCKS		64
#define BLOCK		4096
#define LOG		40
#define ROUND		500	/* steps until all is taken away */

static const char usage[] =
	"usage: fuzzdm PREFIX SEED STEPS DEV DISK SECTOR [BELOW]\n"
	"  DEV      the block device, of 8 MiB or more; its first sectors are overwritten\n"
	"  DISK     another way to it, where it begins at SECTOR\n"
	"  BELOW    with the module: the number of a device over DEV with its target, for tables of others\n";

static struct device {
	char name[64];
	unsigned int renamed;
	dev_t number;
	bool exists;
	bool attached;
	bool cleared;
} devices[DEVICES];

static const char *prefix;
static int control = -1, nodes[2];
static off_t node_start[2];
static dev_t original;
static const char *below;
static uint64_t sectors, state;
static uint32_t generation[BLOCKS], stamp;
static unsigned char request[BUFFER], *block;
static char history[LOG][200];
static unsigned long step, done, failed, starts, ios;
static unsigned long errnos[256];

static uint32_t next(uint32_t n)
{
	/* xorshift64* */
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * 2685821657736338717u) >> 33) % n;
}

static void __attribute__((format(printf, 1, 2), noreturn)) die(const char *format, ...)
{
	va_list args;
	unsigned long i;

	for (i = step > LOG ? step - LOG : 0; i <= step; i++)
		fprintf(stderr, "%lu: %s\n", i, history[i % LOG]);
	va_start(args, format);
	fprintf(stderr, "fuzzdm: step %lu: ", step);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

static void __attribute__((format(printf, 1, 2))) note(const char *format, ...)
{
	char *to = history[step % LOG];
	size_t length = strlen(to);
	va_list args;

	va_start(args, format);
	vsnprintf(to + length, sizeof(history[0]) - length, format, args);
	va_end(args);
}

/* An ioctl with what is behind the header already in request[]; returns the errno. */
static int command(unsigned long cmd, const char *name, uint32_t flags, unsigned int targets)
{
	struct dm_ioctl *io = (struct dm_ioctl *)request;
	int error;

	memset(io, 0, sizeof(*io));
	io->version[0] = DM_VERSION_MAJOR;
	io->data_size = BUFFER;
	io->data_start = sizeof(*io);
	io->flags = flags;
	io->target_count = targets;
	strncpy(io->name, name, sizeof(io->name) - 1);
	error = ioctl(control, cmd, request) ? errno : 0;
	if (error)
		failed++;
	else
		done++;
	errnos[error & 255]++;
	note(" = %s", error ? strerrorname_np(error) : "OK");
	return error;
}

static uint32_t flags_of(unsigned int n)
{
	return command(DM_DEV_STATUS, devices[n].name, 0, 0) ? 0 : ((struct dm_ioctl *)request)->flags;
}

/* A resume that refuses its table leaves the device suspended, so the kernel is asked. */
static bool would_hold(unsigned int n)
{
	const uint32_t both = DM_SUSPEND_FLAG | DM_ACTIVE_PRESENT_FLAG;

	return (flags_of(n) & both) == both;
}

static char *payload(void)
{
	return (char *)request + sizeof(struct dm_ioctl);
}

/* One of the things that go wrong with a text. */
static void mutate(char *text, size_t size)
{
	size_t length = strlen(text), at;

	if (!length)
		return;
	at = next(length);
	switch (next(5)) {
	case 0:
		text[at] = 1 + next(255);
		break;
	case 1:
		text[at] = 0;
		break;
	case 2:
		memmove(text + at, text + at + 1, length - at);
		break;
	case 3:
		if (2 * length < size) {
			memcpy(text + length, text, length + 1);
			memmove(text + length, text, length);
			text[2 * length] = 0;
		}
		break;
	case 4:
		text[at] = " :,@-0"[next(6)];
		break;
	}
}

static void add_target(char **at, uint64_t start, uint64_t length, const char *type, const char *params)
{
	struct dm_target_spec *spec = (struct dm_target_spec *)*at;
	size_t size = sizeof(*spec) + strlen(params) + 1;

	size = (size + 7) & ~(size_t)7;
	memset(spec, 0, sizeof(*spec));
	spec->sector_start = start;
	spec->length = length;
	spec->next = size;
	strncpy(spec->target_type, type, sizeof(spec->target_type) - 1);
	strcpy((char *)(spec + 1), params);
	*at += size;
}

/*
 * With the module the tables are in its words: a linear that shares its device is an interpose, others lie on one. What
 * is no such table stays, to be refused.
 */
static const char *as_module(const char *type, char *params, size_t size, const char *on)
{
	char *end = params + strlen(params) - strlen(" noexcl"), rest[256];

	if (!have_module() || end < params || strcmp(end, " noexcl"))
		return type;
	if (!strcmp(type, "linear")) {
		*end = 0;
		return "interpose";
	}
	if (strncmp(params, on, strlen(on)))
		return type;
	*end = 0;
	snprintf(rest, sizeof(rest), "%s", params + strlen(on));
	snprintf(params, size, "%s%s", below, rest);
	return type;
}

/* A random table; those of the attachable devices are the identity, or refused. */
static int load(unsigned int n)
{
	static const char *const wholes[][2] = {
		{"linear", "%s 0 noexcl"}, {"linear", "%s 0 noexcl"}, {"linear", "%s 0"},
		{"delay", "%s 0 0 noexcl"}, {"delay", "%s 0 1 noexcl"}, {"flakey", "%s 0 10000 0 noexcl"},
		{"dust", "%s 0 512 noexcl"}, {"snapshot-origin", "%s noexcl"},
		{"linear", "%s 0 noexcl:%s"}, {"linear", "%s 0 noexcl:%s,%s"}, {"linear", "%s 0 noexcl:"},
		{"linear", "%s 0 noexcl noexcl"}, {"linear", "noexcl"}, {"nonsense", "%s 0 noexcl"},
	};
	static const char *const others[][2] = {
		{"error", ""}, {"zero", ""}, {"linear", "%s 8 noexcl"}, {"error", "noexcl"}, {"zero", "noexcl"},
	};
	char params[256], on[32], *at = payload();
	uint64_t length = sectors;
	const char *type;
	unsigned int i;
	unsigned int targets = 1;

	snprintf(on, sizeof(on), "%u:%u", major(original), minor(original));
	if (n >= ATTACHABLE && next(2)) {
		i = next(sizeof(others) / sizeof(others[0]));
		snprintf(params, sizeof(params), others[i][1], on);
		type = as_module(others[i][0], params, sizeof(params), on);
		add_target(&at, 0, length - 8, type, params);
	} else {
		/* over one of the others now and then, if that has a table; never in a circle, for which dm does not
		 * look */
		i = next(ATTACHABLE);
		if (i < n && devices[i].exists && !next(6) && flags_of(i) & DM_ACTIVE_PRESENT_FLAG)
			snprintf(on, sizeof(on), "%u:%u", major(devices[i].number), minor(devices[i].number));
		if (!next(10))
			length += (int)next(17) - 8;
		i = next(sizeof(wholes) / sizeof(wholes[0]));
		snprintf(params, sizeof(params), wholes[i][1], on, on, on);
		type = as_module(wholes[i][0], params, sizeof(params), on);
		if (n >= ATTACHABLE)
			mutate(params, sizeof(params));
		if (n < ATTACHABLE && i < 2 && !next(4)) {
			uint64_t half = (length / 2) & ~(uint64_t)7;
			char rest[64];

			snprintf(rest, sizeof(rest), "%s %llu noexcl", on, (unsigned long long)half);
			as_module("linear", rest, sizeof(rest), on);
			add_target(&at, 0, half, type, params);
			add_target(&at, half, length - half, type, rest);
			targets = 2;
		} else {
			add_target(&at, 0, length, type, params);
		}
	}
	note("load %u %s", n, params);
	if (command(DM_TABLE_LOAD, devices[n].name, next(20) ? 0 : DM_READONLY_FLAG, targets))
		return 1;
	devices[n].cleared = false;
	return 0;
}

static void clear(unsigned int n)
{
	command(DM_TABLE_CLEAR, devices[n].name, 0, 0);
	devices[n].cleared = true;
}

static int resume(unsigned int n)
{
	note(" resume %u", n);
	return command(DM_DEV_SUSPEND, devices[n].name, 0, 0);
}

static int message(unsigned int n, const char *text)
{
	struct dm_target_msg *msg = (struct dm_target_msg *)payload();
	int error = ask_module(devices[n].name, text, strlen(text), NULL, 0);

	if (error >= 0) {
		note(" message %u %s = %s", n, text, error ? strerrorname_np(error) : "OK");
		if (error)
			failed++;
		else
			done++;
		errnos[error & 255]++;
		return error;
	}
	msg->sector = next(50) ? 0 : next(100);
	snprintf(msg->message, 1024, "%s", text);
	note(" message %u %s", n, text);
	return command(DM_TARGET_MSG, devices[n].name, 0, 0);
}

static void start(unsigned int n)
{
	char text[300];
	int length;
	bool broken = !next(4);

	if (next(4) && !(flags_of(n) & DM_ACTIVE_PRESENT_FLAG) && (load(n) || resume(n)))
		return;
	length = snprintf(text, sizeof(text), "@interpose_start %s %u:%u%s", next(2) || have_module() ? "remap" : "filter",
			  major(original), minor(original), next(3) ? "" : " nolockfs");
	if (!next(5))
		snprintf(text + length, sizeof(text) - length, " and %u:%u %u:%u", major(devices[next(ATTACHABLE)].number),
			 minor(devices[next(ATTACHABLE)].number), major(original), minor(original));
	if (broken)
		mutate(text, sizeof(text));
	if (message(n, text))
		return;
	devices[n].attached = true;
	starts++;
	/* who knows where */
	if (broken && !message(n, "@interpose_stop"))
		devices[n].attached = false;
}

static void stop(unsigned int n)
{
	if (!message(n, "@interpose_stop"))
		devices[n].attached = false;
}

static void fill(unsigned int b)
{
	uint32_t *word = (uint32_t *)block;
	size_t i;

	for (i = 0; i < BLOCK / sizeof(*word); i++)
		word[i] = generation[b] * 64 + b;
}

/* In bytes: the first ones, some near the end, and some between. */
static off_t place_of(unsigned int b)
{
	off_t at = b < 16 ? b : b < 32 ? (off_t)(sectors / 8) - 256 + b : (off_t)(sectors / 16) + b;

	return at * BLOCK;
}

/* The module cannot refuse each table that does not suit: it fails the I/O until another comes, and says so. */
static bool was_unfit(void)
{
	bool found = false;
	char answer[200];
	unsigned int n;

	for (n = 0; have_module() && n < DEVICES; n++) {
		if (!devices[n].exists || ask_module(devices[n].name, "@interpose_status", 17, answer, sizeof(answer)))
			continue;
		if (strstr(answer, "unfit") || strstr(answer, "loop")) {
			stop(n);
			found = true;
		}
	}
	return found;
}

static void io(void)
{
	unsigned int b = next(BLOCKS), way = next(2), was = generation[b], i;
	off_t at = place_of(b) + node_start[way];
	uint32_t *word = (uint32_t *)block;

	for (i = 0; i < DEVICES; i++)
		if (devices[i].exists && would_hold(i) && (next(2) || resume(i)))
			return;
	ios++;
	if (next(2)) {
		generation[b] = ++stamp;
		fill(b);
		note(" write %u by %u", b, way);
		if (pwrite(nodes[way], block, BLOCK, at) != BLOCK) {
			if (!was_unfit())
				die("write: %s", strerror(errno));
			generation[b] = was;
		}
		return;
	}
	note(" read %u by %u", b, way);
	if (pread(nodes[way], block, BLOCK, at) != BLOCK) {
		if (!was_unfit())
			die("read: %s", strerror(errno));
		return;
	}
	for (i = 0; i < BLOCK / sizeof(*word); i++)
		if (word[i] != generation[b] * 64 + b)
			die("block %u has generation %u of block %u, not %u", b, word[i] / 64, word[i] % 64,
			    generation[b]);
}

static void create(unsigned int n)
{
	struct dm_ioctl *io = (struct dm_ioctl *)request;

	snprintf(devices[n].name, sizeof(devices[n].name), "%s-f%u-%u", prefix, n, devices[n].renamed++);
	note("create %u", n);
	if (command(DM_DEV_CREATE, devices[n].name, 0, 0))
		die("a device cannot be created");
	devices[n].exists = true;
	devices[n].attached = false;
	devices[n].cleared = false;
	devices[n].number = io->dev;
}

static void rename_it(unsigned int n)
{
	char name[64];

	/* dm-ima, which kernels of distributions have, frees then a second time what it had kept (6.1, 6.12) */
	if (have_module() && devices[n].cleared)
		return;
	snprintf(name, sizeof(name), "%s-f%u-%u", prefix, n, devices[n].renamed++);
	strcpy(payload(), name);
	note("rename %u", n);
	if (!command(DM_DEV_RENAME, devices[n].name, 0, 0))
		strcpy(devices[n].name, name);
}

/*
 * From above: nothing holds what nobody lies on. A broken table may lie on any device that is there, also on one above
 * it: those are taken away first.
 */
static void take_away(void)
{
	char *at;
	int n, tries, error;

	for (n = DEVICES - 1; n >= 0; n--) {
		if (!devices[n].exists)
			continue;
		clear(n);
		/* without any table it cannot be resumed, but removed */
		if (would_hold(n) && resume(n))
			die("%u cannot be resumed", n);
	}
	for (n = DEVICES - 1; n >= 0; n--) {
		if (devices[n].exists && devices[n].attached) {
			stop(n);
			if (devices[n].attached)
				die("%u cannot be stopped", n);
		}
	}
	for (n = ATTACHABLE; n < DEVICES; n++) {
		if (!devices[n].exists)
			continue;
		at = payload();
		add_target(&at, 0, sectors, "error", "");
		note(" clear %u", n);
		if (command(DM_TABLE_LOAD, devices[n].name, 0, 1) || resume(n))
			die("%u cannot be cleared", n);
	}
	for (n = DEVICES - 1; n >= 0; n--) {
		if (!devices[n].exists)
			continue;
		note("remove %u", n);
		/* so may that of another fuzzdm, which takes it away in its turn */
		for (tries = 0; (error = command(DM_DEV_REMOVE, devices[n].name, 0, 0)) == EBUSY && tries < 600; tries++)
			usleep(200000);
		if (error)
			die("%u cannot be removed", n);
		devices[n].exists = false;
	}
}

static void one_step(void)
{
	unsigned int n = next(DEVICES);
	struct device *d = &devices[n];

	history[step % LOG][0] = 0;
	if (!d->exists) {
		create(n);
		return;
	}
	switch (next(32)) {
	case 0: case 1: case 2:
		load(n);
		break;
	case 3: case 4: case 5:
		resume(n);
		break;
	case 6:
		note("suspend %u", n);
		command(DM_DEV_SUSPEND, d->name, DM_SUSPEND_FLAG | (next(2) ? DM_SKIP_LOCKFS_FLAG : 0) |
			(next(2) ? DM_NOFLUSH_FLAG : 0), 0);
		break;
	case 7:
		note("clear %u", n);
		clear(n);
		break;
	case 8:
		note("remove %u", n);
		if (!command(DM_DEV_REMOVE, d->name, 0, 0))
			d->exists = false;
		break;
	case 9:
		rename_it(n);
		break;
	case 10:
		note("status %u", n);
		command(DM_TABLE_STATUS, d->name, next(2) ? DM_STATUS_TABLE_FLAG : 0, 0);
		break;
	case 11:
		message(n, next(2) ? "@interpose_status" : "@interpose_status");
		break;
	case 12: case 13: case 14:
		if (n < ATTACHABLE)
			start(n);
		break;
	case 15: case 16:
		stop(n);
		break;
	default:
		io();
	}
}

int main(int argc, char **argv)
{
	unsigned long steps, seed, i;
	struct stat st;

	if (argc != 7 + have_module()) {
		fputs(usage, stderr);
		return 2;
	}
	prefix = argv[1];
	below = argv[7];
	seed = strtoul(argv[2], NULL, 0);
	steps = strtoul(argv[3], NULL, 0);
	state = seed * 2 + 88172645463325252u;
	control = open("/dev/mapper/control", O_RDWR);
	nodes[0] = open(argv[4], O_RDWR | O_DIRECT);
	nodes[1] = open(argv[5], O_RDWR | O_DIRECT);
	node_start[1] = strtoull(argv[6], NULL, 0) * 512;
	if (control < 0 || nodes[0] < 0 || nodes[1] < 0 || fstat(nodes[0], &st) ||
	    posix_memalign((void **)&block, BLOCK, BLOCK)) {
		perror("fuzzdm");
		return 99;
	}
	original = st.st_rdev;
	sectors = lseek(nodes[0], 0, SEEK_END) / 512;
	note("fill");
	for (i = 0; i < BLOCKS; i++) {
		fill(i);
		if (pwrite(nodes[0], block, BLOCK, place_of(i)) != BLOCK)
			die("write: %s", strerror(errno));
	}
	for (step = 1; step <= steps; step++) {
		one_step();
		if (step % ROUND == 0)
			take_away();
	}
	take_away();
	printf("seed %lu steps %lu: %lu commands done, %lu refused, %lu starts, %lu reads and writes;", seed, steps,
	       done, failed, starts, ios);
	for (i = 1; i < 256; i++)
		if (errnos[i])
			printf(" %s %lu", strerrorname_np(i), errnos[i]);
	putchar('\n');
	return 0;
}
