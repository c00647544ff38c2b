// SPDX-License-Identifier: GPL-2.0-only
/* What happens to each bio: found, counted, sent elsewhere. */
#define pr_fmt(fmt) "dm-interpose: " fmt

#include "interpose.h"

#include <linux/hash.h>
#include <linux/module.h>
#include <linux/slab.h>

#define IP_HASH_BITS	8
#define IP_POOL_MIN	64
#define IP_SPARE_MAX	64
#define IP_FILTER_BITS	12

/* see interpose.h */
DEFINE_SPINLOCK(ip_lock);
DECLARE_WAIT_QUEUE_HEAD(ip_changed);
struct ip_att *ip_atts[IP_INDEX_MAX];

static struct hlist_head ip_table[1 << IP_HASH_BITS];
static struct kmem_cache *ip_io_cache;

/*
 * Those that were used last on each CPU, IP_SPARE_MAX at most; each knows how many there are with
 * it. A slab takes more to give and to get one than all else that happens to a bio.
 */
static DEFINE_PER_CPU(struct ip_io *, ip_spare);

static struct hlist_head *ip_bucket(const struct block_device *bdev)
{
	return &ip_table[hash_ptr(bdev, IP_HASH_BITS)];
}

static struct ip_att *ip_find(const struct block_device *bdev)
{
	struct ip_att *att;

	hlist_for_each_entry_rcu(att, ip_bucket(bdev), node)
		if (att->original.bdev == bdev)
			return att;
	return NULL;
}

/*
 * The filter of the hook: a bit for each block device whose bios are looked at, and one for each
 * disk with all its partitions.
 */
static DECLARE_BITMAP(ip_filter, 1 << IP_FILTER_BITS);

static inline bool ip_filter_has(const void *key)
{
	return test_bit(hash_ptr(key, IP_FILTER_BITS), ip_filter);
}

/* --- counted bios --- */

/*
 * With ip_read_lock(), where nobody is moved to another CPU. Only a process takes a spare one: an
 * interrupt may give one back here meanwhile, but what is below the first stays there.
 */
static __always_inline struct ip_io *ip_spare_get(void)
{
	struct ip_io *io;

	ip_pin();
	do {
		io = this_cpu_read(ip_spare);
		if (unlikely(!io))
			break;
	} while (unlikely(this_cpu_cmpxchg(ip_spare, io, io->next) != io));
	ip_unpin();
	return io;
}

/* The same, in any context. False: there are enough. */
static __always_inline bool ip_spare_put(struct ip_io *io)
{
	struct ip_io *next;
	unsigned int nr;

	ip_pin();
	do {
		next = this_cpu_read(ip_spare);
		nr = likely(next) ? next->spares + 1 : 1;
		if (unlikely(nr > IP_SPARE_MAX))
			break;
		io->next = next;
		io->spares = nr;
	} while (unlikely(this_cpu_cmpxchg(ip_spare, next, io) != next));
	ip_unpin();
	return likely(nr <= IP_SPARE_MAX);
}

/**
 * ip_io_pool - make the reserve of an attachment
 * @att: the attachment
 *
 * Return: 0 or -ENOMEM.
 */
int ip_io_pool(struct ip_att *att)
{
	att->pool = mempool_create_slab_pool(IP_POOL_MIN, ip_io_cache);
	return att->pool ? 0 : -ENOMEM;
}

/* With ip_read_lock(): the attachment lives as long as somebody who looks under RCU. */
static void ip_side_put(struct ip_att *att, enum ip_side side)
{
	bool wake = true;

	if (side == IP_THROUGH)
		this_cpu_inc(att->counts->ended);
	else
		wake = atomic_dec_and_test(side == IP_BELOW ? &att->below : &att->held);
	if (wake)
		wake_up_all(&att->wait);
}

/* Is one of the reserve in use? As mempool_free() looks; that puts it back there. */
static __always_inline bool ip_is_short(const struct ip_att *att)
{
	/* pairs with mempool_alloc() */
	smp_rmb();
	return READ_ONCE(att->pool->curr_nr) < att->pool->min_nr;
}

