package io.offcut.client;

/**
 * How many of some tasks to compute here and how many elsewhere.
 *
 * @param localTasks to compute here
 * @param remoteTasks to hand over, before the local ones are begun
 * @param nanos until all are done, if the model is right
 */
public record OffloadPlan(long localTasks, long remoteTasks, long nanos) {}
