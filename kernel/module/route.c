// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bios of a whole disk's node that touch an attached partition. They are cut at the borders; a
 * piece in an attached partition is taken as one of that partition, all others go to the disk.
 */
#include "interpose.h"

#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/slab.h>

/**
 * struct ip_disk - a disk that has attached partitions
 * @node: in ip_disks
 * @bdev: its node
 * @parts: the attachments, in the order of their sectors; RCU, and ip_lock
 * @users: attachments that are in @parts, come or go; ip_lock
 * @index: its part of the addresses of the gate
 * @transit: bios that are on their way to the worker, or with it; none comes while @parts is empty
 * @wait: for @transit
 * @cutting: the worker holds it from the choice where a piece goes until that is in the queue
 * @lock: @bios
 * @bios: for the worker
 * @work: the worker
 */
struct ip_disk {
	struct hlist_node node;
	struct block_device *bdev;
	struct list_head parts;
	unsigned int users;
	unsigned int index;
	atomic_t transit;
	wait_queue_head_t wait;
	struct rw_semaphore cutting;
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
				   lockdep_is_held(&ip_lock))
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
		return !list_empty(&disk->parts);
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
	bio->bi_opf &= ~REQ_NOWAIT;
	bio_clear_polled(bio);
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

/* From @sector on: how many sectors are one piece, and whose it is; NULL: the disk's. Under RCU. */
static sector_t ip_piece(struct ip_disk *disk, sector_t sector, sector_t end, struct ip_att **owner)
{
	struct ip_att *att;

	*owner = NULL;
	list_for_each_entry_rcu(att, &disk->parts, route) {
		if (sector < ip_part_start(att))
			return min(end, ip_part_start(att)) - sector;
		if (sector < ip_part_end(att)) {
			*owner = att;
			return min(end, ip_part_end(att)) - sector;
		}
	}
	return end - sector;
}

/*
 * Cuts off @bio, which is one of the disk, what is behind its first piece, and directs it. Whose
 * partition it is in may end at any time, so that one counts it. False: it may not be cut.
 */
static bool ip_direct(struct ip_disk *disk, struct bio *bio)
{
	const sector_t sector = bio->bi_iter.bi_sector;
	struct ip_att *att;

	ip_read_lock();
	for (;;) {
		const sector_t nr = ip_piece(disk, sector, bio_end_sector(bio), &att);

		if (nr < bio_sectors(bio) && ip_is_atomic(bio)) {
			ip_read_unlock();
			return false;
		}
		bio_trim(bio, 0, nr);
		if (!att) {
			bio->bi_flags |= BIT(IP_BIO_OWN);
			break;
		}
		bio_set_dev(bio, att->original.bdev);
		bio->bi_iter.bi_sector = sector - ip_part_start(att);
		if (ip_take(att, bio))
			break;
		bio_set_dev(bio, disk->bdev);
		bio->bi_iter.bi_sector = sector;
		if (READ_ONCE(att->stage) == IP_OFF) {
			bio->bi_flags |= BIT(IP_BIO_OWN);
			break;
		}
		/* the partition has become smaller meanwhile */
	}
	ip_read_unlock();
	return true;
}

static blk_status_t ip_flush_disk(struct ip_disk *disk)
{
	struct bio *bio = bio_alloc_bioset(disk->bdev, 0, REQ_OP_WRITE | REQ_PREFLUSH | REQ_SYNC,
					   GFP_NOIO, &ip_route_bios);
	int r;

	bio->bi_flags |= BIT(IP_BIO_OWN);
	r = submit_bio_wait(bio);
	bio_put(bio);
	return errno_to_blk_status(r);
}

static void ip_flush_end(struct bio *bio)
{
	complete(bio->bi_private);
}

/* The first attached partition from @sector on, which becomes its end; or the end of the disk. */
static blk_status_t ip_flush_part(struct ip_disk *disk, sector_t *sector)
{
	struct bio *bio = bio_alloc_bioset(disk->bdev, 0, REQ_OP_WRITE | REQ_PREFLUSH | REQ_SYNC,
					   GFP_NOIO, &ip_route_bios);
	const sector_t end = bdev_nr_sectors(disk->bdev);
	DECLARE_COMPLETION_ONSTACK(done);
	blk_status_t status = BLK_STS_OK;
	struct ip_att *att = NULL;
	bool taken = false;

	bio->bi_end_io = ip_flush_end;
	bio->bi_private = &done;
	ip_read_lock();
	while (!att && *sector < end)
		*sector += ip_piece(disk, *sector, end, &att);
	if (att) {
		bio_set_dev(bio, att->original.bdev);
		taken = ip_take(att, bio);
	}
	ip_read_unlock();
	if (taken) {
		submit_bio_noacct(bio);
		/* the upper may be suspended for long, and nobody hangs then */
		while (!wait_for_completion_io_timeout(&done, 20 * HZ))
			;
		status = bio->bi_status;
	}
	bio_put(bio);
	return status;
}

