/**
 * JMH measurements of the parts of a call. Those of internal parts lie in the packages of what they
 * measure.
 */
@NullMarked
package io.offcut.benchmarks.parts;

import org.jspecify.annotations.NullMarked;
