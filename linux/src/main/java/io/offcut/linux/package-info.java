/**
 * The only room that talks to the kernel: cgroups, /proc, scheduling, signals, through files and
 * the foreign function API.
 */
@NullMarked
package io.offcut.linux;

import org.jspecify.annotations.NullMarked;