static noinline void ip_io_put_slowly(struct ip_io *io)
{
	struct ip_att *att = io->att;
	const enum ip_side side = io->side;

	mempool_free(io, att->pool);
	ip_side_put(att, side);
}

/*
 * No longer counted. Any context. It does not matter that the stage is looked at before: whoever
 * waits has changed it, and waited for a grace period.
 */
static __always_inline void ip_io_put(struct ip_io *io)
{
	struct ip_att *att = io->att;

	ip_read_lock();
	if (unlikely(io->side != IP_THROUGH || READ_ONCE(att->stage) != IP_DIVERT ||
		     ip_is_short(att) || !ip_spare_put(io)))
		ip_io_put_slowly(io);
	else
		this_cpu_inc(att->counts->ended);
	ip_read_unlock();
}

/* Any context. */
static void ip_end_io(struct bio *bio)
{
	struct ip_io *io = bio->bi_private;

	bio->bi_end_io = io->end_io;
	bio->bi_private = io->private;
	/* some look at it behind the end of their bios, and some use them again */
	bio->bi_bdev = io->bdev;
	ip_set_hops(bio, io->hops);
	/* it counts until its submitter knows */
	bio->bi_end_io(bio);
	ip_io_put(io);
}

static bool ip_is_counted(struct bio *bio)
{
	return bio->bi_end_io == ip_end_io;
}

static __always_inline void __ip_io_init(struct ip_io *io, struct ip_att *att, struct bio *bio,
					 enum ip_side side)
{
	io->att = att;
	io->side = side;
	io->hops = ip_hops(bio);
	io->bdev = bio->bi_bdev;
	io->end_io = bio->bi_end_io;
	io->private = bio->bi_private;
	bio->bi_end_io = ip_end_io;
	bio->bi_private = io;
}

/* The caller has counted it on that side. */
void ip_io_init(struct ip_io *io, struct ip_att *att, struct bio *bio, enum ip_side side)
{
	__ip_io_init(io, att, bio, side);
}

/* The bio is as its submitter made it, but for the device and the sector, and no longer counted. */
void ip_io_undo(struct bio *bio)
{
	struct ip_io *io = bio->bi_private;

	bio->bi_end_io = io->end_io;
	bio->bi_private = io->private;
	ip_io_put(io);
}

/* --- where they go --- */

static __always_inline void __ip_count(struct ip_att *att, struct bio *bio)
{
	const int write = op_is_write(bio_op(bio));
	struct ip_counts __percpu *counts = att->counts;

	this_cpu_inc(counts->of[write].ios);
	this_cpu_add(counts->of[write].sectors, bio_sectors(bio));
}

/**
 * ip_count - count a bio as one that is on its way to the upper
 * @att: the attachment
 * @bio: a bio
 *
 * Context: the caller has seen the stage IP_DIVERT under RCU, which it is in still.
 */
void ip_count(struct ip_att *att, struct bio *bio)
{
	__ip_count(att, bio);
}

/* One that is not polled for, and has come through no upper. */
static __always_inline bool ip_is_plain(const struct bio *bio)
{
	return !((__force u32)bio->bi_opf & ((__force u32)REQ_POLLED | IP_HOPS_MAX));
}

static noinline void ip_hop_not_plain(struct ip_att *att, struct bio *bio)
{
	/* nobody here may end the bio: it waits, then; who polls for it sees it end by itself */
	if (!bdev_nowait(att->upper.bdev))
		bio->bi_opf &= ~REQ_NOWAIT;
	bio_clear_polled(bio);
	if (ip_hops(bio) != IP_HOPS_MAX)
		ip_hop(bio);
}

