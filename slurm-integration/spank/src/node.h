/* What a prolog or a slurmstepd knows of the node it is on. */
#ifndef OFFCUT_NODE_H
#define OFFCUT_NODE_H

#include <stddef.h>
#include <stdint.h>

enum { NODE_NAME_BYTES = 65 };

/*
 * Slurm's name of this node: what slurmd says (its SLURMD_NODENAME), else the machine's name up to
 * the first dot. Never from the job's environment: that is its user's.
 */
void node_name(const char *slurmd_says, char *name, size_t bytes);

/*
 * The job's CPUs on this node out of SLURM_JOB_CPUS_PER_NODE ("2", "4(x2),1"). Which entry is this
 * node's cannot be told there, so only if all say the same. 0 if it is not known.
 */
uint32_t node_cpus(const char *cpus_per_node);

#endif
