// SPDX-License-Identifier: GPL-2.0-only
/*
 * One I/O to a block device, with O_DIRECT, of the kind that is asked for: with flags, polled, from
 * memory that is not aligned or in pieces. Says how it ended by the name of its errno and how long it took.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define SECTOR		512
#define PAGE		4096
#define MAX_PIECES	256

#ifndef RWF_ATOMIC
#define RWF_ATOMIC	0x00000040
#endif

static const char usage[] =
	"usage: oneio read|write [options] DEV SECTOR        prints OK or the name of the errno; 1: not OK\n"
	"                                                     CHANGED: what was written is not in memory any more\n"
	"       oneio flush [-t] DEV                          an empty flush\n"
	"       oneio scan|overwrite [-b BYTES] DEV SECTOR UNITS\n"
	"                                                     an I/O for each unit; prints the numbers of\n"
	"                                                     those that fail with EIO\n"
	"  -a         an atomic write (RWF_ATOMIC)\n"
	"  -b BYTES   of the I/O (4096)\n"
	"  -d         write through to the medium (RWF_DSYNC)\n"
	"  -n         do not wait (RWF_NOWAIT)\n"
	"  -p         polled, by io_uring\n"
	"  -o BYTES   offset of the memory in its page\n"
	"  -v PIECES  of equal size and not adjacent in memory\n"
	"  -f BYTE    what is written (0xa5)\n"
	"  -O         print what was read to stdout, nothing else\n"
	"  -t         print the milliseconds behind the result\n";

static size_t bytes = PAGE, offset;
static unsigned int pieces = 1, fill = 0xa5;
static int flags;
static bool polled, output, timed;

__attribute__((noreturn))
static void die(const char *what)
{
	fprintf(stderr, "oneio: %s: %m\n", what);
	exit(2);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

/* Pieces lie a page more than their size apart, each at the offset in its first page. */
static void get_memory(struct iovec *iov)
{
	size_t size = bytes / pieces, stride = (size + offset + 2 * PAGE - 1) / PAGE * PAGE;
	unsigned char *p = mmap(NULL, stride * pieces, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		die("memory");
	for (unsigned int i = 0; i < pieces; i++) {
		iov[i].iov_base = p + i * stride + offset;
		iov[i].iov_len = size;
		memset(iov[i].iov_base, fill, size);
	}
}

struct ring {
	int fd;
	unsigned int *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

static void *map_ring(int fd, size_t size, off_t at)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, at);

	if (p == MAP_FAILED)
		die("io_uring: mmap");
	return p;
}

