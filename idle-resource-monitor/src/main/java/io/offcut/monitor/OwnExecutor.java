package io.offcut.monitor;

import io.offcut.core.CpuSet;
import io.offcut.linux.Cgroup;
import org.jspecify.annotations.Nullable;

/**
 * One of our executors, whose load is not foreign.
 *
 * @param id never used for another
 * @param cores logical CPUs it holds; empty for one that waits for its lease, of which all that it
 *     has used since it began is known
 * @param cgroup the control group it runs in; null without
 * @param pid its first process; used without a control group
 */
public record OwnExecutor(String id, CpuSet cores, @Nullable Cgroup cgroup, long pid) {}
