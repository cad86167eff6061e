/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file that nginx's configuration is kept in: changed by one process at a time, in a folder
 * that nobody else writes to, and never left in a state that was not tested.
 *
 * Beside FILE lie, with names that nginx's globs do not see:
 *
 *   .FILE.lock     held by the one that keeps FILE
 *   .FILE.new      being written, or tested
 *   .FILE.pending  there from before FILE changes until nginx was told; says how to go back
 *   .FILE.old      FILE as it was, while .pending is there
 *   .FILE.refused  the last one that nginx refused, to look at
 *
 * Who opens FILE after a crash finds .pending and goes back:
 *
 *   .pending holds    FILE is                          then
 *   "tested"          as it was, or one that passed    it stays
 *   "old"             any                              .old is put back, if it is there
 *   "none"            perhaps one that was not tested  it is removed
 *
 * In each case it counts as unsettled, and .pending stays, until nginx was told again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"
#include "paths.h"

struct gate_file {
	char path[PATH_TEXT];	 /* FILE, absolute */
	char fresh[PATH_TEXT];	 /* .FILE.new */
	char refused[PATH_TEXT]; /* .FILE.refused */
	const char *name;	 /* within the folder */
	int folder;		 /* -1: not open */
	int lock;
	bool unsettled;
};

#define GATE_FILE_CLOSED ((struct gate_file){.folder = -1, .lock = -1})

/*
 * Takes the lock, and goes back if an earlier process was interrupted. -EBUSY: another keeps FILE;
 * -EPERM: others could write there, or a symbolic link is on the way; -EINVAL: no name for a file.
 */
int gate_file_open(const char *path, struct gate_file *ret_file, struct fault *fault);
void gate_file_close(struct gate_file *file);

/* 1: FILE holds these bytes; 0: others, or there is none. */
int gate_file_holds(const struct gate_file *file, const char *text, size_t size,
		    struct fault *fault);

/* What FILE is now, to notice that somebody changed it: 0 if there is none. */
struct gate_file_state {
	uint64_t inode, size;
	int64_t seconds, nanoseconds; /* since when it has these bytes */
};

struct gate_file_state gate_file_state(const struct gate_file *file);

/* Into .FILE.new, on the disk. */
int gate_file_write(const struct gate_file *file, const char *text, size_t size,
		    struct fault *fault);

/* .FILE.new becomes FILE. `tested`: it passed already, and there will be no way back. */
int gate_file_put_in(struct gate_file *file, bool tested, struct fault *fault);

/* FILE stays: nginx was told. */
int gate_file_settle(struct gate_file *file, struct fault *fault);

/* What was refused goes to .FILE.refused: from .FILE.new, or from FILE, which becomes what it was.
 */
int gate_file_refuse(const struct gate_file *file, struct fault *fault);
int gate_file_put_back(struct gate_file *file, struct fault *fault);
