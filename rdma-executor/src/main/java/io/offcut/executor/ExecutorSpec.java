package io.offcut.executor;

import io.offcut.core.CpuSet;
import io.offcut.core.function.FunctionSpec;
import java.util.List;

/**
 * What a node daemon tells an executor process: everything it needs to serve one lease. Travels as
 * a file that only the executor's user can read.
 *
 * @param leaseId the lease
 * @param generation grows with each executor of the lease
 * @param bundleDir unpacked, verified bundle; read-only
 * @param functions in the order of their indices
 * @param cores real CPUs to pin to, one worker each, in the order of the workers; may repeat where
 *     logical cores share a real one
 * @param regionDir where the shared-memory regions of the workers lie; made by the daemon
 * @param scratchDir working directory for command functions, private to the lease
 * @param controlSocket unix-domain socket of the daemon
 * @param tcpHost address to listen on for the tcp transport; empty for none
 * @param verbsHost address of the RDMA device to listen on for the verbs transport; empty for none
 * @param secret what a tcp or verbs client must show, and the executor to its daemon; 32
 *     hexadecimal digits
 * @param slots per worker
 * @param payloadBytes largest input and result
 * @param hotTimeoutMicros how long an idle worker polls before it sleeps; −1 for ever, 0 never
 * @param orphanMillis how long to live without the daemon's control connection
 * @param memoryBytes memory to hold for clients that read and write it from afar, instead of
 *     workers; 0 for none
 */
public record ExecutorSpec(
        String leaseId,
        int generation,
        String bundleDir,
        List<FunctionSpec> functions,
        List<Integer> cores,
        String regionDir,
        String scratchDir,
        String controlSocket,
        String tcpHost,
        String verbsHost,
        String secret,
        int slots,
        int payloadBytes,
        long hotTimeoutMicros,
        long orphanMillis,
        long memoryBytes) {
    public ExecutorSpec {
        functions = List.copyOf(functions);
        cores = List.copyOf(cores);
    }

    /** One with workers. */
    public ExecutorSpec(
            String leaseId,
            int generation,
            String bundleDir,
            List<FunctionSpec> functions,
            List<Integer> cores,
            String regionDir,
            String scratchDir,
            String controlSocket,
            String tcpHost,
            String verbsHost,
            String secret,
            int slots,
            int payloadBytes,
            long hotTimeoutMicros,
            long orphanMillis) {
        this(
                leaseId,
                generation,
                bundleDir,
                functions,
                cores,
                regionDir,
                scratchDir,
                controlSocket,
                tcpHost,
                verbsHost,
                secret,
                slots,
                payloadBytes,
                hotTimeoutMicros,
                orphanMillis,
                0);
    }

    /** The distinct real CPUs. */
    public CpuSet cpus() {
        return CpuSet.of(cores.stream().mapToInt(Integer::intValue).toArray());
    }

    /** Without the secret. */
    @Override
    public String toString() {
        return "ExecutorSpec["
                + leaseId
                + " generation "
                + generation
                + ", "
                + functions.size()
                + " functions, cores "
                + cores
                + (memoryBytes > 0 ? ", memory " + memoryBytes : "")
                + "]";
    }
}
