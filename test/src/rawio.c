// SPDX-License-Identifier: GPL-2.0-only
/*
 * Single I/Os to a block device, all with O_DIRECT, so that bios can be counted and told apart: a known
 * pattern is written or compared, a flush, discard or zeroout is sent, or threads write without end.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <linux/blkpg.h>
#include <linux/fs.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define SECTOR		512
#define HAMMER_BLOCK	4096
#define HAMMER_RING	16		/* blocks that one thread writes in turn */
#define HAMMER_MAGIC	0x68616d6d65722121ull
#define MAX_THREADS	256

static const char usage[] =
	"usage: rawio write|check [-b BYTES] DEV SECTOR SECTORS SEED   one pattern, in I/Os of BYTES\n"
	"       rawio zero DEV SECTOR SECTORS                          does it read as zeroes?\n"
	"       rawio flush DEV\n"
	"       rawio claim DEV                                        can it be opened exclusively?\n"
	"       rawio discard|zeroout DEV SECTOR SECTORS\n"
	"       rawio addpart|resizepart|delpart DEV SECTOR SECTORS NUMBER   in the kernel, not on the disk\n"
	"       rawio hammer [-c COUNTFILE] [-w] DEV SECTOR THREADS    each thread writes 64 KiB in turn,\n"
	"                                                              until TERM; -w: I/O may fail;\n"
	"                                                              COUNTFILE: writes of the slowest\n"
	"       rawio hammered DEV SECTOR THREADS [DEV2]               prints the newest number of each\n"
	"                                                              thread; 1: a ring is not a prefix;\n"
	"                                                              DEV2: the newer block of the two\n";

struct hammer_block {
	uint64_t magic, thread, number;
	uint64_t again[HAMMER_BLOCK / 8 - 3];
};

struct hammer {
	pthread_t thread;
	unsigned int index;
	_Atomic uint64_t number;	/* the last one that was written */
	unsigned long failed;
};

static const char *device;
static uint64_t start;			/* bytes */
static bool may_fail;
static atomic_bool stop;

__attribute__((noreturn))
static void die(const char *what)
{
	fprintf(stderr, "rawio: %s: %s: %m\n", device, what);
	exit(1);
}

static void on_signal(int sig)
{
	(void)sig;
	stop = true;
}

static int open_device(int flags)
{
	int fd = open(device, flags);

	if (fd < 0)
		die("open");
	return fd;
}

static void *buffer(size_t size)
{
	void *p = aligned_alloc(4096, (size + 4095) & ~4095ul);

	if (!p)
		die("memory");
	memset(p, 0, size);
	return p;
}

/* The pattern depends on the seed and the place in the range, not on the device it goes through. */
static void pattern(uint64_t *to, size_t bytes, uint64_t at, uint64_t seed)
{
	for (size_t i = 0; i < bytes / 8; i++) {
		uint64_t x = (at / 8 + i + 1) * 0x9e3779b97f4a7c15ull ^ (seed << 17 | seed);

		x ^= x >> 29;
		to[i] = x * 0xbf58476d1ce4e5b9ull;
	}
}

/* Compare in place; the sector of the first difference tells which part went astray. */
static bool compare(const uint64_t *got, const uint64_t *want, size_t bytes, uint64_t at)
{
	for (size_t i = 0; i < bytes / 8; i++) {
		if (got[i] != want[i]) {
			fprintf(stderr, "rawio: %s: sector %llu differs\n", device,
				(unsigned long long)(at + i * 8) / SECTOR);
			return false;
		}
	}
	return true;
}

static int write_pattern(uint64_t bytes, size_t io, uint64_t seed)
{
	int fd = open_device(O_RDWR | O_DIRECT);
	uint64_t *data = buffer(io);

	for (uint64_t at = 0; at < bytes; at += io) {
		size_t n = bytes - at < io ? bytes - at : io;

		pattern(data, n, at, seed);
		if (pwrite(fd, data, n, start + at) != (ssize_t)n)
			die("write");
	}
	return 0;
}

static int check_range(uint64_t bytes, size_t io, bool zero, uint64_t seed)
{
	int fd = open_device(O_RDONLY | O_DIRECT);
	uint64_t *data = buffer(io), *want = buffer(io);

	for (uint64_t at = 0; at < bytes; at += io) {
		size_t n = bytes - at < io ? bytes - at : io;

		if (!zero)
			pattern(want, n, at, seed);
		if (pread(fd, data, n, start + at) != (ssize_t)n)
			die("read");
		if (!compare(data, want, n, start + at))
			return 1;
	}
	return 0;
}