static __always_inline void __ip_to_upper(struct ip_att *att, struct bio *bio)
{
	if (unlikely(!ip_is_plain(bio) ||
		     ((bio->bi_opf & REQ_NOWAIT) && !bdev_nowait(att->upper.bdev))))
		ip_hop_not_plain(att, bio);
	else
		ip_hop(bio);
	ip_set_disk(bio, att->upper.bdev);
}

/**
 * ip_to_upper - make a bio one of the upper
 * @att: the attachment
 * @bio: a bio with a sector of the original, counted as IP_THROUGH
 *
 * The caller submits it, or is submit_bio_noacct() itself.
 */
void ip_to_upper(struct ip_att *att, struct bio *bio)
{
	__ip_to_upper(att, bio);
}

static void ip_to_gate(struct ip_att *att, struct bio *bio, enum ip_kind kind)
{
	bio->bi_iter.bi_sector = ip_address(att->index, kind, bio->bi_iter.bi_sector);
	bio_clear_polled(bio);
	bio_set_dev(bio, ip_gate->part0);
}

/* One of the upper ends without it, in the gate. */
static void ip_to_end(struct ip_att *att, struct bio *bio, blk_status_t status)
{
	bio->bi_status = status;
	ip_to_gate(att, bio, IP_GATE_END);
}

/* --- what the upper takes --- */

/* For an attachment that has its original: what an upper may want of its bios. */
void ip_set_needs(struct ip_att *att)
{
	att->block = bdev_logical_block_size(att->original.bdev);
	att->dma = max(bdev_dma_alignment(att->original.bdev), SECTOR_SIZE - 1);
	att->readonly = bdev_read_only(att->original.bdev);
}

/* Does the upper, with the table that it has now, take each bio as the original does? NULL: yes. */
static __always_inline const char *__ip_unfit(const struct ip_att *att)
{
	struct block_device *u = att->upper.bdev;

	if (unlikely(bdev_logical_block_size(u) > att->block))
		return "larger blocks";
	if (unlikely(bdev_dma_alignment(u) > att->dma))
		return "stricter alignment of memory";
	if (unlikely(bdev_is_zoned(u)))
		return "zoned";
	if (unlikely(get_disk_ro(u->bd_disk) && !att->readonly))
		return "read-only";
	return NULL;
}

const char *ip_unfit(const struct ip_att *att)
{
	return __ip_unfit(att);
}

/* What of them an upper takes that is not fit: what it can address, if it may be written. */
static bool ip_takes_nevertheless(const struct ip_att *att, struct bio *bio)
{
	struct block_device *u = att->upper.bdev;
	const bool no_writes = bdev_read_only(u) && !att->readonly;
	const sector_t blocks = (bdev_logical_block_size(u) >> SECTOR_SHIFT) - 1;
	struct bvec_iter iter;
	struct bio_vec bv;

	if (bdev_is_zoned(u) || (no_writes && op_is_write(bio_op(bio)) && bio_sectors(bio)))
		return false;
	if ((bio->bi_iter.bi_sector | bio_sectors(bio)) & blocks)
		return false;
	if (!bio_has_data(bio) || bdev_dma_alignment(u) <= att->dma)
		return true;
	bio_for_each_bvec(bv, bio, iter)
		if ((bv.bv_offset | bv.bv_len) & bdev_dma_alignment(u))
			return false;
	return true;
}

/**
 * ip_is_looping - has the upper sent its I/O back to the original lately?
 * @att: the attachment
 */
bool ip_is_looping(struct ip_att *att)
{
	const unsigned long looped = READ_ONCE(att->looped);

	return looped && time_before(jiffies, looped + 10 * HZ);
}

/* One that may have to end here: why, or it is a discard. */
static noinline void ip_refuse_bio(struct ip_att *att, struct bio *bio, const char *why)
{
	const struct ip_io *io = bio->bi_private;

	if (unlikely(io->hops == IP_HOPS_MAX)) {
		WRITE_ONCE(att->looped, jiffies ?: 1);
		why = "it comes back";
	} else if (!why || ip_takes_nevertheless(att, bio)) {
		if (bio_op(bio) == REQ_OP_DISCARD && !bdev_max_discard_sectors(att->upper.bdev))
			ip_to_end(att, bio, BLK_STS_OK);
		return;
	}
	if (__ratelimit(&att->complaints))
		pr_warn("%pg: I/O of %pg fails: %s\n", att->upper.bdev, att->original.bdev, why);
	ip_to_end(att, bio, BLK_STS_IOERR);
}

