// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate: a hidden disk of ours to which the hook sends what it cannot send on itself. Here a
 * bio can wait: for the end of a start or stop, for memory, for the worker that cuts it.
 */
#include "interpose.h"

#include <linux/module.h>

struct gendisk *ip_gate;
struct workqueue_struct *ip_wq;

/*
 * To the original, past the hook: start was taken back, or stop is done. Its submitter waits
 * for it as ever.
 */
static void ip_to_original(struct ip_att *att, struct bio *bio)
{
	bio_set_dev(bio, att->original.bdev);
	ip_io_undo(bio);
	submit_bio_noacct(bio);
}

/*
 * Where the stage wants it. Keeps it, or counts it on the side where it goes. Returns false if it
 * was kept.
 */
static bool ip_gate_pass(struct ip_att *att, struct bio *bio, enum ip_stage *stage)
{
	struct ip_io *io = bio->bi_private;

	spin_lock(&att->lock);
	*stage = att->stage;
	if (*stage == IP_DIVERT) {
		ip_count(att, bio);
		io->side = IP_THROUGH;
	} else if (*stage == IP_HOLD) {
		bio_list_add(&att->parked, bio);
	}
	spin_unlock(&att->lock);
	return *stage != IP_HOLD;
}

static void ip_gate_send(struct ip_att *att, struct bio *bio, enum ip_stage stage)
{
	if (stage != IP_DIVERT) {
		ip_to_original(att, bio);
		return;
	}
	/* it is counted as one of the upper now */
	ip_to_upper(att, bio);
	submit_bio_noacct(bio);
	rcu_read_lock();
	if (atomic_dec_and_test(&att->held))
		wake_up_all(&att->wait);
	rcu_read_unlock();
}

static void ip_gate_take(struct ip_att *att, struct bio *bio)
{
	struct ip_io *io = bio->bi_private;
	enum ip_stage stage;

	/* stop would wait for the bio that this one is a part of */
	if (unlikely(io->hops) && ip_is_looping(att))
		bio_io_error(bio);
	else if (ip_gate_pass(att, bio, &stage))
		ip_gate_send(att, bio, stage);
}

/**
 * ip_gate_open - change the stage and let the bios go that wait
 * @att: the attachment
 * @stage: not IP_HOLD
 *
 * Context: may sleep; of the command that has it.
 */
void ip_gate_open(struct ip_att *att, enum ip_stage stage)
{
	struct bio_list parked;
	struct bio *bio;

	spin_lock(&att->lock);
	WRITE_ONCE(att->stage, stage);
	parked = att->parked;
	bio_list_init(&att->parked);
	spin_unlock(&att->lock);
	while ((bio = bio_list_pop(&parked)))
		ip_gate_take(att, bio);
}

/*
 * Bios whose struct ip_io could not be had at once. Not under another ->submit_bio(): here it
 * may wait.
 */
void ip_gate_work(struct work_struct *work)
{
	struct ip_att *att = container_of(work, struct ip_att, work);

	for (;;) {
		enum ip_kind kind;
		struct ip_io *io;
		struct bio *bio;

		spin_lock(&att->lock);
		bio = bio_list_pop(&att->bare);
		spin_unlock(&att->lock);
		if (!bio)
			return;
		io = mempool_alloc(att->pool, GFP_NOIO);
		kind = ip_kind_of(bio->bi_iter.bi_sector);
		bio->bi_iter.bi_sector = ip_sector_of(bio->bi_iter.bi_sector);
		/* what it had before is lost; it is one of the original's sectors */
		bio_set_dev(bio, att->original.bdev);
		if (kind == IP_GATE_BARE) {
			ip_io_init(io, att, bio, IP_HELD);
			ip_gate_take(att, bio);
		} else {
			ip_io_init(io, att, bio, IP_BELOW);
			submit_bio_noacct(bio);
		}
	}
}

static void ip_gate_submit(struct bio *bio)
{
	const sector_t address = bio->bi_iter.bi_sector;
	const unsigned int index = ip_index_of(address);
	struct ip_att *att;

	switch (ip_kind_of(address)) {
	case IP_GATE_HELD:
		/* counted, so it stays */
		att = READ_ONCE(ip_atts[index]);
		bio->bi_iter.bi_sector = ip_sector_of(address);
		ip_gate_take(att, bio);
		break;
	case IP_GATE_BARE:
	case IP_GATE_BARE_BELOW:
		att = READ_ONCE(ip_atts[index]);
		spin_lock(&att->lock);
		bio_list_add(&att->bare, bio);
		spin_unlock(&att->lock);
		queue_work(ip_wq, &att->work);
		break;
	case IP_GATE_END:
		bio_endio(bio);
		break;
	case IP_GATE_ROUTE:
		bio->bi_iter.bi_sector = ip_sector_of(address);
		ip_route_take(bio, index);
		break;
	}
}

static const struct block_device_operations ip_gate_ops = {
	.owner = THIS_MODULE,
	.submit_bio = ip_gate_submit,
};

/**
 * ip_disk_create - make a hidden disk whose bios one function takes
 * @fops: has it
 * @name: in sysfs
 * @nr: size in sectors
 *
 * Return: the disk or an error. Context: may sleep.
 */
struct gendisk *ip_disk_create(const struct block_device_operations *fops, const char *name,
			       sector_t nr)
{
	struct gendisk *disk = ip_alloc_disk();
	int r;

	if (IS_ERR(disk))
		return disk;
	disk->flags = GENHD_FL_HIDDEN | GENHD_FL_NO_PART;
	disk->fops = fops;
	strscpy(disk->disk_name, name, sizeof(disk->disk_name));
	set_capacity(disk, nr);
	r = add_disk(disk);
	if (r) {
		put_disk(disk);
		return ERR_PTR(r);
	}
	return disk;
}

void ip_disk_destroy(struct gendisk *disk)
{
	if (IS_ERR_OR_NULL(disk))
		return;
	del_gendisk(disk);
	put_disk(disk);
}

int ip_gate_init(void)
{
	ip_wq = alloc_workqueue("dm-interpose", WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!ip_wq)
		return -ENOMEM;
	ip_gate = ip_disk_create(&ip_gate_ops, "interpose-gate",
				 (sector_t)1 << (IP_SECTOR_BITS + IP_KIND_BITS + IP_INDEX_BITS));
	if (IS_ERR(ip_gate)) {
		destroy_workqueue(ip_wq);
		return PTR_ERR(ip_gate);
	}
	return 0;
}

void ip_gate_exit(void)
{
	ip_disk_destroy(ip_gate);
	destroy_workqueue(ip_wq);
}
