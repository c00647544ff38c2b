// SPDX-License-Identifier: GPL-2.0-only
/* What happens to each bio: found, counted, sent elsewhere. */
#define pr_fmt(fmt) "dm-interpose: " fmt

#include "interpose.h"

#include <linux/hash.h>
#include <linux/module.h>
#include <linux/slab.h>

#define IP_HASH_BITS	8
#define IP_POOL_MIN	64

/* see interpose.h */
DEFINE_MUTEX(ip_mutex);
struct ip_att *ip_atts[IP_INDEX_MAX];

static struct hlist_head ip_table[1 << IP_HASH_BITS];
static DECLARE_BITMAP(ip_filter, 1 << IP_FILTER_BITS);
static struct kmem_cache *ip_io_cache;

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

/* --- counted bios --- */

struct ip_io *ip_io_alloc(struct ip_att *att, gfp_t gfp)
{
	return mempool_alloc(att->pool, gfp);
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

static void ip_atomic_put(struct ip_att *att, atomic_t *count)
{
	/* the attachment lives as long as somebody who looks under RCU */
	rcu_read_lock();
	if (atomic_dec_and_test(count))
		wake_up_all(&att->wait);
	rcu_read_unlock();
}

static void ip_side_put(struct ip_att *att, enum ip_side side)
{
	switch (side) {
	case IP_BELOW:
		ip_atomic_put(att, &att->below);
		break;
	case IP_HELD:
		ip_atomic_put(att, &att->held);
		break;
	case IP_THROUGH:
		percpu_ref_put(&att->through);
		break;
	}
}

/* Any context. */
static void ip_end_io(struct bio *bio)
{
	struct ip_io *io = bio->bi_private;
	struct ip_att *att = io->att;
	enum ip_side side = io->side;
	mempool_t *pool = att->pool;

	bio->bi_end_io = io->end_io;
	bio->bi_private = io->private;
	/* some look at it behind the end of their bios, and some use them again */
	bio->bi_bdev = io->bdev;
	ip_set_hops(bio, io->hops);
	mempool_free(io, pool);
	/* it counts until its submitter knows */
	bio->bi_end_io(bio);
	ip_side_put(att, side);
}

bool ip_is_counted(struct bio *bio)
{
	return bio->bi_end_io == ip_end_io;
}

/* The caller has counted it on that side. */
void ip_io_init(struct ip_io *io, struct ip_att *att, struct bio *bio, enum ip_side side)
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

/* The bio is as its submitter made it, but for the device and the sector, and no longer counted. */
void ip_io_undo(struct bio *bio)
{
	struct ip_io *io = bio->bi_private;
	struct ip_att *att = io->att;
	enum ip_side side = io->side;

	bio->bi_end_io = io->end_io;
	bio->bi_private = io->private;
	mempool_free(io, att->pool);
	ip_side_put(att, side);
}

/* --- where they go --- */

static void ip_count(struct ip_att *att, struct bio *bio)
{
	const int write = op_is_write(bio_op(bio));

	this_cpu_inc(att->counts->ios[write]);
	this_cpu_add(att->counts->sectors[write], bio_sectors(bio));
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
	const struct ip_io *io = bio->bi_private;

	/* nobody here may end the bio: it waits, then, and who polls for it sees it end by itself */
	if (!bdev_nowait(att->upper.bdev))
		bio->bi_opf &= ~REQ_NOWAIT;
	bio->bi_opf &= ~REQ_POLLED;
	ip_set_hops(bio, min_t(unsigned int, io->hops + 1, IP_HOPS_MAX));
	bio_set_dev(bio, att->upper.bdev);
	ip_count(att, bio);
}

static void ip_to_gate(struct ip_att *att, struct bio *bio, enum ip_kind kind)
{
	bio->bi_iter.bi_sector = ip_address(att->index, kind, bio->bi_iter.bi_sector);
	bio->bi_opf &= ~REQ_POLLED;
	bio_set_dev(bio, ip_gate->part0);
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
const char *ip_unfit(const struct ip_att *att)
{
	struct block_device *u = att->upper.bdev;

	if (unlikely(bdev_logical_block_size(u) > att->block))
		return "larger blocks";
	if (unlikely(bdev_dma_alignment(u) > att->dma))
		return "stricter alignment of memory";
	if (unlikely(bdev_is_zoned(u)))
		return "zoned";
	if (unlikely(bdev_read_only(u) && !att->readonly))
		return "read-only";
	return NULL;
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

/*
 * The hook of a bio for the upper: each time that it comes there, since device-mapper keeps some
 * while it changes the table. What lies behind a table that is too small fails without us, as do
 * operations that the upper does not have: their callers know that, but for discard, which is a
 * hint to the original and so to the upper.
 */
static void ip_at_upper(struct ip_att *att, struct bio *bio)
{
	const struct ip_io *io = bio->bi_private;
	const char *why = ip_unfit(att);

	if (unlikely(io->hops == IP_HOPS_MAX)) {
		WRITE_ONCE(att->looped, jiffies ?: 1);
		why = "it comes back";
	} else if (likely(!why) || ip_takes_nevertheless(att, bio)) {
		if (unlikely(bio_op(bio) == REQ_OP_DISCARD) &&
		    !bdev_max_discard_sectors(att->upper.bdev))
			ip_to_gate(att, bio, IP_GATE_END);
		return;
	}
	if (__ratelimit(&att->complaints))
		pr_warn("%pg: I/O of %pg fails: %s\n", att->upper.bdev, att->original.bdev, why);
	bio->bi_status = BLK_STS_IOERR;
	ip_to_gate(att, bio, IP_GATE_END);
}

/* Makes the sector one of the original. False: the bio is beyond the end of its device. */
static bool ip_sector(struct ip_att *att, struct bio *bio, sector_t *sector)
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

/* Counts a bio where the stage wants it, so that whoever changes the stage then sees the count. */
static bool ip_enter(struct ip_att *att, enum ip_stage *stage, enum ip_side *side)
{
	for (;;) {
		*stage = READ_ONCE(att->stage);
		switch (*stage) {
		case IP_OFF:
			return false;
		case IP_DIVERT:
			*side = IP_THROUGH;
			if (percpu_ref_tryget_live(&att->through))
				return true;
			/* stop has killed it behind the change of the stage */
			cpu_relax();
			continue;
		case IP_TRACK:
			*side = IP_BELOW;
			atomic_inc(&att->below);
			break;
		case IP_HOLD:
			*side = IP_HELD;
			atomic_inc(&att->held);
			break;
		}
		/* pairs with ip_set_stage() */
		smp_mb__after_atomic();
		if (READ_ONCE(att->stage) == *stage)
			return true;
		ip_side_put(att, *side);
	}
}

/* May not sleep; in an RCU read side. */
static void ip_take(struct ip_att *att, struct bio *bio)
{
	enum ip_stage stage;
	enum ip_side side;
	struct ip_io *io;
	sector_t sector;

	/* the block layer says what is wrong with it */
	if (!ip_sector(att, bio, &sector))
		return;
	if (!ip_enter(att, &stage, &side))
		return;
	io = ip_io_alloc(att, GFP_NOWAIT | __GFP_NOWARN);
	if (unlikely(!io)) {
		/* without memory it waits for some in the gate, counted */
		if (side == IP_THROUGH) {
			atomic_inc(&att->held);
			percpu_ref_put(&att->through);
		}
		bio->bi_iter.bi_sector = sector;
		ip_to_gate(att, bio, side == IP_BELOW ? IP_GATE_BARE_BELOW : IP_GATE_BARE);
		return;
	}
	ip_io_init(io, att, bio, side);
	switch (side) {
	case IP_BELOW:
		break;
	case IP_HELD:
		bio->bi_iter.bi_sector = sector;
		ip_to_gate(att, bio, IP_GATE_HELD);
		break;
	case IP_THROUGH:
		bio->bi_iter.bi_sector = sector;
		ip_to_upper(att, bio);
		ip_at_upper(att, bio);
		break;
	}
}

static noinline void ip_seen(struct bio *bio)
{
	struct block_device *bdev = bio->bi_bdev;
	struct ip_att *att;

	if (bio->bi_flags & BIT(IP_BIO_OWN))
		return;
	/* one that goes on, or the rest of it */
	if (ip_is_counted(bio)) {
		const struct ip_io *io = bio->bi_private;

		if (bdev == io->att->upper.bdev && io->side == IP_THROUGH)
			ip_at_upper(io->att, bio);
		return;
	}
	rcu_read_lock();
	att = ip_find(bdev);
	if (!att && bdev_is_partition(bdev)) {
		att = ip_find(bdev_whole(bdev));
		if (att && !att->whole)
			att = NULL;
	}
	if (att)
		ip_take(att, bio);
	else if (!bdev_is_partition(bdev))
		ip_route(bio);
	rcu_read_unlock();
}

/*
 * Before the first instruction of submit_bio_noacct(bio), in its context: a process, which may hold
 * anything. It may not sleep: what patches the kernel's text does not wait for it then.
 */
static void notrace ip_hook(unsigned long ip, unsigned long parent, struct ftrace_ops *ops,
			    struct ftrace_regs *regs)
{
	struct bio *bio = ip_hooked_bio(regs);

	if (likely(!test_bit(ip_filter_bit(bio->bi_bdev->bd_disk), ip_filter)))
		return;
	ip_seen(bio);
}

static struct ftrace_ops ip_ops = {
	.func = ip_hook,
	/* nobody switches it off as long as it is there */
	.flags = FTRACE_OPS_FL_PERMANENT,
};

/* ip_hook_users, and that the hook is as it says */
static DEFINE_MUTEX(ip_hook_mutex);
static unsigned int ip_hook_users;

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
	r = ftrace_set_filter_ip(&ip_ops, (unsigned long)submit_bio_noacct, 0, 0);
	if (!r)
		r = register_ftrace_function(&ip_ops);
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
	if (!--ip_hook_users) {
		unregister_ftrace_function(&ip_ops);
		ftrace_set_filter_ip(&ip_ops, (unsigned long)submit_bio_noacct, 1, 0);
	}
	mutex_unlock(&ip_hook_mutex);
}

/* --- the table --- */

static void ip_filter_add(unsigned long *filter, const struct ip_att *att)
{
	__set_bit(ip_filter_bit(att->original.bdev->bd_disk), filter);
	__set_bit(ip_filter_bit(att->upper.bdev->bd_disk), filter);
}

/* Which disks have something attached, or are. A bit too many for a moment costs a look into the table. */
void ip_filter_rebuild(void)
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
	hlist_add_head_rcu(&att->node, ip_bucket(att->original.bdev));
	ip_filter_rebuild();
}

/* Who looks under RCU finds it for a while. */
void ip_unpublish(struct ip_att *att)
{
	if (hlist_unhashed(&att->node))
		return;
	hlist_del_init_rcu(&att->node);
	ip_filter_rebuild();
}

int ip_hook_init(void)
{
	ip_io_cache = KMEM_CACHE(ip_io, 0);
	return ip_io_cache ? 0 : -ENOMEM;
}

void ip_hook_exit(void)
{
	kmem_cache_destroy(ip_io_cache);
}
