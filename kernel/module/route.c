// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bios of a whole disk's node that touch an attached partition. They are cut at the borders; a
 * piece in an attached partition is submitted as one of that partition, where the hook finds
 * it, all others go to the disk.
 */
#include "interpose.h"

#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/slab.h>

/**
 * struct ip_disk - a disk that has attached partitions
 * @node: in ip_disks
 * @bdev: its node
 * @parts: the attachments, in the order of their sectors; RCU, and @changing
 * @index: its part of the addresses of the gate
 * @transit: bios that are on their way to the worker, or with it
 * @wait: for @transit
 * @changing: nobody uses a partition of @parts while it is held for writing
 * @lock: @bios
 * @bios: for the worker
 * @work: the worker
 */
struct ip_disk {
	struct hlist_node node;
	struct block_device *bdev;
	struct list_head parts;
	unsigned int index;
	atomic_t transit;
	wait_queue_head_t wait;
	struct rw_semaphore changing;
	spinlock_t lock;	/* see above */
	struct bio_list bios;
	struct work_struct work;
};

static DEFINE_HASHTABLE(ip_disks, 6);
static struct ip_disk *ip_disk_at[IP_INDEX_MAX];
static struct bio_set ip_route_bios;

static struct ip_disk *ip_disk_find(const struct block_device *bdev)
{
	struct ip_disk *disk;

	hash_for_each_possible_rcu(ip_disks, disk, node, (unsigned long)bdev,
				   lockdep_is_held(&ip_mutex))
		if (disk->bdev == bdev)
			return disk;
	return NULL;
}

static sector_t ip_part_start(const struct ip_att *att)
{
	return att->original.bdev->bd_start_sect;
}

static sector_t ip_part_end(const struct ip_att *att)
{
	return ip_part_start(att) + bdev_nr_sectors(att->original.bdev);
}

static bool ip_disk_touches(const struct ip_disk *disk, struct bio *bio)
{
	struct ip_att *att;

	/* what was written through the disk may be in the cache below any of them */
	if (bio->bi_opf & REQ_PREFLUSH)
		return true;
	list_for_each_entry_rcu(att, &disk->parts, route)
		if (ip_touches(bio, ip_part_start(att), ip_part_end(att)))
			return true;
	return false;
}

/**
 * ip_route - send a bio of a whole disk to the worker, if need be
 * @bio: its device is a whole disk
 *
 * Context: of the hook. Return: whether it is sent there.
 */
bool ip_route(struct bio *bio)
{
	struct ip_disk *disk = ip_disk_find(bio->bi_bdev);

	if (!disk || !ip_disk_touches(disk, bio))
		return false;
	/* the block layer says what is wrong with it */
	if (bio_sectors(bio) && bio_end_sector(bio) > bdev_nr_sectors(bio->bi_bdev))
		return false;
	atomic_inc(&disk->transit);
	bio->bi_iter.bi_sector = ip_address(disk->index, IP_GATE_ROUTE, bio->bi_iter.bi_sector);
	/* all of it is done by a worker that may wait */
	bio->bi_opf &= ~(REQ_NOWAIT | REQ_POLLED);
	bio_set_dev(bio, ip_gate->part0);
	return true;
}

/* In the gate. */
void ip_route_take(struct bio *bio, unsigned int index)
{
	struct ip_disk *disk = READ_ONCE(ip_disk_at[index]);

	spin_lock(&disk->lock);
	bio_list_add(&disk->bios, bio);
	spin_unlock(&disk->lock);
	queue_work(ip_wq, &disk->work);
}

/* From @sector on: how many sectors are one piece, and whose it is; NULL: the disk's. */
static sector_t ip_piece(struct ip_disk *disk, sector_t sector, sector_t end,
			 struct block_device **bdev)
{
	struct ip_att *att;

	*bdev = NULL;
	list_for_each_entry(att, &disk->parts, route) {
		if (sector < ip_part_start(att))
			return min(end, ip_part_start(att)) - sector;
		if (sector < ip_part_end(att)) {
			*bdev = att->original.bdev;
			return min(end, ip_part_end(att)) - sector;
		}
	}
	return end - sector;
}

static struct bio *ip_child(struct ip_disk *disk, struct block_device *part, struct bio *bio)
{
	struct bio *child = bio_alloc_clone(disk->bdev, bio, GFP_NOIO, &ip_route_bios);

	child->bi_opf &= ~REQ_PREFLUSH;
	if (part) {
		if (bio_sectors(child))
			child->bi_iter.bi_sector -= part->bd_start_sect;
		bio_set_dev(child, part);
	} else {
		child->bi_flags |= BIT(IP_BIO_OWN);
	}
	return child;
}

static blk_status_t ip_flush_one(struct block_device *bdev, bool own)
{
	const blk_opf_t opf = REQ_OP_WRITE | REQ_PREFLUSH | REQ_SYNC;
	struct bio *bio = bio_alloc_bioset(bdev, 0, opf, GFP_NOIO, &ip_route_bios);
	int r;

	if (own)
		bio->bi_flags |= BIT(IP_BIO_OWN);
	r = submit_bio_wait(bio);
	bio_put(bio);
	return errno_to_blk_status(r);
}

