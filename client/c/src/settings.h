/* What the user has written into client.yaml. */
#ifndef OC_SETTINGS_H
#define OC_SETTINGS_H

#include <stdbool.h>

/* Empty where nothing is said. */
typedef struct {
    char scheduler_url[512];
    char token[4096];
    char token_file[4096];
    char user[256];
    char job[16];
} oc_settings;

/*
 * Reads lines "key: value", plain or in quotes, without escapes; other YAML and other keys are
 * passed over: the command `offcut` reads the same file and says what is wrong in it. False if the
 * file cannot be read.
 */
bool oc_settings_read(oc_settings *settings, const char *file);

/* Those of this process: of ~/.config/offcut/client.yaml, or else /etc/offcut/client.yaml. */
const oc_settings *oc_settings_own(void);

#endif
