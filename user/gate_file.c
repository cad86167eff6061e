// SPDX-License-Identifier: Apache-2.0
#include "gate_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"
#include "cleanup.h"
#include "gate_folder.h"

/* Read by nginx's master, which is root; written by nobody but us. */
#define FILE_MODE 0640

/* The names beside FILE. */

enum beside { BESIDE_LOCK, BESIDE_NEW, BESIDE_PENDING, BESIDE_OLD, BESIDE_REFUSED };

static const char *const suffixes[] = {
	[BESIDE_LOCK] = "lock", [BESIDE_NEW] = "new",	      [BESIDE_PENDING] = "pending",
	[BESIDE_OLD] = "old",	[BESIDE_REFUSED] = "refused",
};

struct beside_name {
	char text[PATH_TEXT];
};

static struct beside_name beside(const struct gate_file *file, enum beside which)
{
	struct beside_name name;

	(void)snprintf(name.text, sizeof(name.text), ".%s.%s", file->name, suffixes[which]);
	return name;
}

/* What one step of a change comes to: 0, or -errno. */

static int remove_beside(const struct gate_file *file, enum beside which)
{
	struct beside_name name = beside(file, which);

	return unlinkat(file->folder, name.text, 0) < 0 && errno != ENOENT ? -errno : 0;
}

static int rename_here(const struct gate_file *file, const char *from, const char *to)
{
	return renameat(file->folder, from, file->folder, to) < 0 ? -errno : 0;
}

static int sync_folder(const struct gate_file *file)
{
	return fsync(file->folder) < 0 ? -errno : 0;
}

static int write_beside(const struct gate_file *file, enum beside which, const char *text,
			size_t size)
{
	struct beside_name name = beside(file, which);
	cleanup(close_fd) int fd = -1;
	int r = remove_beside(file, which);

	if (r < 0)
		return r;
	fd = openat(file->folder, name.text, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		    FILE_MODE);
	/* Whatever the umask is. */
	if (fd < 0 || fchmod(fd, FILE_MODE) < 0)
		return -errno;
	r = bytes_write(fd, text, size);
	return r == 0 && fsync(fd) < 0 ? -errno : r;
}

