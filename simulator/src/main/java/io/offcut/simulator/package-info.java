/**
 * The scheduling core on virtual time, driven by a job log: what a cluster would gain from running
 * functions on what its batch jobs leave idle.
 *
 * <p>Entry: {@link io.offcut.simulator.Simulation#run}. In order of the flow: a job log becomes
 * {@code internal.batch} jobs, a batch scheduler starts them, {@code internal.cluster} places them
 * on nodes, {@code internal.functions} offers what is idle to the {@link
 * io.offcut.scheduler.brain.Brain} and plays its clients, {@code internal.engine} owns time and the
 * order of events.
 *
 * <p>Where a site has no job log but samples of its idle nodes: {@link
 * io.offcut.simulator.IdleSimulation#run}, in {@code internal.idle}, with the same function side.
 */
@NullMarked
package io.offcut.simulator;

import org.jspecify.annotations.NullMarked;
