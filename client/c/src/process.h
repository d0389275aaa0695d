/* Processes and hosts by names that are never used again. */
#ifndef OC_PROCESS_H
#define OC_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/* Start of a process in clock ticks after boot (proc_pid_stat(5), field 22); −1 if it is not, or is a zombie. */
int64_t oc_process_start_ticks(int64_t pid);

/* Inode of this process's pid namespace; 0 when it cannot be read. */
int64_t oc_process_namespace(void);

/*
 * The same 32 hexadecimal digits in all processes that can share memory with this one: from the
 * boot's id and the identity of /dev/shm. As io.offcut.linux.HostId.
 */
void oc_host_id(char id[33]);

#endif
