// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hash tree of a device, as dm-verity reads it: version 1, sha256 with salt, blocks of 4 KiB, no
 * superblock, from the first block of the hash device on; and the parity over both, for its error correction.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BLOCK		4096
#define DIGEST		32
#define PER_BLOCK	(BLOCK / DIGEST)
#define MAX_SALT	256
#define MAX_LEVELS	8
#define CODEWORD	255
#define MAX_ROOTS	24

static const char usage[] =
	"usage: mkverity [-f FEC-DEVICE -r ROOTS] DATA HASH SALT    SALT in hexadecimal digits\n"
	"prints: BLOCKS-OF-DATA ROOT-DIGEST BLOCKS-OF-HASH\n";

struct sha256 {
	uint32_t h[8];
	uint8_t data[64];
	uint64_t bytes;
};

static const uint32_t sha256_k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint8_t salt[MAX_SALT];
static size_t salt_size;

/* From the end of one level to that of the next lower one, level 0 last. */
static uint64_t level_block[MAX_LEVELS], level_blocks[MAX_LEVELS];
static unsigned int levels;
static uint64_t data_blocks, hash_blocks;
static uint8_t *data, *tree;

__attribute__((noreturn))
static void die(const char *what)
{
	fprintf(stderr, "mkverity: %s: %m\n", what);
	exit(2);
}

static uint32_t rotate(uint32_t x, int n)
{
	return x >> n | x << (32 - n);
}

static void sha256_block(struct sha256 *s, const uint8_t *p)
{
	uint32_t w[64], v[8];

	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)p[i * 4] << 24 | p[i * 4 + 1] << 16 | p[i * 4 + 2] << 8 | p[i * 4 + 3];
	for (int i = 16; i < 64; i++)
		w[i] = w[i - 16] + w[i - 7] +
		       (rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3) +
		       (rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10);
	memcpy(v, s->h, sizeof(v));
	for (int i = 0; i < 64; i++) {
		uint32_t a = v[0], e = v[4];
		uint32_t t1 = v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
			      ((e & v[5]) ^ (~e & v[6])) + sha256_k[i] + w[i];
		uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
			      ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));

		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		s->h[i] += v[i];
}

static void sha256_add(struct sha256 *s, const uint8_t *p, size_t n)
{
	for (; n; n--, p++) {
		s->data[s->bytes++ % 64] = *p;
		if (s->bytes % 64 == 0)
			sha256_block(s, s->data);
	}
}

static void sha256_end(struct sha256 *s, uint8_t *digest)
{
	uint64_t bits = s->bytes * 8;
	uint8_t byte = 0x80;

	do {
		sha256_add(s, &byte, 1);
		byte = 0;
	} while (s->bytes % 64 != 56);
	for (int i = 56; i >= 0; i -= 8) {
		byte = bits >> i;
		sha256_add(s, &byte, 1);
	}
	for (int i = 0; i < DIGEST; i++)
		digest[i] = s->h[i / 4] >> (24 - i % 4 * 8);
}

/* The salt comes before the block. */
static void hash_block(const uint8_t *block, uint8_t *digest)
{
	struct sha256 s = { .h = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	} };

	sha256_add(&s, salt, salt_size);
	sha256_add(&s, block, BLOCK);
	sha256_end(&s, digest);
}

static int open_device(const char *name, int how, uint64_t *blocks)
{
	uint64_t bytes;
	int fd = open(name, how);

	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &bytes))
		die(name);
	*blocks = bytes / BLOCK;
	return fd;
}

static void transfer(int fd, bool write, uint8_t *p, uint64_t bytes, const char *name)
{
	for (uint64_t at = 0; at < bytes; ) {
		size_t n = bytes - at < 1 << 20 ? bytes - at : 1 << 20;
		ssize_t r = write ? pwrite(fd, p + at, n, at) : pread(fd, p + at, n, at);

		if (r <= 0)
			die(name);
		at += r;
	}
	if (write && fsync(fd))
		die(name);
}

/* The root level comes first, level 0 last. */
static void lay_out_levels(void)
{
	for (uint64_t n = data_blocks; levels == 0 || n > 1; levels++) {
		n = (n + PER_BLOCK - 1) / PER_BLOCK;
		level_blocks[levels] = n;
	}
	for (int i = levels - 1; i >= 0; i--) {
		level_block[i] = hash_blocks;
		hash_blocks += level_blocks[i];
	}
}

static void make_tree(uint8_t *root)
{
	uint8_t *from = data;
	uint64_t n = data_blocks;

	for (unsigned int i = 0; i < levels; i++) {
		uint8_t *to = tree + level_block[i] * BLOCK;

		for (uint64_t b = 0; b < n; b++)
			hash_block(from + b * BLOCK, to + b * DIGEST);
		from = to;
		n = level_blocks[i];
	}
	hash_block(from, root);
}