/* The caches of the disk and of all that is attached to its partitions. */
static blk_status_t ip_flush(struct ip_disk *disk)
{
	blk_status_t status = ip_flush_one(disk->bdev, true);
	sector_t sector = 0;
	const sector_t end = bdev_nr_sectors(disk->bdev);
	struct block_device *part;

	while (!status && sector < end) {
		sector += ip_piece(disk, sector, end, &part);
		if (part)
			status = ip_flush_one(part, false);
	}
	return status;
}

static void ip_cut(struct ip_disk *disk, struct bio *bio)
{
	struct block_device *part;

	bio_set_dev(bio, disk->bdev);
	if (bio->bi_opf & REQ_PREFLUSH) {
		bio->bi_status = ip_flush(disk);
		if (bio->bi_status || !bio_sectors(bio)) {
			bio_endio(bio);
			return;
		}
	}
	for (;;) {
		const sector_t nr = ip_piece(disk, bio->bi_iter.bi_sector, bio_end_sector(bio),
					     &part);
		struct bio *child;

		if (nr < bio_sectors(bio) && ip_is_atomic(bio)) {
			bio->bi_status = errno_to_blk_status(-EINVAL);
			break;
		}
		child = ip_child(disk, part, bio);
		bio_trim(child, 0, nr);
		bio_chain(child, bio);
		submit_bio_noacct(child);
		if (nr == bio_sectors(bio))
			break;
		bio_advance(bio, nr << SECTOR_SHIFT);
	}
	bio_endio(bio);
}

static void ip_route_work(struct work_struct *work)
{
	struct ip_disk *disk = container_of(work, struct ip_disk, work);
	struct bio *bio;

	for (;;) {
		spin_lock(&disk->lock);
		bio = bio_list_pop(&disk->bios);
		spin_unlock(&disk->lock);
		if (!bio)
			return;
		down_read(&disk->changing);
		ip_cut(disk, bio);
		up_read(&disk->changing);
		rcu_read_lock();
		if (atomic_dec_and_test(&disk->transit))
			wake_up_all(&disk->wait);
		rcu_read_unlock();
	}
}

/* --- which disks, which partitions --- */

static struct ip_disk *ip_disk_new(struct block_device *bdev)
{
	struct ip_disk *disk;
	unsigned int i;

	for (i = 0; ip_disk_at[i]; i++)
		if (i == IP_INDEX_MAX - 1)
			return ERR_PTR(-E2BIG);
	disk = kzalloc(sizeof(*disk), GFP_KERNEL);
	if (!disk)
		return ERR_PTR(-ENOMEM);
	disk->bdev = bdev;
	disk->index = i;
	INIT_LIST_HEAD(&disk->parts);
	init_waitqueue_head(&disk->wait);
	init_rwsem(&disk->changing);
	spin_lock_init(&disk->lock);
	INIT_WORK(&disk->work, ip_route_work);
	WRITE_ONCE(ip_disk_at[i], disk);
	hash_add_rcu(ip_disks, &disk->node, (unsigned long)bdev);
	return disk;
}

/**
 * ip_route_add - have the bios of a whole disk cut at the borders of a partition of it
 * @att: attached to the partition; nothing happens if it is attached to a whole disk
 *
 * Context: may sleep, with ip_mutex held. Return: 0, -ENOMEM or -E2BIG.
 */
int ip_route_add(struct ip_att *att)
{
	struct block_device *whole = bdev_whole(att->original.bdev);
	struct ip_disk *disk;
	struct ip_att *next;

	if (att->whole)
		return 0;
	disk = ip_disk_find(whole);
	if (!disk)
		disk = ip_disk_new(whole);
	if (IS_ERR(disk))
		return PTR_ERR(disk);
	down_write(&disk->changing);
	list_for_each_entry(next, &disk->parts, route)
		if (ip_part_start(att) < ip_part_start(next))
			break;
	list_add_tail_rcu(&att->route, &next->route);
	up_write(&disk->changing);
	return 0;
}

/* The bios of @att that wait have been let go. May sleep, with ip_mutex held. */
void ip_route_del(struct ip_att *att)
{
	struct ip_disk *disk;

	if (list_empty(&att->route))
		return;
	disk = ip_disk_find(bdev_whole(att->original.bdev));
	down_write(&disk->changing);
	list_del_rcu(&att->route);
	up_write(&disk->changing);
	if (!list_empty(&disk->parts)) {
		synchronize_rcu();
		INIT_LIST_HEAD(&att->route);
		return;
	}
	hash_del_rcu(&disk->node);
	/* who has found it has counted its bio */
	synchronize_rcu();
	INIT_LIST_HEAD(&att->route);
	wait_event(disk->wait, !atomic_read(&disk->transit));
	/* the last wakes us under RCU */
	synchronize_rcu();
	WRITE_ONCE(ip_disk_at[disk->index], NULL);
	cancel_work_sync(&disk->work);
	kfree(disk);
}

int ip_route_init(void)
{
	return bioset_init(&ip_route_bios, BIO_POOL_SIZE, 0, BIOSET_NEED_BVECS);
}

void ip_route_exit(void)
{
	bioset_exit(&ip_route_bios);
}