static int send_range(unsigned long request, const char *what, uint64_t bytes)
{
	uint64_t range[2] = { start, bytes };
	int fd = open_device(O_RDWR);

	if (ioctl(fd, request, range))
		die(what);
	return 0;
}

static int change_partition(int op, const char *what, uint64_t bytes, int partition)
{
	struct blkpg_partition part = { .start = start, .length = bytes, .pno = partition };
	struct blkpg_ioctl_arg arg = { .op = op, .datalen = sizeof(part), .data = &part };
	int fd = open_device(O_RDONLY);

	if (ioctl(fd, BLKPG, &arg))
		die(what);
	return 0;
}

static int send_flush(void)
{
	int fd = open_device(O_RDWR | O_DIRECT);

	if (fsync(fd))
		die("flush");
	return 0;
}

static off_t hammer_offset(unsigned int thread, uint64_t number)
{
	return start + ((uint64_t)thread * HAMMER_RING + number % HAMMER_RING) * HAMMER_BLOCK;
}

static void hammer_fill(struct hammer_block *b, unsigned int thread, uint64_t number)
{
	b->magic = HAMMER_MAGIC;
	b->thread = thread;
	b->number = number;
	for (size_t i = 0; i < sizeof(b->again) / 8; i++)
		b->again[i] = number * HAMMER_MAGIC + thread + i;
}

static void *hammer_thread(void *arg)
{
	struct hammer *h = arg;
	struct hammer_block *b = buffer(sizeof(*b));
	int fd = open_device(O_RDWR | O_DIRECT);

	for (uint64_t number = 1; !stop; number++) {
		hammer_fill(b, h->index, number);
		if (pwrite(fd, b, sizeof(*b), hammer_offset(h->index, number)) != sizeof(*b)) {
			if (!may_fail)
				die("write");
			h->failed++;
			/* the same number again: a failed write leaves no gap in the ring */
			number--;
			continue;
		}
		h->number = number;
	}
	close(fd);
	return NULL;
}

/* Not their sum: one thread that waits is not to be hidden by those that do not. */
static void save_slowest(const struct hammer *h, unsigned int threads, const char *name)
{
	uint64_t slowest = UINT64_MAX;
	char text[32];
	int fd, n;

	for (unsigned int i = 0; i < threads; i++)
		if (h[i].number < slowest)
			slowest = h[i].number;
	n = snprintf(text, sizeof(text), "%llu\n", (unsigned long long)slowest);
	fd = open(name, O_CREAT | O_WRONLY, 0644);
	if (fd < 0 || pwrite(fd, text, n, 0) != n || close(fd))
		die(name);
}

static int hammer(unsigned int threads, const char *count)
{
	static struct hammer h[MAX_THREADS];
	struct timespec tick = { 0, 10 * 1000 * 1000 };
	struct sigaction action = { .sa_handler = on_signal };
	unsigned long long written = 0;
	unsigned long failed = 0;

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	for (unsigned int i = 0; i < threads; i++) {
		h[i].index = i;
		errno = pthread_create(&h[i].thread, NULL, hammer_thread, &h[i]);
		if (errno)
			die("thread");
	}
	while (!stop) {
		if (count)
			save_slowest(h, threads, count);
		nanosleep(&tick, NULL);
	}
	for (unsigned int i = 0; i < threads; i++) {
		pthread_join(h[i].thread, NULL);
		failed += h[i].failed;
		written += h[i].number;
	}
	printf("rawio: %llu writes, %lu failed; last:", written, failed);
	for (unsigned int i = 0; i < threads; i++)
		printf(" %llu", (unsigned long long)h[i].number);
	printf("\n");
	return 0;
}

/* One slot of a ring: its number, 0 if it was never written. */
static uint64_t hammer_slot(int fd, unsigned int thread, unsigned int slot, int *rc)
{
	static struct hammer_block *b, *want;

	if (!b) {
		b = buffer(sizeof(*b));
		want = buffer(sizeof(*want));
	}
	if (pread(fd, b, sizeof(*b), hammer_offset(thread, slot)) != sizeof(*b))
		die("read");
	if (!b->magic)
		return 0;
	hammer_fill(want, thread, b->number);
	if (!memcmp(b, want, sizeof(*b)) && b->number % HAMMER_RING == slot)
		return b->number;
	fprintf(stderr, "rawio: thread %u slot %u: a foreign or torn block\n", thread, slot);
	*rc = 1;
	return 0;
}