/*
 * The hook of a bio for the upper: each time that it comes there, since device-mapper keeps some
 * while it changes the table. What lies behind a table that is too small fails without us, as do
 * operations that the upper does not have: their callers know that, but for discard, which is a
 * hint to the original and so to the upper.
 */
static __always_inline void ip_at_upper(struct ip_att *att, struct ip_io *io, struct bio *bio)
{
	const char *why = __ip_unfit(att);

	if (unlikely(why || io->hops == IP_HOPS_MAX || bio_op(bio) == REQ_OP_DISCARD))
		ip_refuse_bio(att, bio, why);
}

/* Makes the sector one of the original. False: the bio is beyond the end of its device. */
static __always_inline bool ip_sector(struct ip_att *att, struct bio *bio, sector_t *sector)
{
	struct block_device *bdev = bio->bi_bdev;
	const sector_t nr = bdev_nr_sectors(bdev);

	*sector = bio->bi_iter.bi_sector;
	if (!bio_sectors(bio))
		return true;
	/* the rest of a bio that was cut behind this hook: the sector is that of the disk */
	if (bio_flagged(bio, BIO_REMAPPED))
		*sector -= bdev->bd_start_sect;
	if (bio_sectors(bio) > nr || *sector > nr - bio_sectors(bio))
		return false;
	if (bdev != att->original.bdev)
		*sector += bdev->bd_start_sect;
	return true;
}

/*
 * The whole of ip_take(): counts a bio where the stage wants it, so that whoever changes the stage
 * then sees the count, and directs it there. One that has no struct ip_io is held rather than
 * diverted.
 */
static noinline bool ip_take_slowly(struct ip_att *att, struct bio *bio, sector_t sector)
{
	struct ip_io *io = mempool_alloc(att->pool, GFP_NOWAIT | __GFP_NOWARN);
	enum ip_stage stage;
	enum ip_side side;

	for (;;) {
		stage = READ_ONCE(att->stage);
		if (stage == IP_OFF) {
			if (io)
				mempool_free(io, att->pool);
			return false;
		}
		side = stage == IP_TRACK ? IP_BELOW : IP_HELD;
		if (stage == IP_DIVERT && io) {
			side = IP_THROUGH;
			ip_count(att, bio);
			break;
		}
		atomic_inc(side == IP_BELOW ? &att->below : &att->held);
		/* pairs with ip_set_stage() */
		smp_mb__after_atomic();
		if (READ_ONCE(att->stage) == stage)
			break;
		ip_side_put(att, side);
	}
	if (io)
		ip_io_init(io, att, bio, side);
	if (side == IP_BELOW && io)
		return true;
	bio->bi_iter.bi_sector = sector;
	if (side == IP_THROUGH) {
		ip_to_upper(att, bio);
		ip_at_upper(att, io, bio);
	} else if (io) {
		ip_to_gate(att, bio, IP_GATE_HELD);
	} else {
		/* without memory it waits for some in the gate, counted */
		ip_to_gate(att, bio, side == IP_BELOW ? IP_GATE_BARE_BELOW : IP_GATE_BARE);
	}
	return true;
}

static __always_inline bool __ip_take(struct ip_att *att, struct bio *bio)
{
	struct ip_io *io;
	sector_t sector;

	if (!ip_sector(att, bio, &sector))
		return false;
	if (unlikely(READ_ONCE(att->stage) != IP_DIVERT))
		return ip_take_slowly(att, bio, sector);
	io = ip_spare_get();
	if (unlikely(!io))
		return ip_take_slowly(att, bio, sector);
	__ip_count(att, bio);
	__ip_io_init(io, att, bio, IP_THROUGH);
	bio->bi_iter.bi_sector = sector;
	__ip_to_upper(att, bio);
	ip_at_upper(att, io, bio);
	return true;
}

