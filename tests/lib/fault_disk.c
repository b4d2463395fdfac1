/* fault_disk.c - see fault_disk.h. A VFS around SQLite's own: https://www.sqlite.org/vfs.html */
#include "fault_disk.h"

#include "storage/sql.h" /* for SQLite */

#include <assert.h>
#include <stddef.h>
#include <string.h>

struct fault fault_disk;
enum fault_disk_kind fault_disk_kind;

static sqlite3_vfs *real_vfs;
static int n_unsynced;

struct file {
	sqlite3_file base;
	bool unsynced;
	sqlite3_file *real; /* lies behind this struct */
};

static bool fails(void)
{
	return fault_disk_kind == DISK_FAILS && fault_now(&fault_disk);
}

static struct file *file_of(sqlite3_file *f)
{
	return (struct file *)f;
}

static const sqlite3_io_methods *methods_of(sqlite3_file *f)
{
	return file_of(f)->real->pMethods;
}

static void set_unsynced(struct file *f, bool unsynced)
{
	n_unsynced += (int)unsynced - (int)f->unsynced;
	f->unsynced = unsynced;
}

int fault_disk_unsynced(void)
{
	return n_unsynced;
}

/* --- a file ----------------------------------------------------------------------------- */

static int file_close(sqlite3_file *f)
{
	set_unsynced(file_of(f), false); /* its end is not ours to judge */
	return methods_of(f)->xClose(file_of(f)->real);
}

static int file_read(sqlite3_file *f, void *bytes, int size, sqlite3_int64 at)
{
	return fails() ? SQLITE_IOERR_READ
		       : methods_of(f)->xRead(file_of(f)->real, bytes, size, at);
}

/* The first write that fails has been done by half; those after it not at all, as if the process
 * had died. */
static int file_write(sqlite3_file *f, const void *bytes, int size, sqlite3_int64 at)
{
	sqlite3_file *real = file_of(f)->real;

	set_unsynced(file_of(f), true);
	if (!fault_now(&fault_disk))
		return real->pMethods->xWrite(real, bytes, size, at);
	if (fault_disk.hits == 1)
		(void)real->pMethods->xWrite(real, bytes, size / 2, at);
	return fault_disk_kind == DISK_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	return fails() ? SQLITE_IOERR_TRUNCATE : methods_of(f)->xTruncate(file_of(f)->real, size);
}

static int file_sync(sqlite3_file *f, int flags)
{
	(void)flags;
	if (fails())
		return SQLITE_IOERR_FSYNC;
	set_unsynced(file_of(f), false);
	return SQLITE_OK;
}

static int file_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return fails() ? SQLITE_IOERR_FSTAT : methods_of(f)->xFileSize(file_of(f)->real, size);
}

static int file_lock(sqlite3_file *f, int level)
{
	return fails() ? SQLITE_IOERR_LOCK : methods_of(f)->xLock(file_of(f)->real, level);
}

static int file_unlock(sqlite3_file *f, int level)
{
	return methods_of(f)->xUnlock(file_of(f)->real, level);
}

static int file_check_lock(sqlite3_file *f, int *reserved)
{
	return fails() ? SQLITE_IOERR_CHECKRESERVEDLOCK
		       : methods_of(f)->xCheckReservedLock(file_of(f)->real, reserved);
}

static int file_control(sqlite3_file *f, int op, void *arg)
{
	return methods_of(f)->xFileControl(file_of(f)->real, op, arg);
}

static int file_sector(sqlite3_file *f)
{
	return methods_of(f)->xSectorSize(file_of(f)->real);
}

static int file_traits(sqlite3_file *f)
{
	return methods_of(f)->xDeviceCharacteristics(file_of(f)->real);
}

static int file_shm_map(sqlite3_file *f, int region, int size, int extend, void volatile **ret)
{
	return fails() ? SQLITE_IOERR_SHMMAP
		       : methods_of(f)->xShmMap(file_of(f)->real, region, size, extend, ret);
}

static int file_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	if ((flags & SQLITE_SHM_LOCK) && fails())
		return SQLITE_IOERR_SHMLOCK;
	return methods_of(f)->xShmLock(file_of(f)->real, offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *f)
{
	methods_of(f)->xShmBarrier(file_of(f)->real);
}

static int file_shm_unmap(sqlite3_file *f, int delete_it)
{
	return methods_of(f)->xShmUnmap(file_of(f)->real, delete_it);
}

static const sqlite3_io_methods file_methods = {
	.iVersion = 2, /* without memory mapping, which the program turns off */
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_check_lock,
	.xFileControl = file_control,
	.xSectorSize = file_sector,
	.xDeviceCharacteristics = file_traits,
	.xShmMap = file_shm_map,
	.xShmLock = file_shm_lock,
	.xShmBarrier = file_shm_barrier,
	.xShmUnmap = file_shm_unmap,
};

/* --- the disk --------------------------------------------------------------------------- */

static int disk_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *ret_flags)
{
	struct file *file = file_of(f);

	(void)v;
	*file = (struct file){ .real = (sqlite3_file *)(file + 1) };
	if (fails())
		return SQLITE_CANTOPEN;
	int rc = real_vfs->xOpen(real_vfs, name, file->real, flags, ret_flags);
	if (rc == SQLITE_OK)
		file->base.pMethods = &file_methods;
	return rc;
}

static int disk_delete(sqlite3_vfs *v, const char *name, int sync_folder)
{
	(void)v;
	return fails() ? SQLITE_IOERR_DELETE : real_vfs->xDelete(real_vfs, name, sync_folder);
}

static int disk_access(sqlite3_vfs *v, const char *name, int flags, int *ret)
{
	(void)v;
	return fails() ? SQLITE_IOERR_ACCESS : real_vfs->xAccess(real_vfs, name, flags, ret);
}

void fault_disk_install(void)
{
	static sqlite3_vfs vfs;

	real_vfs = sqlite3_vfs_find(NULL);
	assert(real_vfs && real_vfs->iVersion >= 2);
	vfs = *real_vfs;
	vfs.pNext = NULL;
	vfs.zName = "fault-disk";
	vfs.szOsFile = (int)sizeof(struct file) + real_vfs->szOsFile;
	vfs.xOpen = disk_open;
	vfs.xDelete = disk_delete;
	vfs.xAccess = disk_access;
	int rc = sqlite3_vfs_register(&vfs, 1);
	assert(rc == SQLITE_OK);
}
