// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writers that verify what they write: each thread owns one file, overwrites runs of 4 to 64 KiB in it
 * and reads runs back. Every 4 KiB block is stamped with seed, file, block and generation, and filled
 * from them to the last byte. Odd threads use O_DIRECT, even ones the page cache, which they drop.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BLOCK		4096
#define MAX_RUN		16		/* blocks: 64 KiB */
#define MAX_BLOCKS	1000		/* the generations of a file fit into one journal record */
#define MAX_THREADS	64
#define MAX_COMPLAINTS	20
#define STAMP_MAGIC	0x694f777269746521ull
#define RECORD_MAGIC	0x6a6f75726e616c21ull

static const char usage[] =
	"usage: iowrite [-n THREADS] [-b BLOCKS] [-s SEED] [-t SECONDS] [-c COUNTFILE]\n"
	"               [-o GENERATIONS] [-a JOURNAL] DIR    write until TERM, INT or SECONDS\n"
	"       iowrite -v GENERATIONS DIR                   every block is exactly as saved by -o\n"
	"       iowrite -A JOURNAL DIR                       every block is whole, none is older than\n"
	"                                                    what was synced when it was journalled\n";

/* The head of every block. The rest of the block is a sequence that begins with its sum. */
struct stamp {
	uint64_t magic, seed;
	uint32_t file, block, generation, unused;
};

/* What is known to be on stable storage for one file; two alternate, the newest whole one counts. */
struct record {
	uint64_t magic, seed;
	uint64_t sequence;
	uint32_t file, blocks;
	uint32_t generation[MAX_BLOCKS];
	uint64_t sum;
} __attribute__((aligned(BLOCK)));
_Static_assert(sizeof(struct record) == BLOCK, "one record is one block");

enum op { OP_WRITE, OP_READ, OP_SYNC, OPS };

struct writer {
	pthread_t thread;
	unsigned int file;
	unsigned int random;
	bool direct;
	int fd;
	uint64_t sequence;
	uint64_t count[OPS], slowest[OPS];	/* ns */
	uint32_t generation[MAX_BLOCKS];
	unsigned char *out, *in;
};

static const char *dir;
static unsigned int nr_blocks = 256;
static uint64_t seed;
static int journal = -1;
static atomic_bool stop;
static atomic_ulong operations, bad, errors;

static void on_signal(int sig)
{
	(void)sig;
	stop = true;
}