/* The caches of the disk and of all that is attached to its partitions. */
static blk_status_t ip_flush(struct ip_disk *disk)
{
	blk_status_t status = ip_flush_disk(disk);
	sector_t sector = 0;

	while (!status && sector < bdev_nr_sectors(disk->bdev))
		status = ip_flush_part(disk, &sector);
	return status;
}

static void ip_cut(struct ip_disk *disk, struct bio *bio)
{
	bio_set_dev(bio, disk->bdev);
	if (bio->bi_opf & REQ_PREFLUSH) {
		bio->bi_status = ip_flush(disk);
		if (bio->bi_status || !bio_sectors(bio)) {
			bio_endio(bio);
			return;
		}
	}
	do {
		struct bio *child = bio_alloc_clone(disk->bdev, bio, GFP_NOIO, &ip_route_bios);

		child->bi_opf &= ~REQ_PREFLUSH;
		bio_chain(child, bio);
		down_read(&disk->cutting);
		if (!ip_direct(disk, child)) {
			up_read(&disk->cutting);
			child->bi_status = errno_to_blk_status(-EINVAL);
			bio_endio(child);
			break;
		}
		bio_advance(bio, child->bi_iter.bi_size);
		submit_bio_noacct(child);
		up_read(&disk->cutting);
	} while (bio_sectors(bio));
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
		ip_cut(disk, bio);
		rcu_read_lock();
		if (atomic_dec_and_test(&disk->transit))
			wake_up_all(&disk->wait);
		rcu_read_unlock();
	}
}

/* --- which disks, which partitions --- */

/* One more user of the disk that @new is for; @new if it is the first. ip_lock is held. */
static struct ip_disk *ip_disk_get(struct ip_disk *new)
{
	struct ip_disk *disk = ip_disk_find(new->bdev);
	unsigned int i = 0;

	if (!disk) {
		while (i < IP_INDEX_MAX && ip_disk_at[i])
			i++;
		if (i == IP_INDEX_MAX)
			return NULL;
		disk = new;
		disk->index = i;
		WRITE_ONCE(ip_disk_at[i], disk);
		hash_add_rcu(ip_disks, &disk->node, (unsigned long)disk->bdev);
	}
	disk->users++;
	return disk;
}

static struct ip_disk *ip_disk_alloc(struct block_device *bdev)
{
	struct ip_disk *disk = kzalloc(sizeof(*disk), GFP_KERNEL);

	if (!disk)
		return NULL;
	disk->bdev = bdev;
	INIT_LIST_HEAD(&disk->parts);
	init_waitqueue_head(&disk->wait);
	init_rwsem(&disk->cutting);
	spin_lock_init(&disk->lock);
	INIT_WORK(&disk->work, ip_route_work);
	return disk;
}

/**
 * ip_route_add - have the bios of a whole disk cut at the borders of a partition of it
 * @att: attached to the partition; nothing happens if it is attached to a whole disk
 *
 * What was cut without it is in the queue then.
 *
 * Context: may sleep, for as long as the disk does not take a bio. Return: 0, -ENOMEM, -E2BIG or
 * -EINTR.
 */
int ip_route_add(struct ip_att *att)
{
	struct ip_disk *new, *disk;
	struct ip_att *next;

	if (att->whole)
		return 0;
	new = ip_disk_alloc(bdev_whole(att->original.bdev));
	if (!new)
		return -ENOMEM;
	spin_lock(&ip_lock);
	disk = ip_disk_get(new);
	if (disk) {
		att->disk = disk;
		list_for_each_entry(next, &disk->parts, route)
			if (ip_part_start(att) < ip_part_start(next))
				break;
		list_add_tail_rcu(&att->route, &next->route);
	}
	spin_unlock(&ip_lock);
	if (disk != new)
		kfree(new);
	if (!disk)
		return -E2BIG;
	wake_up_all(&disk->wait);
	if (down_write_killable(&disk->cutting))
		return -EINTR;
	up_write(&disk->cutting);
	return 0;
}

/**
 * ip_route_del - have nothing sent there any more
 * @att: its stage is IP_OFF
 *
 * ip_route_put() follows, after a grace period.
 */
void ip_route_del(struct ip_att *att)
{
	if (!att->disk)
		return;
	spin_lock(&ip_lock);
	list_del_rcu(&att->route);
	spin_unlock(&ip_lock);
}

/*
 * Who takes the last partition from a disk waits for what is with the worker: no more comes, and so
 * there is none when the last user goes. May sleep, for as long as that takes.
 */
void ip_route_put(struct ip_att *att)
{
	struct ip_disk *disk = att->disk;
	bool last;

	if (!disk)
		return;
	wait_event(disk->wait, !list_empty(&disk->parts) || !atomic_read(&disk->transit));
	spin_lock(&ip_lock);
	last = !--disk->users;
	if (last) {
		hash_del_rcu(&disk->node);
		WRITE_ONCE(ip_disk_at[disk->index], NULL);
	}
	spin_unlock(&ip_lock);
	if (!last)
		return;
	/* who has found it, and the last, who wakes us, do that under RCU */
	synchronize_rcu();
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
