/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dm-interpose: interpose a mapped device on a block device in use, in a kernel that was not
 * patched for it.
 *
 * The way of a bio that somebody submits to an original:
 *
 *	submit_bio_noacct() --ftrace--> ip_hook()		hook.c
 *		stage TRACK	it is counted and goes on to the original
 *		stage HOLD	it goes to the gate, a disk of ours, which keeps it	gate.c
 *		stage DIVERT	it goes to the upper
 *
 * A bio that was counted has a struct ip_io in bi_private until it ends, so how many there are
 * on each side is known exactly, wherever they wait: start and stop need not know who could
 * hold one. A bio of the target "interpose" (target.c) has the mark IP_BIO_OWN and is left
 * alone.
 *
 * What goes to the upper is counted without an atomic operation: per CPU, how many have come, which
 * the status shows, and how many have ended. Whoever counts one of either has looked at the stage
 * under RCU: so after a change of the stage and a grace period no more come, and whoever ends one
 * sees that somebody waits. Then equal sums say that all have ended, in whatever order they are
 * read. In stop bios are held meanwhile: the grace period is an expedited one. The other counts are
 * atomic, since start holds bios for longer and is not to wait for a grace period on top.
 *
 * The table of the upper can be another one at any time, and nobody asks the module: so each bio
 * is looked at again when it comes to the upper, also if that had kept it meanwhile. One that the
 * upper does not take as the original would, or that has come through uppers too often, fails
 * (ip_at_upper()).
 *
 * A bio that comes through the whole disk's node and touches an attached partition is sent to the
 * gate, too, and cut there at the borders (route.c).
 *
 * Locks: ip_lock is held to look at, and to change, who is there: ip_atts[] and the fields that
 * say which command has one, the hash table and the filter of the hook, the partitions of a disk,
 * the targets. It is a spinlock: nobody waits with it for anything. att->lock is inside of no other
 * one, and nor is ip_lock.
 *
 * What takes long, a start or stop that waits for a device, holds no lock at all. It has its
 * attachments instead, by their phase: they are in ip_atts[] from the first step of their start,
 * so that nothing else is attached to the same devices, and only a command that has moved one from
 * IP_ATTACHED to IP_STOPPING may detach it. Who needs that another command ends waits in
 * ip_changed for another phase, until a signal comes. ip_att.draining is the same for a queue: who
 * has one waits for its device only, and has no second one. ip_disk.cutting is inside of both;
 * what the worker does that holds it, is to submit a bio.
 *
 * All of that is outside of every lock of the block layer and of device-mapper, and of a mapped
 * device's table: what start and stop wait for may need them. Inside of one of those only ip_lock
 * is taken, and ip_hook_mutex and ip_links_mutex, which nobody holds who waits for a device.
 *
 * No bio can get to an attachment that is freed. One is found in two places, in the hash table and
 * among the partitions of a disk, under RCU; who has found it counts its bio before that ends, or
 * sees that the stage is IP_OFF. The gate finds it by its index, for bios that are counted. The
 * end (ip_att_end()) takes it out of both places with the stage at IP_OFF, waits for a grace
 * period, and then until nothing is counted: nobody can have it any more, but for the wake-up of
 * the last, which is under RCU as well. After that the index is given to others.
 */
#ifndef DM_INTERPOSE_H
#define DM_INTERPOSE_H

#include <linux/atomic.h>
#include <linux/bio.h>
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/mempool.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "compat.h"

#define IP_NAME		"dm-interpose"
#define IP_STATUS_MAX	160
#define IP_FLAGS_MAX	32

enum ip_stage {
	IP_OFF,		/* bios are left alone */
	IP_TRACK,	/* bios are counted on their way to the original */
	IP_HOLD,	/* bios wait in the gate */
	IP_DIVERT,	/* bios go to the upper */
};

enum ip_phase {
	IP_STARTING,
	IP_STARTED,	/* attached, and its start is about to say so */
	IP_ATTACHED,	/* no command has it */
	IP_STOPPING,
};

enum ip_side {
	IP_BELOW,	/* on its way to the original; ip_att.below */
	IP_HELD,	/* on its way to the gate, or in it; ip_att.held */
	IP_THROUGH,	/* on its way to the upper; ip_att.counts */
};

struct ip_counts {
	struct {
		u64 ios;
		u64 sectors;
	} of[2];	/* reads, writes and all else */
	u64 ended;	/* of all ios */
};

/**
 * struct ip_att - a mapped device that is attached to a block device
 * @node: in the table of the hook, by @original
 * @stage: what the hook does; changed by the command that has it
 * @phase: which command has it; ip_lock
 * @draining: its start waits for what is in the queue; ip_lock
 * @original: the block device that has users
 * @upper: the mapped device
 * @whole: the original is a whole disk: bios of its partitions are taken as well
 * @block: logical block size of the original
 * @dma: alignment of memory, a mask, that an upper may want
 * @readonly: nobody writes to the original
 * @looped: when the upper has sent a bio back last, in jiffies, or 0
 * @complaints: of I/O that the upper cannot take
 * @nolockfs: it was asked for when it was started
 * @index: its part of the addresses of the gate
 * @below: bios that were counted and are on their way to the original
 * @held: bios that are on their way to the gate, or wait there
 * @wait: for @below and @held, and for what is on its way to the upper
 * @lock: @parked and @bare, and the stage in the gate
 * @parked: what waits in the gate
 * @bare: what waits for memory for its struct ip_io
 * @work: takes care of @bare
 * @pool: of struct ip_io, what the slab cannot give
 * @counts: of what went to the upper, and has ended, per CPU
 * @disk: that its original is a partition of
 * @route: among those of the same disk
 * @list: of those that one start attaches
 * @frozen: file systems that start froze, while it is under way
 */
