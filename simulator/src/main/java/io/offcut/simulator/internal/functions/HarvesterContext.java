package io.offcut.simulator.internal.functions;

import io.offcut.simulator.FunctionConfig;
import io.offcut.simulator.LeaseLog;
import io.offcut.simulator.internal.batch.BatchJobs;
import io.offcut.simulator.internal.interference.JobPaces;
import io.offcut.simulator.internal.measure.CoreTime;
import io.offcut.traces.JobTable;
import java.util.List;

/**
 * What a harvester works with.
 *
 * @param nodes the machine
 * @param seed of everything random
 * @param jobEnds told when functions move the end of a job
 */
public record HarvesterContext(
        FunctionConfig config,
        JobTable table,
        BatchJobs jobs,
        List<NodeSize> nodes,
        long seed,
        FunctionTimers timers,
        CoreTime coreTime,
        LeaseLog leaseLog,
        JobEnds jobEnds) {
    /** One node. */
    public record NodeSize(int cores, long memoryBytes) {}

    /** Where ends of jobs are moved to. */
    public interface JobEnds {
        /** The job is over then, unless it is said otherwise later. */
        void endsAt(int job, long endMillis);

        /** What became of a job beside functions; said before it leaves. */
        void ran(int job, JobPaces.Ran ran);
    }

    public HarvesterContext {
        nodes = List.copyOf(nodes);
    }

    /** Cores of all nodes. */
    int cores() {
        return nodes.stream().mapToInt(NodeSize::cores).sum();
    }

    /** What uses the idle part of this machine. */
    public Harvester create() {
        return switch (config.policy()) {
            case FunctionConfig.Policy.Leases leases -> new FunctionSide(this, leases);
            case FunctionConfig.Policy.Pilots pilots -> new PilotSide(this, pilots);
        };
    }
}
