/** What is counted while time passes. */
@NullMarked
package io.offcut.simulator.internal.measure;

import org.jspecify.annotations.NullMarked;
