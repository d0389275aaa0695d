/**
 * The demonstration: scheduler, two nodes, a batch load that comes and goes, and functions on what
 * it leaves.
 */
@NullMarked
package io.offcut.cli.demo;

import org.jspecify.annotations.NullMarked;
