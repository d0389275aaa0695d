/*
 * One message to the node daemon and what it answers, within a time.
 *
 * The daemon may be absent, hung, restarting, flooded or lying. Whatever it does, a call returns
 * within its time, has closed what it opened, raises no signal and keeps no state.
 */
#ifndef OFFCUT_TALK_H
#define OFFCUT_TALK_H

#include <stddef.h>
#include <stdint.h>

enum { TALK_ANSWER_BYTES = 16384 };

enum talk {
    TALK_ANSWERED, /* the answer has a whole first line, or all until the end if that was wanted */
    TALK_LATE,     /* connected or queued, but not answered in time */
    TALK_ABSENT,   /* nobody listens there; errno says why */
    TALK_BROKEN    /* it closed before a whole line, or said more than anybody reads */
};

/* How much of the answer is waited for. */
enum talk_until { TALK_LINE, TALK_END };

/* With a time of 0 the line is sent if it can be at once and no answer awaited: TALK_LATE. */
enum talk talk(const char *socket_path, const char *line, size_t length, uint32_t time_ms,
               enum talk_until until, char answer[TALK_ANSWER_BYTES], size_t *answer_length);

#endif
