package io.offcut.node;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.HomeFolder;
import io.offcut.core.OffcutException;
import io.offcut.core.SharePolicy;
import io.offcut.executor.RdmaDevices;
import io.offcut.linux.CpuMap;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What one node daemon is told. Every key may be left out (null): the default is given below. Made
 * from YAML, environment and flags by the command line, or from a map by {@link #of}.
 *
 * @param name the cluster's name of the node; default: the host name up to its first dot
 * @param schedulerUrl where the scheduler listens; default {@code http://127.0.0.1:7070}
 * @param host address to listen on; default {@code 127.0.0.1}
 * @param port port to listen on, 0 for any; default 7071
 * @param advertisedUrl where clients reach this daemon; default: host and port it listens on
 * @param cpus logical CPUs it may ever offer, {@code 0-3,8}; default: all that are online and that
 *     the kernel does not keep apart (isolcpus=)
 * @param cpuMap tests only: which real CPU stands for each logical one, {@code 0-3=0;4-7=1}; then
 *     the load of real CPUs says nothing of logical ones and is not looked at
 * @param memoryBytes memory of the node; 0, the default, asks the kernel
 * @param reserveCores cores of the node that are never offered; default 0
 * @param reserveMemoryBytes memory that is never offered; default 256 MiB
 * @param stateDir what must survive the daemon: leases, bundles, keys; default {@code
 *     /var/lib/offcut/node}, without root {@code ~/.local/state/offcut/node}
 * @param shmDir where regions of shared memory lie; default {@code /dev/shm/offcut-<name>}
 * @param samplePeriodMillis how often the node is looked at; default 1000
 * @param offerAfterSamples samples in a row that must be idle before a core is offered; default 3
 * @param busyThreshold share of one core's time used by others above which it counts as busy; 1:
 *     load never makes it busy; default 0.25
 * @param share whether functions may use what a job holds and leaves unused, of jobs that do not
 *     say themselves: {@code on} or {@code off}; default {@code off}
 * @param underusedAfterSamples samples in a row in which a job must leave a core unused, and be
 *     watched before any of its memory is offered; default 30
 * @param jobMemoryMarginBytes what a job keeps at least over the most memory it was seen to use, or
 *     a quarter of that when it is more; default 256 MiB
 * @param offerSiblings whether a thread is offered while a job holds, or anybody uses, another
 *     thread of its core: {@code on} or {@code off}; default {@code off}
 * @param slurm {@code on}: a core is also taken while Slurm has given it to a job; default {@code
 *     off}
 * @param slurmConf the cluster's {@code slurm.conf}; default: where Slurm looks itself
 * @param jobSocket unix-domain socket on which Slurm's plugin tells of jobs; default {@code
 *     <stateDir>/jobs.sock}
 * @param jobWaitMillis longest time a job is kept waiting for its cores, at its prolog and again at
 *     its first step; less than the plugin's own deadline (100); default 90
 * @param nodeSecretFile file with the secret that nodes show to the scheduler; empty, the default,
 *     shows none
 * @param executorUser who executors run as when the daemon is root; default {@code nobody}
 * @param tcpHost address on which executors listen; empty for no tcp; default: {@code host}
 * @param rdma RDMA device on which executors listen: {@code auto} for the first that can be used,
 *     {@code off}, or its name; default {@code auto}
 * @param slots invocations outstanding at once per worker; default 8
 * @param maxStarts executors that one lease may start within a minute; more end it; default 5
 * @param startTimeoutMillis longest start of an executor; default 50000, less than the 60 s for
 *     which clients wait
 * @param prewarmedExecutors executors that are started before there is a lease for them, while
 *     memory is offered that no lease has; default 1
 * @param keepWarmSeconds how long an executor, with what it has loaded, waits after its lease for
 *     the next of the same user, bundle and memory, while memory is offered that no lease has; 0:
 *     none waits; default 60
 * @param orphanMillis how long executors live on without a daemon; default 30000
 * @param executorOverheadBytes memory that each executor gets over that of its lease, for its
 *     virtual machine; default 128 MiB
 * @param memoryGraceMillis how long the memory of a lease without cores stays when it is taken
 *     back, so that its client can copy it out; default 250
 * @param archiveDir where an archive of executors' classes may lie that {@link
 *     NodeDaemon#makeArchive} has made; empty, the default, for none
 * @param untilEpochMillis until when a batch job has the cores and the memory for this daemon: they
 *     are offered at once, whatever their load, and not for longer; milliseconds since the epoch;
 *     0, the default: the daemon looks for itself what is idle
 * @param cgroups {@code auto}: as the kernel and the rights allow; {@code off}: none; default
 *     {@code auto}
 * @param maxSlowdown share of its speed that a job may lose to functions beside it, above which the
 *     guard takes them away; 1: there is no guard; default 0.01
 * @param labels free text by the site; default none
 */
public record NodeConfig(
        String name,
        String schedulerUrl,
        String host,
        Integer port,
        String advertisedUrl,
        String cpus,
        String cpuMap,
        Long memoryBytes,
        Integer reserveCores,
        Long reserveMemoryBytes,
        String stateDir,
        String shmDir,
        Integer samplePeriodMillis,
        Integer offerAfterSamples,
        Double busyThreshold,
        String share,
        Integer underusedAfterSamples,
        Long jobMemoryMarginBytes,
        String offerSiblings,
        String slurm,
        String slurmConf,
        String jobSocket,
        Integer jobWaitMillis,
        String nodeSecretFile,
        String executorUser,
        String tcpHost,
        String rdma,
        Integer slots,
        Integer maxStarts,
        Integer startTimeoutMillis,
        Integer prewarmedExecutors,
        Integer keepWarmSeconds,
        Integer orphanMillis,
        Long executorOverheadBytes,
        Integer memoryGraceMillis,
        String archiveDir,
        Long untilEpochMillis,
        String cgroups,
        Double maxSlowdown,
        Map<String, String> labels) {
    private static final long MIB = 1L << 20;

    // What a job needs is free within 500 ms, of which the end of a holder takes some.
    private static final int MAX_GRACE_MILLIS = 400;

    // The longest path of a unix-domain socket is 107 bytes (unix(7)); ours lie in stateDir.
    private static final int MAX_STATE_DIR_BYTES = 90;

    public NodeConfig {
        name = or(name, () -> hostName());
        schedulerUrl = or(schedulerUrl, () -> "http://127.0.0.1:7070");
        host = or(host, () -> "127.0.0.1");
        port = port == null ? 7071 : port;
        advertisedUrl = or(advertisedUrl, () -> "");
        cpus = or(cpus, () -> "");
        cpuMap = or(cpuMap, () -> "");
        memoryBytes = memoryBytes == null ? 0 : memoryBytes;
        reserveCores = reserveCores == null ? 0 : reserveCores;
        reserveMemoryBytes = reserveMemoryBytes == null ? 256 * MIB : reserveMemoryBytes;
        stateDir = or(stateDir, NodeConfig::defaultStateDir);
        String node = name;
        shmDir = or(shmDir, () -> "/dev/shm/offcut-" + node);
        samplePeriodMillis = samplePeriodMillis == null ? 1000 : samplePeriodMillis;
        offerAfterSamples = offerAfterSamples == null ? 3 : offerAfterSamples;
        busyThreshold = busyThreshold == null ? 0.25 : busyThreshold;
        share = or(share, () -> "off");
        underusedAfterSamples = underusedAfterSamples == null ? 30 : underusedAfterSamples;
        jobMemoryMarginBytes = jobMemoryMarginBytes == null ? 256 * MIB : jobMemoryMarginBytes;
        offerSiblings = or(offerSiblings, () -> "off");
        slurm = or(slurm, () -> "off");
        slurmConf = or(slurmConf, () -> "");
        String state = stateDir;
        jobSocket = or(jobSocket, () -> state + "/jobs.sock");
        jobWaitMillis = jobWaitMillis == null ? 90 : jobWaitMillis;
        nodeSecretFile = or(nodeSecretFile, () -> "");
        executorUser = or(executorUser, () -> "nobody");
        String bound = host;
        tcpHost = or(tcpHost, () -> bound);
        rdma = or(rdma, () -> RdmaDevices.AUTO);
        slots = slots == null ? 8 : slots;
        maxStarts = maxStarts == null ? 5 : maxStarts;
        startTimeoutMillis = startTimeoutMillis == null ? 50_000 : startTimeoutMillis;
        prewarmedExecutors = prewarmedExecutors == null ? 1 : prewarmedExecutors;
        keepWarmSeconds = keepWarmSeconds == null ? 60 : keepWarmSeconds;
        orphanMillis = orphanMillis == null ? 30_000 : orphanMillis;
        executorOverheadBytes = executorOverheadBytes == null ? 128 * MIB : executorOverheadBytes;
        memoryGraceMillis = memoryGraceMillis == null ? 250 : memoryGraceMillis;
        archiveDir = or(archiveDir, () -> "");
        untilEpochMillis = untilEpochMillis == null ? 0 : untilEpochMillis;
        cgroups = or(cgroups, () -> "auto");
        maxSlowdown = maxSlowdown == null ? 0.01 : maxSlowdown;
        labels = labels == null ? Map.of() : Map.copyOf(labels);

        check(
                name.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,63}"),
                "name",
                name,
                "letters, digits, . _ -, at most 64");
        checkUrl("schedulerUrl", schedulerUrl);
        if (!advertisedUrl.isEmpty()) {
            checkUrl("advertisedUrl", advertisedUrl);
        }
        checkRange("port", port, 0, 65_535);
        checkCpus(cpus);
        checkMap(cpuMap);
        checkRange("memoryBytes", memoryBytes, 0, 1L << 50);
        checkRange("reserveCores", reserveCores, 0, CpuSet.MAX_CPU);
        checkRange("reserveMemoryBytes", reserveMemoryBytes, 0, 1L << 50);
        checkFolder("stateDir", stateDir);
        checkFolder("shmDir", shmDir);
        check(
                archiveDir.isEmpty() || archiveDir.startsWith("/"),
                "archiveDir",
                archiveDir,
                "an absolute path");
        checkRange("untilEpochMillis", untilEpochMillis, 0, Long.MAX_VALUE);
        check(
                untilEpochMillis == 0 || slurm.equals("off"),
                "untilEpochMillis",
                untilEpochMillis,
                "for a daemon with slurm on, which asks Slurm for it");
        checkRange("samplePeriodMillis", samplePeriodMillis, 20, 60_000);
        checkRange("offerAfterSamples", offerAfterSamples, 1, 3600);
        check(
                busyThreshold > 0 && busyThreshold <= 1,
                "busyThreshold",
                busyThreshold,
                "a share over 0 and at most 1");
        checkOnOff("share", share);
        checkRange("underusedAfterSamples", underusedAfterSamples, 1, 3600);
        checkRange("jobMemoryMarginBytes", jobMemoryMarginBytes, 0, 1L << 50);
        checkOnOff("offerSiblings", offerSiblings);
        checkOnOff("slurm", slurm);
        check(List.of("auto", "off").contains(cgroups), "cgroups", cgroups, "auto or off");
        checkRange("jobWaitMillis", jobWaitMillis, 1, 600_000);
        check(
                executorUser.matches("[a-z_][a-z0-9_-]{0,31}"),
                "executorUser",
                executorUser,
                "the name of a local user");
        checkRange("slots", slots, 1, 64);
        checkRange("maxStarts", maxStarts, 1, 1000);
        checkRange("startTimeoutMillis", startTimeoutMillis, 100, 600_000);
        checkRange("prewarmedExecutors", prewarmedExecutors, 0, 64);
        checkRange("keepWarmSeconds", keepWarmSeconds, 0, 86_400);
        checkRange("orphanMillis", orphanMillis, 100, 86_400_000);
        check(
                maxSlowdown >= 0 && maxSlowdown <= 1,
                "maxSlowdown",
                maxSlowdown,
                "a fraction from 0 to 1");
        checkRange("executorOverheadBytes", executorOverheadBytes, 32 * MIB, 1L << 40);
        checkRange("memoryGraceMillis", memoryGraceMillis, 0, MAX_GRACE_MILLIS);
    }

    /**
     * The configuration that these values give, defaults for the rest.
     *
     * @throws OffcutException {@link ErrorCode#USAGE} for an unknown key or an impossible value,
     *     naming the key
     */
    public static NodeConfig of(Map<String, ?> values) {
        ObjectMapper mapper =
                new ObjectMapper().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
        try {
            return mapper.convertValue(new HashMap<>(values), NodeConfig.class);
        } catch (IllegalArgumentException e) {
            if (e.getCause() instanceof JsonMappingException mapping) {
                if (mapping.getCause() instanceof OffcutException offcut) {
                    throw offcut;
                }
                String key =
                        mapping.getPath().isEmpty()
                                ? "?"
                                : String.valueOf(mapping.getPath().getLast().getFieldName());
                throw new OffcutException(
                        ErrorCode.USAGE,
                        "the node daemon has no key '"
                                + key
                                + "' that takes this value; see docs/reference/configuration.md",
                        e);
            }
            throw e;
        }
    }

    /** The CPUs of {@link #cpus}; empty for the default. */
    public CpuSet cpuSet() {
        return CpuSet.parse(cpus);
    }

    /** The real CPU of each logical one. */
    public CpuMap cpuMapping() {
        return CpuMap.parse(cpuMap);
    }

    /** Whether what this daemon has was given to it, and is not to be looked for. */
    public boolean given() {
        return untilEpochMillis > 0;
    }

    public boolean slurmOn() {
        return slurm.equals("on");
    }

    /** What functions may use of a job that does not say so itself. */
    public SharePolicy defaultShare() {
        return share.equals("on") ? SharePolicy.SHARED : SharePolicy.EXCLUSIVE;
    }

    public Path statePath() {
        return Path.of(stateDir);
    }

    public Path shmPath() {
        return Path.of(shmDir);
    }

    /** Where jobs find their progress counters. */
    public Path progressPath() {
        return Path.of("/dev/shm/offcut-" + name + "-progress");
    }

    private static String hostName() {
        try {
            String full = InetAddress.getLocalHost().getHostName();
            int dot = full.indexOf('.');
            return dot > 0 ? full.substring(0, dot) : full;
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }

    private static String defaultStateDir() {
        return "root".equals(System.getProperty("user.name"))
                ? "/var/lib/offcut/node"
                : HomeFolder.path().resolve(".local/state/offcut/node").toString();
    }

    private static String or(String value, Supplier<String> otherwise) {
        return value == null ? otherwise.get() : value.strip();
    }

    private static void checkMap(String text) {
        try {
            CpuMap.parse(text);
        } catch (IllegalArgumentException e) {
            throw refused("cpuMap", text, "lists of logical CPUs and the real one, as 0-3=0;4-7=1");
        }
    }

    private static void checkCpus(String text) {
        try {
            CpuSet.parse(text);
        } catch (IllegalArgumentException e) {
            throw refused("cpus", text, "a CPU list, as 0-3,8");
        }
    }

    private static void checkUrl(String key, String value) {
        try {
            URI uri = URI.create(value);
            check(
                    ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
                            && uri.getHost() != null,
                    key,
                    value,
                    "an address, as http://host:port");
        } catch (IllegalArgumentException e) {
            throw refused(key, value, "an address, as http://host:port");
        }
    }

    private static void checkFolder(String key, String value) {
        check(
                value.startsWith("/") && value.length() <= MAX_STATE_DIR_BYTES,
                key,
                value,
                "an absolute path of at most " + MAX_STATE_DIR_BYTES + " characters");
    }

    private static void checkOnOff(String key, String value) {
        check(List.of("on", "off").contains(value), key, value, "on or off");
    }

    private static void checkRange(String key, long value, long least, long most) {
        check(value >= least && value <= most, key, value, "from " + least + " to " + most);
    }

    private static void check(boolean right, String key, Object value, String expected) {
        if (!right) {
            throw refused(key, value, expected);
        }
    }

    private static OffcutException refused(String key, Object value, String expected) {
        return new OffcutException(
                ErrorCode.USAGE,
                "node configuration, key " + key + ": '" + value + "' is not " + expected);
    }
}
