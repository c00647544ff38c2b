// SPDX-License-Identifier: GPL-2.0-only
/*
 * A writer that cannot wait: one 4 KiB O_DIRECT write every 50 microseconds. How long did the longest take?
 */
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BLOCK		4096
#define PLACES		256
#define PAUSE_NS	50000

static const char usage[] =
	"usage: stall FILE    until TERM; prints: WRITES LONGEST-NANOSECONDS\n";

static volatile sig_atomic_t stop;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_term };
	uint64_t writes, longest = 0;
	void *data;
	int fd;

	if (argc != 2) {
		fputs(usage, stderr);
		return 2;
	}
	fd = open(argv[1], O_RDWR | O_CREAT | O_DIRECT, 0600);
	if (fd < 0 || posix_memalign(&data, BLOCK, BLOCK) || sigaction(SIGTERM, &action, NULL)) {
		perror(argv[1]);
		return 1;
	}
	memset(data, 0, BLOCK);
	for (writes = 0; !stop; writes++) {
		const uint64_t start = now();

		if (pwrite(fd, data, BLOCK, (off_t)(writes % PLACES * BLOCK)) != BLOCK) {
			perror(argv[1]);
			return 1;
		}
		const uint64_t end = now();
		/* the first round allocates */
		if (writes >= PLACES && end - start > longest)
			longest = end - start;
		/* timers may be much coarser than that */
		while (!stop && now() - end < PAUSE_NS)
			;
	}
	printf("%llu %llu\n", (unsigned long long)writes, (unsigned long long)longest);
	return 0;
}