/* GF(256) with x^8 + x^4 + x^3 + x^2 + 1, and the generator with the roots a^0 to a^(roots - 1). */
static uint8_t gf_exp[512], gf_log[256];

static uint8_t gf_mul(uint8_t a, uint8_t b)
{
	return a && b ? gf_exp[gf_log[a] + gf_log[b]] : 0;
}

static void make_generator(uint8_t *g, unsigned int roots)
{
	for (unsigned int i = 0, x = 1; i < 255; i++) {
		gf_exp[i] = gf_exp[i + 255] = x;
		gf_log[x] = i;
		x <<= 1;
		if (x & 0x100)
			x ^= 0x11d;
	}
	/* g[i] is the coefficient of x^i */
	memset(g, 0, roots + 1);
	g[0] = 1;
	for (unsigned int i = 0; i < roots; i++) {
		for (unsigned int j = i + 1; j > 0; j--)
			g[j] = g[j - 1] ^ gf_mul(g[j], gf_exp[i]);
		g[0] = gf_mul(g[0], gf_exp[i]);
	}
}

static uint8_t byte_at(uint64_t at)
{
	if (at < data_blocks * BLOCK)
		return data[at];
	at -= data_blocks * BLOCK;
	return at < hash_blocks * BLOCK ? tree[at] : 0;
}

/* Code word r takes its bytes from places that lie as far apart as possible. */
static void write_parity(const char *name, unsigned int roots)
{
	unsigned int rsn = CODEWORD - roots;
	uint64_t rounds = (data_blocks + hash_blocks + rsn - 1) / rsn, blocks;
	uint8_t generator[MAX_ROOTS + 1], *parity;
	int fd = open_device(name, O_RDWR, &blocks);

	parity = calloc(rounds * roots, BLOCK);
	if (!parity)
		die("memory");
	if (blocks < rounds * roots) {
		errno = ENOSPC;
		die(name);
	}
	make_generator(generator, roots);
	for (uint64_t r = 0; r < rounds * BLOCK; r++) {
		uint8_t *p = parity + r * roots;

		for (unsigned int i = 0; i < rsn; i++) {
			uint8_t feedback = byte_at(r + i * rounds * BLOCK) ^ p[0];

			memmove(p, p + 1, roots - 1);
			p[roots - 1] = 0;
			for (unsigned int j = 0; feedback && j < roots; j++)
				p[j] ^= gf_mul(feedback, generator[roots - 1 - j]);
		}
	}
	transfer(fd, true, parity, rounds * roots * BLOCK, name);
}

static void read_salt(const char *text)
{
	unsigned int byte;

	for (; *text; text += 2) {
		if (salt_size == MAX_SALT || sscanf(text, "%2x", &byte) != 1 || !text[1]) {
			fputs(usage, stderr);
			exit(2);
		}
		salt[salt_size++] = byte;
	}
}

int main(int argc, char **argv)
{
	const char *fec = NULL;
	unsigned int roots = 2;
	uint64_t room;
	uint8_t root[DIGEST];
	int c, fd;

	while ((c = getopt(argc, argv, "f:r:")) != -1) {
		switch (c) {
		case 'f': fec = optarg; break;
		case 'r': roots = strtoul(optarg, NULL, 0); break;
		default: goto usage;
		}
	}
	if (argc != optind + 3 || roots < 2 || roots > MAX_ROOTS)
		goto usage;
	read_salt(argv[optind + 2]);

	fd = open_device(argv[optind], O_RDONLY, &data_blocks);
	lay_out_levels();
	data = malloc(data_blocks * BLOCK);
	tree = calloc(hash_blocks, BLOCK);
	if (!data || !tree)
		die("memory");
	transfer(fd, false, data, data_blocks * BLOCK, argv[optind]);
	close(fd);

	make_tree(root);
	fd = open_device(argv[optind + 1], O_RDWR, &room);
	if (room < hash_blocks) {
		errno = ENOSPC;
		die(argv[optind + 1]);
	}
	transfer(fd, true, tree, hash_blocks * BLOCK, argv[optind + 1]);
	close(fd);
	if (fec)
		write_parity(fec, roots);

	printf("%llu ", (unsigned long long)data_blocks);
	for (int i = 0; i < DIGEST; i++)
		printf("%02x", root[i]);
	printf(" %llu\n", (unsigned long long)hash_blocks);
	return 0;
usage:
	fputs(usage, stderr);
	return 2;
}