__attribute__((format(printf, 2, 3)))
static void complain(atomic_ulong *counter, const char *format, ...)
{
	va_list ap;

	if (atomic_fetch_add(counter, 1) >= MAX_COMPLAINTS)
		return;
	va_start(ap, format);
	flockfile(stderr);
	fputs("iowrite: ", stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	funlockfile(stderr);
	va_end(ap);
}

__attribute__((format(printf, 1, 2), noreturn))
static void die(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fputs("iowrite: ", stderr);
	vfprintf(stderr, format, ap);
	fprintf(stderr, ": %m\n");
	va_end(ap);
	exit(2);
}

static void *block_buffer(size_t size)
{
	void *p = aligned_alloc(BLOCK, size);

	if (!p)
		die("memory");
	memset(p, 0, size);
	return p;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ull;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static void fill(unsigned char *to, uint64_t block_seed, unsigned int file, unsigned int block,
		 uint32_t generation)
{
	struct stamp s = { STAMP_MAGIC, block_seed, file, block, generation, 0 };
	uint64_t *word = (uint64_t *)(to + sizeof(s));
	uint64_t x = mix(block_seed ^ mix((uint64_t)file << 32 | block) ^ mix(generation));

	memcpy(to, &s, sizeof(s));
	for (; word < (uint64_t *)(to + BLOCK); word++) {
		*word = x;
		x = x * 6364136223846793005ull + 1442695040888963407ull;
	}
}

/* Is this block what it says it is, whatever that may be? */
static bool whole(const unsigned char *data, struct stamp *s)
{
	unsigned char want[BLOCK] __attribute__((aligned(8)));

	memcpy(s, data, sizeof(*s));
	if (s->magic != STAMP_MAGIC)
		return false;
	fill(want, s->seed, s->file, s->block, s->generation);
	return !memcmp(want, data, BLOCK);
}

static void complain_about(const unsigned char *data, unsigned int file, unsigned int block,
			   const char *bound, uint32_t generation)
{
	struct stamp s;

	if (whole(data, &s))
		complain(&bad, "file %u block %u: want generation %s%u, found file %u block %u generation %u%s",
			 file, block, bound, generation, s.file, s.block, s.generation,
			 s.seed == seed ? "" : " of another run");
	else
		complain(&bad, "file %u block %u: want generation %s%u, found %s", file, block,
			 bound, generation, s.magic == STAMP_MAGIC ? "a torn block" : "no stamp");
}

static void file_name(char *name, size_t size, unsigned int file)
{
	snprintf(name, size, "%s/file.%u", dir, file);
}

static void account(struct writer *w, enum op op, uint64_t begin)
{
	uint64_t ns = now() - begin;

	w->count[op]++;
	if (ns > w->slowest[op])
		w->slowest[op] = ns;
	operations++;
}

static bool sync_file(struct writer *w)
{
	uint64_t begin = now();
	int r = fdatasync(w->fd);

	if (r)
		complain(&errors, "file %u: fdatasync: %m", w->file);
	account(w, OP_SYNC, begin);
	return !r;
}

/* All writes of this thread have been synced: say so where a crash of the file system cannot reach. */
static void write_journal(struct writer *w)
{
	struct record *r = (struct record *)w->in;

	memset(r, 0, sizeof(*r));
	r->magic = RECORD_MAGIC;
	r->seed = seed;
	r->sequence = ++w->sequence;
	r->file = w->file;
	r->blocks = nr_blocks;
	memcpy(r->generation, w->generation, sizeof(r->generation));
	for (unsigned int i = 0; i < MAX_BLOCKS; i++)
		r->sum = mix(r->sum ^ r->generation[i]);
	r->sum = mix(r->sum ^ r->sequence ^ r->seed);
	if (pwrite(journal, r, BLOCK, (w->file * 2ll + (w->sequence & 1)) * BLOCK) != BLOCK)
		complain(&errors, "journal: %m");
}

static void write_run(struct writer *w, unsigned int block, unsigned int n)
{
	uint64_t begin;
	ssize_t r;

	for (unsigned int i = 0; i < n; i++)
		fill(w->out + i * BLOCK, seed, w->file, block + i, ++w->generation[block + i]);
	begin = now();
	r = pwrite(w->fd, w->out, n * BLOCK, (off_t)block * BLOCK);
	if (r != (ssize_t)n * BLOCK)
		complain(&errors, "file %u block %u: write of %u blocks: %zd: %m", w->file, block, n, r);
	account(w, OP_WRITE, begin);
}

static void read_run(struct writer *w, unsigned int block, unsigned int n)
{
	uint64_t begin = now();
	ssize_t r = pread(w->fd, w->in, n * BLOCK, (off_t)block * BLOCK);

	account(w, OP_READ, begin);
	if (r != (ssize_t)n * BLOCK) {
		complain(&errors, "file %u block %u: read of %u blocks: %zd: %m", w->file, block, n, r);
		return;
	}
	for (unsigned int i = 0; i < n; i++) {
		fill(w->out, seed, w->file, block + i, w->generation[block + i]);
		if (memcmp(w->out, w->in + i * BLOCK, BLOCK))
			complain_about(w->in + i * BLOCK, w->file, block + i, "", w->generation[block + i]);
	}
}

/* Work for the file system's own structures: create, sync, rename, remove. */
static void stir(struct writer *w)
{
	char from[512], to[sizeof(from) + 16];
	int fd;

	snprintf(from, sizeof(from), "%s/meta.%u.%u", dir, w->file, rand_r(&w->random) % 8);
	snprintf(to, sizeof(to), "%s.renamed", from);
	fd = open(from, O_CREAT | O_WRONLY, 0644);
	if (fd < 0 || fsync(fd) || close(fd) || rename(from, to))
		complain(&errors, "%s: %m", from);
	if (rand_r(&w->random) % 2 && unlink(to))
		complain(&errors, "%s: %m", to);
}

static void pick_run(struct writer *w, unsigned int *block, unsigned int *n)
{
	*n = 1 + rand_r(&w->random) % MAX_RUN;
	*block = rand_r(&w->random) % (nr_blocks - *n + 1);
}

static void *writer(void *arg)
{
	struct writer *w = arg;
	unsigned int block, n;

	while (!stop) {
		pick_run(w, &block, &n);
		write_run(w, block, n);
		if (rand_r(&w->random) % (w->direct ? 32 : 8) == 0 && sync_file(w)) {
			if (journal >= 0)
				write_journal(w);
			/* what is read from here on comes from the device */
			posix_fadvise(w->fd, 0, 0, POSIX_FADV_DONTNEED);
		}
		pick_run(w, &block, &n);
		read_run(w, block, n);
		if (rand_r(&w->random) % 64 == 0)
			stir(w);
	}
	sync_file(w);
	return NULL;
}

/* Every block is written once before the run begins, so there is no hole and no unstamped block. */
static void open_writer(struct writer *w, unsigned int file)
{
	char name[512];

	w->file = file;
	w->direct = file & 1;
	w->random = seed * 2654435761u + file;
	w->out = block_buffer(MAX_RUN * BLOCK);
	w->in = block_buffer(MAX_RUN * BLOCK);
	file_name(name, sizeof(name), file);
	w->fd = open(name, O_RDWR | O_CREAT | O_TRUNC | (w->direct ? O_DIRECT : 0), 0644);
	if (w->fd < 0)
		die("%s", name);
	for (unsigned int block = 0; block < nr_blocks; block++)
		write_run(w, block, 1);
	if (fsync(w->fd))
		die("%s", name);
	if (journal >= 0)
		write_journal(w);
}

static void save_generations(const char *name, const struct writer *writers, unsigned int n)
{
	FILE *f = fopen(name, "w");

	if (!f)
		die("%s", name);
	fprintf(f, "%llu\n", (unsigned long long)seed);
	for (unsigned int i = 0; i < n; i++)
		for (unsigned int block = 0; block < nr_blocks; block++)
			fprintf(f, "%u %u %u\n", i, block, writers[i].generation[block]);
	if (fclose(f))
		die("%s", name);
}

static void save_count(const char *name)
{
	char text[32];
	int fd, n = snprintf(text, sizeof(text), "%lu\n", atomic_load(&operations));

	/* one pwrite of a growing number: a reader never sees half of it */
	fd = open(name, O_CREAT | O_WRONLY, 0644);
	if (fd < 0 || pwrite(fd, text, n, 0) != n || close(fd))
		die("%s", name);
}

static int run(unsigned int n, unsigned int seconds, const char *generations, const char *count)
{
	struct timespec tick = { 0, 20 * 1000 * 1000 };
	struct sigaction action = { .sa_handler = on_signal };
	struct writer *writers = calloc(n, sizeof(*writers));
	uint64_t total[OPS] = { 0 }, slowest[OPS] = { 0 }, end;

	if (!writers)
		die("memory");
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	printf("iowrite: seed %llu, %u writers, %u blocks each\n", (unsigned long long)seed, n, nr_blocks);
	fflush(stdout);
	for (unsigned int i = 0; i < n; i++)
		open_writer(&writers[i], i);
	for (unsigned int i = 0; i < n; i++) {
		errno = pthread_create(&writers[i].thread, NULL, writer, &writers[i]);
		if (errno)
			die("thread");
	}
	end = now() + seconds * 1000000000ull;
	while (!stop && !(seconds && now() >= end)) {
		if (count)
			save_count(count);
		nanosleep(&tick, NULL);
	}
	stop = true;
	for (unsigned int i = 0; i < n; i++) {
		pthread_join(writers[i].thread, NULL);
		for (int op = 0; op < OPS; op++) {
			total[op] += writers[i].count[op];
			if (writers[i].slowest[op] > slowest[op])
				slowest[op] = writers[i].slowest[op];
		}
	}
	if (generations)
		save_generations(generations, writers, n);
	printf("iowrite: writes %llu reads %llu syncs %llu bad %lu errors %lu slowest_ms write %llu read %llu sync %llu\n",
	       (unsigned long long)total[OP_WRITE], (unsigned long long)total[OP_READ],
	       (unsigned long long)total[OP_SYNC], atomic_load(&bad), atomic_load(&errors),
	       (unsigned long long)slowest[OP_WRITE] / 1000000,
	       (unsigned long long)slowest[OP_READ] / 1000000,
	       (unsigned long long)slowest[OP_SYNC] / 1000000);
	return bad || errors;
}

/* Read one block with O_DIRECT; files are kept open while the same one is asked for. */
static bool read_block(unsigned int file, unsigned int block, unsigned char *data)
{
	static int fd = -1;
	static unsigned int current;
	char name[512];

	if (fd < 0 || file != current) {
		if (fd >= 0)
			close(fd);
		file_name(name, sizeof(name), file);
		fd = open(name, O_RDONLY | O_DIRECT);
		current = file;
		if (fd < 0) {
			complain(&errors, "%s: %m", name);
			return false;
		}
	}
	if (pread(fd, data, BLOCK, (off_t)block * BLOCK) == BLOCK)
		return true;
	complain(&errors, "file %u block %u: read: %m", file, block);
	return false;
}

static int verdict(unsigned long checked)
{
	printf("iowrite: checked %lu bad %lu errors %lu\n", checked, atomic_load(&bad), atomic_load(&errors));
	if (!checked)
		fprintf(stderr, "iowrite: there was nothing to check\n");
	return bad || errors || !checked;
}

static int verify_exactly(const char *generations)
{
	unsigned char *data = block_buffer(BLOCK), *want = block_buffer(BLOCK);
	unsigned int file, block, generation;
	unsigned long long saved_seed;
	unsigned long checked = 0;
	FILE *f = fopen(generations, "r");

	if (!f || fscanf(f, "%llu", &saved_seed) != 1)
		die("%s", generations);
	seed = saved_seed;
	while (fscanf(f, "%u %u %u", &file, &block, &generation) == 3) {
		checked++;
		if (!read_block(file, block, data))
			continue;
		fill(want, seed, file, block, generation);
		if (memcmp(want, data, BLOCK))
			complain_about(data, file, block, "", generation);
	}
	fclose(f);
	return verdict(checked);
}

static bool valid_record(const struct record *r, unsigned int file)
{
	uint64_t sum = 0;

	if (r->magic != RECORD_MAGIC || r->file != file || r->blocks > MAX_BLOCKS)
		return false;
	for (unsigned int i = 0; i < MAX_BLOCKS; i++)
		sum = mix(sum ^ r->generation[i]);
	return mix(sum ^ r->sequence ^ r->seed) == r->sum;
}

static int verify_after_crash(const char *name)
{
	unsigned char *data = block_buffer(BLOCK);
	struct record *pair = block_buffer(2 * BLOCK);
	unsigned long checked = 0;
	struct stamp s;

	journal = open(name, O_RDONLY | O_DIRECT);
	if (journal < 0)
		die("%s", name);
	for (unsigned int file = 0; file < MAX_THREADS; file++) {
		const struct record *r = NULL;

		if (pread(journal, pair, 2 * BLOCK, file * 2ll * BLOCK) != 2 * BLOCK)
			break;
		for (int i = 0; i < 2; i++)
			if (valid_record(&pair[i], file) && (!r || pair[i].sequence > r->sequence))
				r = &pair[i];
		if (!r)
			continue;
		seed = r->seed;
		for (unsigned int block = 0; block < r->blocks; block++) {
			checked++;
			if (!read_block(file, block, data))
				continue;
			if (!whole(data, &s) || s.seed != seed || s.file != file || s.block != block ||
			    s.generation < r->generation[block])
				complain_about(data, file, block, ">= ", r->generation[block]);
		}
	}
	return verdict(checked);
}

int main(int argc, char **argv)
{
	const char *generations = NULL, *count = NULL, *exactly = NULL, *after_crash = NULL;
	const char *acknowledged = NULL;
	unsigned int threads = 6, seconds = 0;
	int c;

	seed = now() ^ getpid();
	while ((c = getopt(argc, argv, "n:b:s:t:c:o:a:v:A:")) != -1) {
		switch (c) {
		case 'n': threads = strtoul(optarg, NULL, 0); break;
		case 'b': nr_blocks = strtoul(optarg, NULL, 0); break;
		case 's': seed = strtoull(optarg, NULL, 0); break;
		case 't': seconds = strtoul(optarg, NULL, 0); break;
		case 'c': count = optarg; break;
		case 'o': generations = optarg; break;
		case 'a': acknowledged = optarg; break;
		case 'v': exactly = optarg; break;
		case 'A': after_crash = optarg; break;
		default: fputs(usage, stderr); return 2;
		}
	}
	if (optind + 1 != argc || !threads || threads > MAX_THREADS || nr_blocks < MAX_RUN ||
	    nr_blocks > MAX_BLOCKS) {
		fputs(usage, stderr);
		return 2;
	}
	dir = argv[optind];
	if (exactly)
		return verify_exactly(exactly);
	if (after_crash)
		return verify_after_crash(after_crash);
	if (acknowledged) {
		journal = open(acknowledged, O_RDWR | O_DIRECT | O_DSYNC);
		if (journal < 0)
			die("%s", acknowledged);
	}
	return run(threads, seconds, generations, count);
}