static void get_ring(struct ring *r)
{
	struct io_uring_params p = { .flags = IORING_SETUP_IOPOLL };
	unsigned char *sq, *cq;

	r->fd = syscall(SYS_io_uring_setup, 1, &p);
	if (r->fd < 0)
		die("io_uring");
	sq = map_ring(r->fd, p.sq_off.array + p.sq_entries * sizeof(unsigned int), IORING_OFF_SQ_RING);
	cq = map_ring(r->fd, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
	r->sqes = map_ring(r->fd, p.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	r->sq_tail = (unsigned int *)(sq + p.sq_off.tail);
	r->sq_mask = (unsigned int *)(sq + p.sq_off.ring_mask);
	r->sq_array = (unsigned int *)(sq + p.sq_off.array);
	r->cq_head = (unsigned int *)(cq + p.cq_off.head);
	r->cq_tail = (unsigned int *)(cq + p.cq_off.tail);
	r->cq_mask = (unsigned int *)(cq + p.cq_off.ring_mask);
	r->cqes = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
}

static ssize_t polled_io(int fd, bool write, const struct iovec *iov, off_t at)
{
	unsigned int index;
	struct ring r;
	int result;

	get_ring(&r);
	index = *r.sq_tail & *r.sq_mask;
	memset(&r.sqes[index], 0, sizeof(r.sqes[index]));
	r.sqes[index].opcode = write ? IORING_OP_WRITEV : IORING_OP_READV;
	r.sqes[index].fd = fd;
	r.sqes[index].addr = (uintptr_t)iov;
	r.sqes[index].len = pieces;
	r.sqes[index].off = at;
	r.sqes[index].rw_flags = flags;
	r.sq_array[index] = index;
	__atomic_store_n(r.sq_tail, *r.sq_tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, r.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		die("io_uring_enter");
	while (__atomic_load_n(r.cq_tail, __ATOMIC_ACQUIRE) == *r.cq_head)
		if (syscall(SYS_io_uring_enter, r.fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
			die("io_uring_enter");
	result = r.cqes[*r.cq_head & *r.cq_mask].res;
	close(r.fd);
	if (result >= 0)
		return result;
	errno = -result;
	return -1;
}

static int report(ssize_t r, size_t want, uint64_t begin)
{
	const char *result = "OK";

	if (r < 0)
		result = strerrorname_np(errno);
	else if ((size_t)r != want)
		result = "SHORT";
	if (timed)
		printf("%s %llu\n", result, (unsigned long long)(now() - begin));
	else
		printf("%s\n", result);
	return strcmp(result, "OK") != 0;
}

/* What was written is the submitter's: nobody below may change it. */
static bool changed(const struct iovec *iov)
{
	for (unsigned int i = 0; i < pieces; i++) {
		const unsigned char *p = iov[i].iov_base;

		for (size_t j = 0; j < iov[i].iov_len; j++)
			if (p[j] != fill)
				return true;
	}
	return false;
}

static ssize_t transfer(int fd, bool write, const struct iovec *iov, off_t at)
{
	ssize_t r;

	if (polled)
		r = polled_io(fd, write, iov, at);
	else if (write)
		r = pwritev2(fd, iov, pieces, at, flags);
	else
		r = preadv2(fd, iov, pieces, at, flags);
	if (write && changed(iov)) {
		puts("CHANGED");
		exit(1);
	}
	return r;
}

static int one(int fd, bool write, uint64_t sector)
{
	struct iovec iov[MAX_PIECES];
	uint64_t begin;
	ssize_t r;

	get_memory(iov);
	begin = now();
	r = transfer(fd, write, iov, sector * SECTOR);
	if (!output)
		return report(r, bytes, begin);
	if (r != (ssize_t)bytes)
		die("read");
	for (unsigned int i = 0; i < pieces; i++)
		if (fwrite(iov[i].iov_base, iov[i].iov_len, 1, stdout) != 1)
			die("stdout");
	return 0;
}

/* One after the other; an error other than EIO ends it. */
static int each(int fd, bool write, uint64_t sector, unsigned long units)
{
	struct iovec iov[MAX_PIECES];
	const char *separator = "";

	get_memory(iov);
	for (unsigned long i = 0; i < units; i++) {
		ssize_t r = transfer(fd, write, iov, sector * SECTOR + i * bytes);

		if (r == (ssize_t)bytes)
			continue;
		if (r >= 0 || errno != EIO)
			die("neither whole nor EIO");
		printf("%s%lu", separator, i);
		separator = " ";
	}
	printf("\n");
	return 0;
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(text, &end, 0);
	if (errno || *end || end == text) {
		fprintf(stderr, "oneio: not a number: %s\n", text);
		exit(2);
	}
	return n;
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";
	bool write = !strcmp(command, "write") || !strcmp(command, "overwrite");
	int c, fd, args;

	if (argc < 3)
		goto usage;
	argc--;
	argv++;
	while ((c = getopt(argc, argv, "ab:dnpo:v:f:Ot")) != -1) {
		switch (c) {
		case 'a': flags |= RWF_ATOMIC; break;
		case 'b': bytes = number(optarg); break;
		case 'd': flags |= RWF_DSYNC; break;
		case 'n': flags |= RWF_NOWAIT; break;
		case 'p': polled = true; break;
		case 'o': offset = number(optarg); break;
		case 'v': pieces = number(optarg); break;
		case 'f': fill = number(optarg); break;
		case 'O': output = true; break;
		case 't': timed = true; break;
		default: goto usage;
		}
	}
	args = argc - optind;
	if (args < 1 || !pieces || pieces > MAX_PIECES || !bytes || bytes % pieces || offset >= PAGE)
		goto usage;
	fd = open(argv[optind], (write || !strcmp(command, "flush") ? O_RDWR : O_RDONLY) | O_DIRECT);
	if (fd < 0)
		die(argv[optind]);
	if ((!strcmp(command, "read") || write) && args == 2)
		return one(fd, write, number(argv[optind + 1]));
	if (!strcmp(command, "flush") && args == 1) {
		uint64_t begin = now();

		return report(fsync(fd), 0, begin);
	}
	if ((!strcmp(command, "scan") || !strcmp(command, "overwrite")) && args == 3)
		return each(fd, write, number(argv[optind + 1]), number(argv[optind + 2]));
usage:
	fputs(usage, stderr);
	return 2;
}