/**
 * ip_take - count a bio of an original, and direct it where the stage wants it
 * @att: found under RCU
 * @bio: of the original, or of a partition of it
 *
 * Context: a process, with ip_read_lock(). Return: whether it is counted now. If not, nothing is
 * attached there, or the bio is beyond the end of its device: the block layer says what is wrong
 * with it.
 */
bool ip_take(struct ip_att *att, struct bio *bio)
{
	return __ip_take(att, bio);
}

static noinline void ip_seen(struct bio *bio)
{
	struct block_device *bdev = bio->bi_bdev;
	struct ip_att *att;

	/* one that goes on, or the rest of it */
	if (ip_is_counted(bio)) {
		struct ip_io *io = bio->bi_private;

		if (bdev == io->att->upper.bdev && io->side == IP_THROUGH)
			ip_at_upper(io->att, io, bio);
		return;
	}
	ip_read_lock();
	att = ip_find(bdev);
	if (!att && bdev_is_partition(bdev)) {
		att = ip_find(bdev_whole(bdev));
		if (att && !att->whole)
			att = NULL;
	}
	if (likely(att))
		__ip_take(att, bio);
	else if (!bdev_is_partition(bdev))
		ip_route(bio);
	ip_read_unlock();
}

/*
 * Before the first instruction of submit_bio_noacct(bio), in its context: a process, which may hold
 * anything. It may not sleep: what patches the kernel's text does not wait for it then.
 */
static __always_inline void ip_hook(struct bio *bio)
{
	const struct block_device *bdev = bio->bi_bdev;

	if (bio->bi_flags & BIT(IP_BIO_OWN))
		return;
	if (likely(!ip_filter_has(bdev) && !ip_filter_has(bdev->bd_disk)))
		return;
	ip_seen(bio);
}

__visible void notrace ip_hook_direct(struct bio *bio)
{
	ip_hook(bio);
}

IP_DEFINE_DIRECT(ip_hook_direct);

static void notrace ip_hook_ftrace(unsigned long ip, unsigned long parent, struct ftrace_ops *ops,
				   struct ftrace_regs *regs)
{
	ip_hook(ip_hooked_bio(regs));
}

/* Nobody calls it, so to hook it costs nothing. */
static noinline void ip_unused(void)
{
	barrier();
}

/*
 * What hooks submit_bio_noacct(), if that cannot call ip_trampoline(). If it can, this hooks
 * ip_unused(): as long as it is there, nobody switches ftrace off.
 */
static struct ftrace_ops ip_ops = {
	.func = ip_hook_ftrace,
	.flags = FTRACE_OPS_FL_PERMANENT,
};

static struct ftrace_ops ip_direct_ops;

/* ip_hook_users, and that the hook is as it says */
static DEFINE_MUTEX(ip_hook_mutex);
static unsigned int ip_hook_users;
static bool ip_is_direct;

static int ip_filter_ip(struct ftrace_ops *ops, void *function, bool remove)
{
	return ftrace_set_filter_ip(ops, (unsigned long)function, remove, 0);
}

static int ip_hook_direct_set(void)
{
	int r = ip_filter_ip(&ip_direct_ops, submit_bio_noacct, false);

	if (!r)
		r = ip_direct_register(&ip_direct_ops);
	if (r)
		ip_filter_ip(&ip_direct_ops, submit_bio_noacct, true);
	return r;
}

static void ip_hook_clear(void)
{
	if (ip_is_direct) {
		ip_direct_unregister(&ip_direct_ops);
		ip_filter_ip(&ip_direct_ops, submit_bio_noacct, true);
	}
	unregister_ftrace_function(&ip_ops);
	ip_filter_ip(&ip_ops, ip_is_direct ? (void *)ip_unused : submit_bio_noacct, true);
	ip_is_direct = false;
}

