// SPDX-License-Identifier: GPL-2.0-only
// libs: -luring
/*
 * Instructions of 4 KiB I/Os with O_DIRECT, for a machine with -icount: its time stamp counter counts instructions.
 * (Nanoseconds are instructions there, too, but for the error of their calibration at boot, some tenths of a per
 * cent.) The cheapest of many batches counts: one that no timer tick fell into.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTOR	512
#define BLOCK	4096

static const char usage[] =
	"usage: iocost [options] read|write DEV SECTOR SECTORS\n"
	"  -b N   I/Os in a batch (64)\n"
	"  -n N   batches (100)\n"
	"  -s N   sectors from one I/O to the next (8); the range begins anew at its end\n"
	"  -q N   that many at once, by io_uring; else one after the other\n"
	"prints the instructions of one I/O\n";

static unsigned long batch = 64, batches = 100, stride = BLOCK / SECTOR, depth;
static uint64_t first, places, next_place;
static bool writes;
static void *data;
static int fd;
static struct io_uring ring;

__attribute__((noreturn))
static void die(const char *what, int error)
{
	fprintf(stderr, "iocost: %s: %s\n", what, strerror(error));
	exit(1);
}

static uint64_t now(void)
{
	return __builtin_ia32_rdtsc();
}

static off_t place(void)
{
	return (off_t)((first + next_place++ % places * stride) * SECTOR);
}

static void one_after_the_other(void)
{
	for (unsigned long i = 0; i < batch; i++) {
		off_t at = place();
		ssize_t done = writes ? pwrite(fd, data, BLOCK, at) : pread(fd, data, BLOCK, at);

		if (done != BLOCK)
			die("I/O", done < 0 ? errno : ENOSPC);
	}
}

static void at_once(void)
{
	struct io_uring_cqe *cqe;

	for (unsigned long sent = 0; sent < batch; sent += depth) {
		for (unsigned long i = 0; i < depth; i++) {
			struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

			if (writes)
				io_uring_prep_write(sqe, fd, data, BLOCK, place());
			else
				io_uring_prep_read(sqe, fd, data, BLOCK, place());
		}
		int r = io_uring_submit_and_wait(&ring, depth);
		if (r < 0)
			die("io_uring_submit_and_wait", -r);
		for (unsigned long i = 0; i < depth; i++) {
			r = io_uring_wait_cqe(&ring, &cqe);
			if (r < 0)
				die("io_uring_wait_cqe", -r);
			if (cqe->res != BLOCK)
				die("I/O", cqe->res < 0 ? -cqe->res : ENOSPC);
			io_uring_cqe_seen(&ring, cqe);
		}
	}
}

int main(int argc, char **argv)
{
	uint64_t best = UINT64_MAX;
	int c, r;

	while ((c = getopt(argc, argv, "b:n:s:q:")) != -1) {
		unsigned long n = c == '?' ? 0 : strtoul(optarg, NULL, 10);

		if (!n) {
			fputs(usage, stderr);
			return 2;
		}
		*(c == 'b' ? &batch : c == 'n' ? &batches : c == 's' ? &stride : &depth) = n;
	}
	argv += optind;
	if (argc - optind != 4 || (strcmp(argv[0], "read") && strcmp(argv[0], "write")) ||
	    (depth && batch % depth)) {
		fputs(usage, stderr);
		return 2;
	}
	writes = !strcmp(argv[0], "write");
	first = strtoull(argv[2], NULL, 10);
	places = strtoull(argv[3], NULL, 10) / stride;
	/* whether a node was read and written in the same second costs a read six instructions */
	fd = open(argv[1], (writes ? O_RDWR : O_RDONLY) | O_DIRECT | O_NOATIME);
	if (fd < 0)
		die(argv[1], errno);
	r = posix_memalign(&data, BLOCK, BLOCK);
	if (r || !places)
		die("memory, or an empty range", r ? r : EINVAL);
	memset(data, 0, BLOCK);
	if (depth) {
		r = io_uring_queue_init(depth, &ring, 0);
		if (r < 0)
			die("io_uring_queue_init", -r);
	}
	for (unsigned long i = 0; i < batches; i++) {
		uint64_t start = now();

		if (depth)
			at_once();
		else
			one_after_the_other();
		start = now() - start;
		if (start < best)
			best = start;
	}
	printf("%llu\n", (unsigned long long)(best / batch));
	return 0;
}
