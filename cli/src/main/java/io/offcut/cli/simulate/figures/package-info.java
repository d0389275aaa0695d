/**
 * Figures of simulations as their {@code summary.json} has them, and what is said about several.
 */
@NullMarked
package io.offcut.cli.simulate.figures;

import org.jspecify.annotations.NullMarked;