static int ip_hook_set(void)
{
	int r = ip_filter_ip(&ip_ops, IP_HAS_DIRECT ? (void *)ip_unused : submit_bio_noacct, false);

	if (!r)
		r = register_ftrace_function(&ip_ops);
	if (r || !IP_HAS_DIRECT)
		return r;
	ip_is_direct = !ip_hook_direct_set();
	if (ip_is_direct)
		return 0;
	/* in place of the other */
	r = ftrace_set_filter_ip(&ip_ops, (unsigned long)submit_bio_noacct, 0, 1);
	if (r)
		ip_hook_clear();
	return r;
}

/**
 * ip_hook_get - have bios seen, until ip_hook_put()
 *
 * Context: may sleep. Return: 0, -EBUSY if ftrace is switched off, or what it says.
 */
int ip_hook_get(void)
{
	int r = 0;

	mutex_lock(&ip_hook_mutex);
	if (ip_hook_users++)
		goto out;
	r = ip_hook_set();
	if (r) {
		pr_err("cannot hook submit_bio_noacct(): %d%s\n", r,
		       r == -EBUSY ? ": see /proc/sys/kernel/ftrace_enabled" : "");
		ip_hook_users--;
	}
out:
	mutex_unlock(&ip_hook_mutex);
	return r;
}

void ip_hook_put(void)
{
	mutex_lock(&ip_hook_mutex);
	if (!--ip_hook_users)
		ip_hook_clear();
	mutex_unlock(&ip_hook_mutex);
}

/* --- the table --- */

static void ip_filter_add(unsigned long *filter, const struct ip_att *att)
{
	const struct block_device *original = att->original.bdev;
	const void *keys[] = {
		original,
		/* of a partition: for ip_route() */
		original->bd_disk->part0,
		att->whole ? (const void *)original->bd_disk : original,
		att->upper.bdev,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		__set_bit(hash_ptr(keys[i], IP_FILTER_BITS), filter);
}

/*
 * Which devices have something attached, or are. A bit too many for a moment costs a look into the
 * table.
 */
static void ip_filter_rebuild(void)
{
	DECLARE_BITMAP(filter, 1 << IP_FILTER_BITS) = { };
	unsigned int i, bit;

	for (i = 0; i < IP_INDEX_MAX; i++)
		if (ip_atts[i] && !hlist_unhashed(&ip_atts[i]->node))
			ip_filter_add(filter, ip_atts[i]);
	for_each_set_bit(bit, filter, 1 << IP_FILTER_BITS)
		set_bit(bit, ip_filter);
	for_each_clear_bit(bit, filter, 1 << IP_FILTER_BITS)
		clear_bit(bit, ip_filter);
}

void ip_publish(struct ip_att *att)
{
	spin_lock(&ip_lock);
	hlist_add_head_rcu(&att->node, ip_bucket(att->original.bdev));
	ip_filter_rebuild();
	spin_unlock(&ip_lock);
}

/* Who looks under RCU finds it for a while. */
void ip_unpublish(struct ip_att *att)
{
	spin_lock(&ip_lock);
	if (!hlist_unhashed(&att->node)) {
		hlist_del_init_rcu(&att->node);
		ip_filter_rebuild();
	}
	spin_unlock(&ip_lock);
}

int ip_hook_init(void)
{
	ip_io_cache = KMEM_CACHE(ip_io, 0);
	return ip_io_cache ? 0 : -ENOMEM;
}

void ip_hook_exit(void)
{
	struct ip_io *io;
	int cpu;

	for_each_possible_cpu(cpu) {
		while ((io = per_cpu(ip_spare, cpu))) {
			per_cpu(ip_spare, cpu) = io->next;
			kmem_cache_free(ip_io_cache, io);
		}
	}
	kmem_cache_destroy(ip_io_cache);
}
