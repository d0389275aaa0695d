/**
 * The scheduling core: a pure state machine. An event and the present time go in, commands come
 * out. No I/O, no clock, no thread, no randomness. The scheduler drives it from sockets, the
 * simulator from traces, tests from a seeded fault injector.
 */
@NullMarked
package io.offcut.scheduler.brain;

import org.jspecify.annotations.NullMarked;
