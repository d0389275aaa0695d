/** The executor process: its workers, its watchdog, its confinement, its link to the daemon. */
@NullMarked
package io.offcut.executor.internal.process;

import org.jspecify.annotations.NullMarked;