static bool is_there(const struct gate_file *file, const char *name, struct stat *ret_status)
{
	return fstatat(file->folder, name, ret_status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Going back. */

static int restore(const struct gate_file *file)
{
	struct beside_name old = beside(file, BESIDE_OLD);
	struct stat was, is;

	if (!is_there(file, old.text, &was))
		return 0;
	/* Two names of one file: rename() would do nothing, and leave both. */
	if (is_there(file, file->name, &is) && is.st_ino == was.st_ino && is.st_dev == was.st_dev)
		return remove_beside(file, BESIDE_OLD);
	return rename_here(file, old.text, file->name);
}

static int go_back(const struct gate_file *file, const char *pending)
{
	if (!strcmp(pending, "none"))
		return unlinkat(file->folder, file->name, 0) < 0 && errno != ENOENT ? -errno : 0;
	return strcmp(pending, "tested") ? restore(file) : remove_beside(file, BESIDE_OLD);
}

/* "" if nothing was interrupted. One that was cut short was written before anything changed. */
static void read_pending(const struct gate_file *file, char *text, size_t size)
{
	struct beside_name name = beside(file, BESIDE_PENDING);
	cleanup(close_fd) int fd =
		openat(file->folder, name.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t got = fd < 0 ? 0 : read(fd, text, size - 1);

	text[got > 0 ? got : 0] = '\0';
	if (fd >= 0 && got <= 0)
		(void)snprintf(text, size, "old");
}

static int recover(struct gate_file *file)
{
	char pending[16];
	int r = remove_beside(file, BESIDE_NEW);

	read_pending(file, pending, sizeof(pending));
	if (r < 0 || !pending[0])
		return r;
	file->unsettled = true;
	r = go_back(file, pending);
	return r < 0 ? r : sync_folder(file);
}

/* Open. */

static int lock(struct gate_file *file, struct fault *fault)
{
	struct beside_name name = beside(file, BESIDE_LOCK);
	char holder[16] = "";

	file->lock =
		openat(file->folder, name.text, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file->lock < 0)
		return fault_set(fault, -errno, "cannot lock %s: %s", file->path, strerror(errno));
	if (flock(file->lock, LOCK_EX | LOCK_NB) < 0) {
		if (pread(file->lock, holder, sizeof(holder) - 1, 0) > 0)
			holder[strcspn(holder, "\n")] = '\0';
		return fault_set(
			fault, -EBUSY,
			"another vaultwall (pid %s) keeps %s; SIGHUP makes it look at once",
			holder[0] ? holder : "?", file->path);
	}
	if (ftruncate(file->lock, 0) < 0 || dprintf(file->lock, "%d\n", (int)getpid()) < 0)
		return fault_set(fault, -errno, "cannot lock %s: %s", file->path, strerror(errno));
	return 0;
}

static int make_paths(struct gate_file *file, struct fault *fault)
{
	size_t folder = (size_t)(file->name - file->path);
	int length = snprintf(file->refused, sizeof(file->refused), "%.*s.%s.refused", (int)folder,
			      file->path, file->name);

	/* The longest of them. */
	if (length < 0 || (size_t)length >= sizeof(file->refused))
		return fault_set(fault, -EINVAL, "the path %.80s... is too long", file->path);
	(void)snprintf(file->fresh, sizeof(file->fresh), "%.*s.%s.new", (int)folder, file->path,
		       file->name);
	return 0;
}

static int open_file(const char *path, struct gate_file *file, struct fault *fault)
{
	int r = gate_folder_path(path, file->path, fault);

	if (r < 0)
		return r;
	file->name = strrchr(file->path, '/') + 1;
	r = make_paths(file, fault);
	if (r == 0)
		r = gate_folder_open(file->path, &file->folder, fault);
	if (r == 0)
		r = lock(file, fault);
	if (r < 0)
		return r;
	r = recover(file);
	return r < 0 ? fault_set(fault, r, "cannot put %s back: %s", file->path, strerror(-r)) : 0;
}

int gate_file_open(const char *path, struct gate_file *ret_file, struct fault *fault)
{
	cleanup(gate_file_close) struct gate_file file = GATE_FILE_CLOSED;
	int r = open_file(path, &file, fault);

	if (r < 0)
		return r;
	*ret_file = file;
	ret_file->name = strrchr(ret_file->path, '/') + 1;
	file = GATE_FILE_CLOSED;
	return 0;
}

void gate_file_close(struct gate_file *file)
{
	close_fd(&file->lock);
	close_fd(&file->folder);
}

/* What it holds. */

static bool reads(int fd, const char *text, size_t size)
{
	char buffer[65536];
	size_t done = 0;
	ssize_t got = 1;

	while (done < size && got > 0) {
		got = read(fd, buffer, sizeof(buffer));
		if (got > 0 &&
		    ((size_t)got > size - done || memcmp(buffer, text + done, (size_t)got) != 0))
			return false;
		done += got > 0 ? (size_t)got : 0;
	}
	return done == size;
}

int gate_file_holds(const struct gate_file *file, const char *text, size_t size,
		    struct fault *fault)
{
	cleanup(close_fd) int fd =
		openat(file->folder, file->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;
	int r;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &status) < 0)
		return fault_set(fault, -errno, "cannot read %s: %s", file->path, strerror(errno));
	r = gate_folder_check(&status, S_IFREG, file->path, fault);
	if (r < 0)
		return r;
	return (uint64_t)status.st_size == size && reads(fd, text, size);
}

struct gate_file_state gate_file_state(const struct gate_file *file)
{
	struct stat status;

	if (!is_there(file, file->name, &status))
		return (struct gate_file_state){0};
	return (struct gate_file_state){
		.inode = status.st_ino,
		.size = (uint64_t)status.st_size,
		.seconds = status.st_mtim.tv_sec,
		.nanoseconds = status.st_mtim.tv_nsec,
	};
}

/* Changes. */

static int tell(const struct gate_file *file, int code, struct fault *fault)
{
	if (code == 0)
		return 0;
	return fault_set(fault, code, "cannot write %s: %s", file->path, strerror(-code));
}

int gate_file_write(const struct gate_file *file, const char *text, size_t size,
		    struct fault *fault)
{
	return tell(file, write_beside(file, BESIDE_NEW, text, size), fault);
}

static int keep_old(const struct gate_file *file)
{
	struct beside_name old = beside(file, BESIDE_OLD);

	return linkat(file->folder, file->name, file->folder, old.text, 0) < 0 ? -errno : 0;
}

/* From a change that could not be taken back then. */
static int begin(const struct gate_file *file)
{
	char pending[16];
	int r;

	read_pending(file, pending, sizeof(pending));
	r = pending[0] ? go_back(file, pending) : 0;
	return r == 0 ? remove_beside(file, BESIDE_OLD) : r;
}

static int put_in(const struct gate_file *file, bool tested)
{
	struct beside_name fresh = beside(file, BESIDE_NEW);
	int r = begin(file);
	struct stat status;
	bool there = is_there(file, file->name, &status);
	const char *pending = tested ? "tested" : there ? "old" : "none";

	if (r == 0)
		r = write_beside(file, BESIDE_PENDING, pending, strlen(pending));
	if (r == 0 && !tested && there)
		r = keep_old(file);
	if (r == 0)
		r = sync_folder(file);
	if (r == 0)
		r = rename_here(file, fresh.text, file->name);
	return r == 0 ? sync_folder(file) : r;
}

int gate_file_put_in(struct gate_file *file, bool tested, struct fault *fault)
{
	int r = put_in(file, tested);

	file->unsettled = true;
	if (r < 0)
		(void)begin(file);
	return tell(file, r, fault);
}

int gate_file_settle(struct gate_file *file, struct fault *fault)
{
	int r = remove_beside(file, BESIDE_OLD);

	if (r == 0)
		r = remove_beside(file, BESIDE_PENDING);
	if (r == 0)
		r = remove_beside(file, BESIDE_REFUSED);
	if (r == 0)
		r = sync_folder(file);
	file->unsettled = r < 0;
	return tell(file, r, fault);
}

int gate_file_refuse(const struct gate_file *file, struct fault *fault)
{
	struct beside_name fresh = beside(file, BESIDE_NEW);
	struct beside_name refused = beside(file, BESIDE_REFUSED);

	return tell(file, rename_here(file, fresh.text, refused.text), fault);
}

static int put_back(const struct gate_file *file)
{
	struct beside_name refused = beside(file, BESIDE_REFUSED);
	char pending[16];
	int r = remove_beside(file, BESIDE_REFUSED);

	if (r == 0 && linkat(file->folder, file->name, file->folder, refused.text, 0) < 0)
		r = -errno;
	read_pending(file, pending, sizeof(pending));
	if (r == 0)
		r = go_back(file, pending);
	if (r == 0)
		r = remove_beside(file, BESIDE_PENDING);
	return r == 0 ? sync_folder(file) : r;
}

int gate_file_put_back(struct gate_file *file, struct fault *fault)
{
	int r = put_back(file);

	/* nginx was not told of anything: it has what FILE holds again. */
	file->unsettled = r < 0;
	return tell(file, r, fault);
}
