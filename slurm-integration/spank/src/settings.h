/*
 * What plugstack.conf says behind the plugin's path:
 *
 *   socket=PATH      where the node daemon listens; the first %n stands for the node's name
 *   deadline_ms=N    longest time one message may hold a job, 1 to 60000
 *   share=on|off     what a job without --offcut is told to be: share or exclusive;
 *                    without this argument the daemon decides
 *
 * What is wrong is told, by name, and the default taken: a typing error must fail no job.
 */
#ifndef OFFCUT_SETTINGS_H
#define OFFCUT_SETTINGS_H

#include <stdint.h>

enum { SETTINGS_PATH_BYTES = 108 }; /* sun_path, unix(7) */

struct settings {
    char socket[SETTINGS_PATH_BYTES]; /* with the node's name in its place */
    uint32_t deadline_ms;
    const char *share; /* canonical, see options.h; NULL: the daemon decides */
};

/* Told of each wrong argument; may be NULL. */
typedef void (*settings_complain)(const char *argument, const char *why);

void settings_read(struct settings *settings, int argc, char **argv, const char *node,
                   settings_complain complain);

#endif