/* A thread writes one block after the other, so its ring holds the last numbers without a gap. */
static int hammered(unsigned int threads, const char *device2)
{
	int fd = open_device(O_RDONLY | O_DIRECT), fd2 = -1, rc = 0;

	if (device2) {
		device = device2;
		fd2 = open_device(O_RDONLY | O_DIRECT);
	}

	for (unsigned int i = 0; i < threads; i++) {
		uint64_t found[HAMMER_RING] = { 0 }, high = 0;

		for (unsigned int slot = 0; slot < HAMMER_RING; slot++) {
			found[slot] = hammer_slot(fd, i, slot, &rc);
			if (fd2 >= 0) {
				uint64_t other = hammer_slot(fd2, i, slot, &rc);

				if (other > found[slot])
					found[slot] = other;
			}
			if (found[slot] > high)
				high = found[slot];
		}
		for (uint64_t n = high > HAMMER_RING ? high - HAMMER_RING + 1 : 1; n <= high; n++) {
			if (found[n % HAMMER_RING] != n) {
				fprintf(stderr, "rawio: thread %u has %llu but not %llu\n", i,
					(unsigned long long)high, (unsigned long long)n);
				rc = 1;
			}
		}
		printf("%llu%c", (unsigned long long)high, i + 1 < threads ? ' ' : '\n');
	}
	return rc;
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(text, &end, 0);
	if (errno || *end || end == text) {
		fprintf(stderr, "rawio: not a number: %s\n", text);
		exit(2);
	}
	return n;
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "", *count = NULL;
	size_t io = 65536;
	uint64_t range = 0;
	int c, args;

	if (argc < 3)
		goto usage;
	argc--;
	argv++;
	while ((c = getopt(argc, argv, "b:c:w")) != -1) {
		switch (c) {
		case 'b': io = number(optarg); break;
		case 'c': count = optarg; break;
		case 'w': may_fail = true; break;
		default: goto usage;
		}
	}
	args = argc - optind;
	if (args < 1 || !io || io % SECTOR)
		goto usage;
	device = argv[optind];
	if (args > 2) {
		start = number(argv[optind + 1]) * SECTOR;
		range = number(argv[optind + 2]);
	}
	if (!strcmp(command, "flush") && args == 1)
		return send_flush();
	if (!strcmp(command, "claim") && args == 1)
		return open_device(O_RDONLY | O_EXCL) < 0;
	if (!strcmp(command, "write") && args == 4)
		return write_pattern(range * SECTOR, io, number(argv[optind + 3]));
	if (!strcmp(command, "check") && args == 4)
		return check_range(range * SECTOR, io, false, number(argv[optind + 3]));
	if (!strcmp(command, "zero") && args == 3)
		return check_range(range * SECTOR, io, true, 0);
	if (!strcmp(command, "discard") && args == 3)
		return send_range(BLKDISCARD, "discard", range * SECTOR);
	if (!strcmp(command, "zeroout") && args == 3)
		return send_range(BLKZEROOUT, "zeroout", range * SECTOR);
	if (!strcmp(command, "addpart") && args == 4)
		return change_partition(BLKPG_ADD_PARTITION, "addpart", range * SECTOR,
					number(argv[optind + 3]));
	if (!strcmp(command, "resizepart") && args == 4)
		return change_partition(BLKPG_RESIZE_PARTITION, "resizepart", range * SECTOR,
					number(argv[optind + 3]));
	if (!strcmp(command, "delpart") && args == 4)
		return change_partition(BLKPG_DEL_PARTITION, "delpart", range * SECTOR,
					number(argv[optind + 3]));
	if (range >= 1 && range <= MAX_THREADS) {
		if (!strcmp(command, "hammer") && args == 3)
			return hammer(range, count);
		if (!strcmp(command, "hammered") && (args == 3 || args == 4))
			return hammered(range, args == 4 ? argv[optind + 3] : NULL);
	}
usage:
	fputs(usage, stderr);
	return 2;
}
