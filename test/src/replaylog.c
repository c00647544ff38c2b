// SPDX-License-Identifier: GPL-2.0-only
/*
 * Write again what the target log-writes has logged, in its order, onto another device. Says what the log
 * holds. It is an error if the log is not whole: each entry must be there, in the device, and the last one
 * must be the mark that the target writes when it ends.
 */
#define _GNU_SOURCE 1
#include <endian.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTOR		512
#define MAGIC		0x6a736677736872ull
#define LAST_MARK	"dm-log-writes-end"

enum { FLUSH = 1, FUA = 2, DISCARD = 4, MARK = 8 };

struct super {
	uint64_t magic, version, entries;
	uint32_t sector_size;
} __attribute__((packed));

struct entry {
	uint64_t sector, sectors, flags, data;
};

static int from, to;
static char head[SECTOR];

__attribute__((noreturn))
static void fail(const char *what, uint64_t number)
{
	fprintf(stderr, "replaylog: %s (%llu)\n", what, (unsigned long long)number);
	exit(1);
}

static void get(void *data, size_t size, uint64_t offset)
{
	if (pread(from, data, size, offset) != (ssize_t)size)
		fail("cannot read the log", offset);
}

static uint64_t entries_of_log(void)
{
	const struct super *super = (const struct super *)head;

	get(head, SECTOR, 0);
	if (le64toh(super->magic) != MAGIC || le64toh(super->version) != 1)
		fail("this is no log", le64toh(super->magic));
	if (le32toh(super->sector_size) != SECTOR)
		fail("sectors of another size", le32toh(super->sector_size));
	return le64toh(super->entries);
}

/* The data of an entry; returns its size in the log. */
static uint64_t copy(uint64_t sector, uint64_t sectors, uint64_t offset)
{
	const size_t size = sectors * SECTOR;
	char *data = malloc(size);

	if (!data)
		fail("memory", size);
	get(data, size, offset);
	if (pwrite(to, data, size, sector * SECTOR) != (ssize_t)size)
		fail("cannot write", sector);
	free(data);
	return size;
}

int main(int argc, char **argv)
{
	uint64_t entries, offset = SECTOR, count[16] = { 0 }, writes = 0;
	const struct entry *entry = (const struct entry *)head;

	if (argc != 3) {
		fputs("usage: replaylog LOG DEV    prints entries, writes, flushes and marks\n", stderr);
		return 2;
	}
	from = open(argv[1], O_RDONLY);
	to = open(argv[2], O_WRONLY);
	if (from < 0 || to < 0)
		fail("cannot open", 0);
	entries = entries_of_log();
	for (uint64_t i = 0; i < entries; i++) {
		uint64_t sectors, flags;

		get(head, SECTOR, offset);
		offset += SECTOR;
		sectors = le64toh(entry->sectors);
		flags = le64toh(entry->flags);
		if (sectors > 1 << 16 || flags > 31)
			fail("no entry", i);
		for (int bit = 0; bit < 4; bit++)
			count[1 << bit] += !!(flags & 1 << bit);
		if (flags & DISCARD)
			fail("a discard, which this cannot do", i);
		if (sectors && !(flags & MARK)) {
			writes++;
			offset += copy(le64toh(entry->sector), sectors, offset);
		}
	}
	if (!entries || !(le64toh(entry->flags) & MARK) ||
	    strcmp(head + sizeof(*entry), LAST_MARK))
		fail("the last mark is not there", entries);
	if (fsync(to))
		fail("cannot sync", 0);
	printf("entries %llu writes %llu flushes %llu marks %llu\n", (unsigned long long)entries,
	       (unsigned long long)writes, (unsigned long long)count[FLUSH],
	       (unsigned long long)count[MARK]);
	return 0;
}