struct ip_att {
	struct hlist_node node;
	enum ip_stage stage;
	enum ip_phase phase;
	bool draining;
	struct ip_dev original;
	struct ip_dev upper;
	bool whole;
	bool nolockfs;
	bool readonly;
	unsigned int block;
	unsigned int dma;
	unsigned long looped;
	struct ratelimit_state complaints;
	unsigned int index;
	time64_t since;	/* CLOCK_BOOTTIME */

	atomic_t below;
	atomic_t held;
	wait_queue_head_t wait;

	spinlock_t lock;	/* see above */
	struct bio_list parked;
	struct bio_list bare;
	struct work_struct work;
	mempool_t *pool;

	struct ip_counts __percpu *counts;
	struct ip_disk *disk;
	struct list_head route;
	struct list_head list;
	struct list_head frozen;
};

/* What a counted bio had before, and where it is. */
struct ip_io {
	union {
		struct ip_att *att;
		struct ip_io *next;	/* see ip_spare */
	};
	enum ip_side side;
	union {
		u32 hops;
		unsigned int spares;
	};
	struct block_device *bdev;
	bio_end_io_t *end_io;
	void *private;
};

/*
 * An address of the gate: whose bio it is, what for, and the sector. A bio without data has
 * one, too, and nobody looks at it.
 */
#define IP_SECTOR_BITS	41
#define IP_KIND_BITS	3
#define IP_INDEX_BITS	9
#define IP_INDEX_MAX	BIT(IP_INDEX_BITS)

enum ip_kind {
	IP_GATE_HELD,		/* has its struct ip_io */
	IP_GATE_BARE,		/* has none, and waits for one to be held */
	IP_GATE_BARE_BELOW,	/* the same, to go to the original */
	IP_GATE_ROUTE,		/* to be cut at the borders of partitions */
	IP_GATE_END,		/* has its struct ip_io, and how it ends */
};

static inline sector_t ip_address(unsigned int index, enum ip_kind kind, sector_t sector)
{
	return ((sector_t)index << (IP_SECTOR_BITS + IP_KIND_BITS)) |
	       ((sector_t)kind << IP_SECTOR_BITS) | sector;
}

static inline unsigned int ip_index_of(sector_t address)
{
	return address >> (IP_SECTOR_BITS + IP_KIND_BITS);
}

static inline enum ip_kind ip_kind_of(sector_t address)
{
	return (address >> IP_SECTOR_BITS) & ((1U << IP_KIND_BITS) - 1);
}

static inline sector_t ip_sector_of(sector_t address)
{
	return address & (((sector_t)1 << IP_SECTOR_BITS) - 1);
}

/* A disk and one of its partitions have sectors in common. */
static inline bool ip_is_kin(struct block_device *a, struct block_device *b)
{
	return a != b && a->bd_disk == b->bd_disk &&
	       (!bdev_is_partition(a) || !bdev_is_partition(b));
}

static inline bool ip_touches(struct bio *bio, sector_t start, sector_t end)
{
	return bio_end_sector(bio) > start && bio->bi_iter.bi_sector < end;
}

/* hook.c */
extern spinlock_t ip_lock;
extern struct wait_queue_head ip_changed;
extern struct ip_att *ip_atts[IP_INDEX_MAX];
void ip_hook_direct(struct bio *bio);
int ip_hook_get(void);
void ip_hook_put(void);
void ip_publish(struct ip_att *att);
void ip_unpublish(struct ip_att *att);
void ip_io_init(struct ip_io *io, struct ip_att *att, struct bio *bio, enum ip_side side);
void ip_io_undo(struct bio *bio);
bool ip_take(struct ip_att *att, struct bio *bio);
void ip_count(struct ip_att *att, struct bio *bio);
void ip_to_upper(struct ip_att *att, struct bio *bio);
bool ip_is_looping(struct ip_att *att);
void ip_set_needs(struct ip_att *att);
const char *ip_unfit(const struct ip_att *att);
int ip_io_pool(struct ip_att *att);
int ip_hook_init(void);
void ip_hook_exit(void);

/* gate.c */
extern struct gendisk *ip_gate;
extern struct workqueue_struct *ip_wq;
void ip_gate_work(struct work_struct *work);
void ip_gate_open(struct ip_att *att, enum ip_stage stage);
struct gendisk *ip_disk_create(const struct block_device_operations *fops, const char *name,
			       sector_t nr);
void ip_disk_destroy(struct gendisk *disk);
int ip_gate_init(void);
void ip_gate_exit(void);

/* route.c */
bool ip_route(struct bio *bio);
int ip_route_add(struct ip_att *att);
void ip_route_del(struct ip_att *att);
void ip_route_put(struct ip_att *att);
void ip_route_take(struct bio *bio, unsigned int index);
int ip_route_init(void);
void ip_route_exit(void);

/* drain.c */
int ip_drain(struct list_head *atts);

/* attach.c */
struct ip_pair {
	dev_t upper;
	dev_t original;
};

struct ip_att *ip_att_alloc(bool nolockfs);
void ip_att_free(struct ip_att *att);
bool ip_att_has_kin(struct block_device *bdev);
int ip_start(const struct ip_pair *pairs, unsigned int nr, bool nolockfs);
int ip_stop(dev_t upper);
int ip_status(dev_t upper, char *buf, size_t size);
void ip_counts_sum(struct ip_att *att, struct ip_counts *sum);

/* control.c */
int ip_control_init(void);
void ip_control_exit(void);

/* target.c */
bool ip_target_has_kin(struct block_device *bdev);
bool ip_has_claimed(const struct gendisk *disk, const char *name);
int ip_target_init(void);
void ip_target_exit(void);

/* selftest.c */
int ip_selftest(void);

#endif
