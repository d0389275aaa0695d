/* The numbers of slurm.h that the plugin uses, for tests without a Slurm. */
#ifndef FAKE_SLURM_H
#define FAKE_SLURM_H

#define SLURM_VERSION_NUMBER 0x160508
#define SLURM_EXTERN_CONT 0xfffffffc
#define SLURM_BATCH_SCRIPT 0xfffffffb
#define SLURM_INTERACTIVE_STEP 0xfffffffa

#endif
