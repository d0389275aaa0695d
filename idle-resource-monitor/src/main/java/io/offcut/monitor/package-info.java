/**
 * From what the kernel and the batch system show to what may be offered.
 *
 * <p>{@link io.offcut.monitor.NodeSampler} looks, {@link io.offcut.monitor.IdleEstimator} decides
 * and knows neither files nor clocks; {@link io.offcut.monitor.IdleResourceMonitor} joins the two.
 */
@NullMarked
package io.offcut.monitor;

import org.jspecify.annotations.NullMarked;
