// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two processes that write in a known order: A writes and syncs number n, then B writes and syncs n,
 * then A goes on to n + 1. Each has a ring of blocks in a file, or on a device, of its own. An image
 * taken at one instant holds all writes up to some point and none after it; the check says whether.
 */
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLOCK	4096
#define RING	64
#define MAGIC	0x6f72646572212121ull

static const char usage[] =
	"usage: order write [-d] [-c COUNTFILE] A B   until TERM or INT; -d: with O_DIRECT\n"
	"       order check A B                       prints the two numbers; 1: not one instant\n";

struct block {
	uint64_t magic, who, number;
	uint64_t again[BLOCK / 8 - 3];		/* number, over and over: a torn block is seen */
};

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

__attribute__((noreturn))
static void die(const char *what)
{
	perror(what);
	exit(2);
}

static struct block *new_block(void)
{
	struct block *b = aligned_alloc(BLOCK, sizeof(*b));

	if (!b)
		die("memory");
	return b;
}

static void put(int fd, struct block *b, uint64_t who, uint64_t number, const char *name)
{
	b->magic = MAGIC;
	b->who = who;
	b->number = number;
	for (size_t i = 0; i < sizeof(b->again) / 8; i++)
		b->again[i] = number * MAGIC + i;
	if (pwrite(fd, b, BLOCK, number % RING * BLOCK) != BLOCK || fsync(fd))
		die(name);
}

/* number 0 of a slot that was never reached is "slot not in use": rings begin with RING..2*RING-1 */
static void prepare(int fd, struct block *b, uint64_t who, const char *name)
{
	for (uint64_t n = RING; n < 2 * RING; n++)
		put(fd, b, who, n, name);
}

static int open_file(const char *name, int flags)
{
	int fd = open(name, flags, 0644);

	if (fd < 0)
		die(name);
	return fd;
}

static void save_count(const char *name, uint64_t number)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%llu\n", (unsigned long long)number);
	int fd = open_file(name, O_CREAT | O_WRONLY);

	if (pwrite(fd, text, n, 0) != n || close(fd))
		die(name);
}

/* B: the other process. It writes every number that arrives and hands it back. */
static void second(int from, int to, int fd, const char *name)
{
	struct block *b = new_block();
	uint64_t number;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* the first process ends the pair: by closing its pipe */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	while (read(from, &number, sizeof(number)) == sizeof(number)) {
		put(fd, b, 'B', number, name);
		if (write(to, &number, sizeof(number)) != sizeof(number))
			break;
	}
	exit(0);
}

static int write_pair(const char *name_a, const char *name_b, int direct, const char *count)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct block *block = new_block();
	int a = open_file(name_a, O_RDWR | O_CREAT | direct);
	int b = open_file(name_b, O_RDWR | O_CREAT | direct);
	int there[2], back[2], status;
	uint64_t number, echo;
	pid_t child;

	prepare(a, block, 'A', name_a);
	prepare(b, block, 'B', name_b);
	if (pipe(there) || pipe(back))
		die("pipe");
	child = fork();
	if (child < 0)
		die("fork");
	if (!child) {
		close(there[1]);
		close(back[0]);
		second(there[0], back[1], b, name_b);
	}
	close(there[0]);
	close(back[1]);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	for (number = 2 * RING; !stop; number++) {
		put(a, block, 'A', number, name_a);
		if (write(there[1], &number, sizeof(number)) != sizeof(number))
			break;
		while (read(back[0], &echo, sizeof(echo)) != sizeof(echo))
			if (!stop)
				die("the second process has gone");
		if (count)
			save_count(count, number);
	}
	close(there[1]);
	if (waitpid(child, &status, 0) != child || status) {
		fprintf(stderr, "order: the second process failed\n");
		return 1;
	}
	printf("order: wrote up to %llu\n", (unsigned long long)(number - 1));
	return 0;
}

/* The highest number of a ring; 0 and a sentence if the ring is not a prefix of what was written. */
static uint64_t newest(const char *name, uint64_t who)
{
	int fd = open_file(name, O_RDONLY | O_DIRECT);
	struct block *b = new_block();
	uint64_t found[RING], high = 0;

	for (int slot = 0; slot < RING; slot++) {
		if (pread(fd, b, BLOCK, (off_t)slot * BLOCK) != BLOCK)
			die(name);
		if (b->magic != MAGIC || b->who != who || b->number % RING != (uint64_t)slot) {
			fprintf(stderr, "order: %s: slot %d holds a foreign block\n", name, slot);
			return 0;
		}
		for (size_t i = 0; i < sizeof(b->again) / 8; i++) {
			if (b->again[i] != b->number * MAGIC + i) {
				fprintf(stderr, "order: %s: slot %d is torn\n", name, slot);
				return 0;
			}
		}
		found[slot] = b->number;
		if (b->number > high)
			high = b->number;
	}
	close(fd);
	for (uint64_t n = high - RING + 1; n <= high; n++) {
		if (found[n % RING] != n) {
			fprintf(stderr, "order: %s: has %llu, but %llu where %llu was\n", name,
				(unsigned long long)high, (unsigned long long)found[n % RING],
				(unsigned long long)n);
			return 0;
		}
	}
	return high;
}

static int check(const char *name_a, const char *name_b)
{
	uint64_t a = newest(name_a, 'A'), b = newest(name_b, 'B');

	if (!a || !b)
		return 1;
	printf("%llu %llu\n", (unsigned long long)a, (unsigned long long)b);
	if (a == b || a == b + 1)
		return 0;
	fprintf(stderr, "order: A has %llu and B has %llu: not one instant\n", (unsigned long long)a,
		(unsigned long long)b);
	return 1;
}

int main(int argc, char **argv)
{
	const char *count = NULL;
	int c, direct = 0;
	bool writing;

	if (argc < 2 || (strcmp(argv[1], "write") && strcmp(argv[1], "check"))) {
		fputs(usage, stderr);
		return 2;
	}
	writing = !strcmp(argv[1], "write");
	argc--;
	argv++;
	while ((c = getopt(argc, argv, "dc:")) != -1) {
		switch (c) {
		case 'd': direct = O_DIRECT; break;
		case 'c': count = optarg; break;
		default: fputs(usage, stderr); return 2;
		}
	}
	if (optind + 2 != argc) {
		fputs(usage, stderr);
		return 2;
	}
	return writing ? write_pair(argv[optind], argv[optind + 1], direct, count) :
			 check(argv[optind], argv[optind + 1]);
}
