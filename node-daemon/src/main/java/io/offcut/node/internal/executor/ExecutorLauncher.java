package io.offcut.node.internal.executor;

import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.executor.ExecutorCommand;
import io.offcut.executor.ExecutorSpec;
import io.offcut.executor.MemoryRegion;
import io.offcut.executor.RdmaDevices;
import io.offcut.linux.Cgroup;
import io.offcut.linux.Cgroups;
import io.offcut.linux.CpuMap;
import io.offcut.linux.ProcessRef;
import io.offcut.node.NodeConfig;
import io.offcut.node.internal.bundle.BundleCache;
import io.offcut.node.internal.executor.KeptExecutors.Kept;
import io.offcut.node.internal.executor.ParkedExecutors.Parked;
import io.offcut.node.internal.store.Folders;
import io.offcut.node.internal.store.LeaseStore;
import io.offcut.node.internal.store.LeaseStore.ExecutorRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes all that an executor needs and starts its process inside the sandbox. Blocks. */
final class ExecutorLauncher {
    private static final Logger LOG = LoggerFactory.getLogger(ExecutorLauncher.class);
    private static final int BASE_PIDS = 256;
    private static final int PIDS_PER_WORKER = 64;
    private static final int SECRET_BYTES = 16;
    private static final long STILL_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final NodeConfig config;
    private final Sandbox sandbox;
    private final LeaseStore store;
    private final CpuMap cpus;
    private final CpuSet realCpus;
    private final Path controlSocket;
    private final String verbsHost;
    private final ExecutorArchive archive;
    private final SecureRandom random = new SecureRandom();
    private final ParkedExecutors parked;

    ExecutorLauncher(
            NodeConfig config,
            CpuSet realCpus,
            Sandbox sandbox,
            LeaseStore store,
            CpuMap cpus,
            Path controlSocket) {
        this.config = config;
        this.sandbox = sandbox;
        this.store = store;
        this.cpus = cpus;
        this.realCpus = realCpus;
        this.controlSocket = controlSocket;
        this.verbsHost = RdmaDevices.address(config.rdma());
        Path java = Path.of(System.getProperty("java.home"), "bin", "java").toAbsolutePath();
        String classPath = ExecutorCommand.classPath(System.getProperty("java.class.path"));
        UserPrincipal user = sandbox.user();
        if (user != null) {
            requireReachable("stateDir", config.statePath().resolve("leases"), user);
            requireReachable("the Java that runs this daemon", java, user);
            classPath = ExecutorClasses.readable(classPath, config.statePath().resolve("lib"));
        }
        archive = archive(java, classPath, realCpus);
        parked = new ParkedExecutors(parkedDir(), this::park);
    }

    private ExecutorArchive archive(Path java, String classPath, CpuSet realCpus) {
        UnaryOperator<List<String>> wrap = command -> sandbox.wrapOwn(realCpus, command);
        if (!config.archiveDir().isEmpty()) {
            ExecutorArchive made =
                    new ExecutorArchive(Path.of(config.archiveDir()), java, classPath, wrap);
            if (made.isThere()) {
                return made;
            }
        }
        return new ExecutorArchive(config.statePath().resolve("archive"), java, classPath, wrap);
    }

    ExecutorArchive archive() {
        return archive;
    }

    ParkedExecutors parked() {
        return parked;
    }

    /** Where the logs of executors lie that have no lease. */
    Path parkedDir() {
        return config.statePath().resolve("parked");
    }

    Parked park(String name, Path log, CpuSet free, Consumer<@Nullable Cgroup> starts)
            throws IOException {
        Cgroup.Limits limits = new Cgroup.Limits(free, 0, BASE_PIDS);
        return start(
                name,
                ExecutorCommand.parkedLine(archive.program()),
                limits,
                "/nonexistent",
                log,
                starts);
    }

    private static void requireReachable(String what, Path path, UserPrincipal user) {
        if (!ExecutorClasses.reachable(path)) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    what
                            + ": executors run as "
                            + user.getName()
                            + " and cannot pass through the folders above "
                            + path
                            + "; open them (chmod o+x) or choose another place or executorUser");
        }
    }

    /** Folder of the daemon's control groups; empty without. */
    static String cgroupParent(NodeConfig config) {
        // Two daemons of one name on one machine differ in their folders.
        return "offcut_"
                + config.name()
                + "_"
                + Integer.toHexString(config.statePath().toAbsolutePath().hashCode());
    }

    /**
     * Starts it. What was made is removed again when it fails.
     *
     * @param kept one that such a lease left; null for another
     * @return null when it may not start before the slot says so
     * @throws OffcutException when something is missing or full
     */
    @Nullable ExecutorProcess launch(
            ExecutorSlot slot, BundleCache.Ready bundle, @Nullable Kept kept) {
        LeaseTerms terms = slot.terms;
        int generation = slot.generation;
        Regions regions = Objects.requireNonNull(slot.regions, "it is not started here");
        Path scratch = kept == null ? store.scratches().resolve(newSecret()) : kept.scratch();
        Parked ready = kept == null ? null : kept.parked();
        long cpuMicrosBefore = 0;
        try {
            ExecutorSpec spec = spec(slot, bundle, regions, scratch);
            Path folder = store.makeFolder(terms.leaseId());
            regions.make();
            Path specFile = writeSpec(spec, folder);
            Cgroup.Limits limits = limits(terms, spec.cpus());
            if (ready == null && ExecutorCommand.fitsParked(spec, terms.memoryBytes())) {
                ready = parked.take(slot::comes);
            }
            if ((ready == null || ready.cgroup() == null) && !slot.starts()) {
                if (ready != null) {
                    parked.end(ready);
                }
                Folders.delete(scratch);
                return null;
            }
            if (ready == null) {
                ready =
                        start(
                                terms.leaseId() + "-" + generation,
                                ExecutorCommand.line(archive.program(), spec, terms.memoryBytes()),
                                limits,
                                spec.scratchDir(),
                                ExecutorLog.open(folder),
                                slot::comes);
                slot.joined();
            } else {
                comes(slot, ready.cgroup(), limits);
                parked.left(ready);
                slot.runs();
                cpuMicrosBefore = ExecutorProcess.cpuMicros(ready.process().pid(), ready.cgroup());
            }
            ready.specialize(specFile, ExecutorLog.file(folder));
            Cgroup cgroup = ready.cgroup();
            Process child = ready.process();
            ExecutorRecord record =
                    new ExecutorRecord(
                            generation,
                            child.pid(),
                            ProcessRef.of(child.pid()).startTimeTicks(),
                            spec.regionDir(),
                            spec.scratchDir(),
                            cpuMicrosBefore,
                            spec.cores().size(),
                            cgroup == null ? "" : cgroup.name(),
                            spec.tcpHost(),
                            spec.verbsHost(),
                            spec.secret(),
                            spec.slots());
            store.writeExecutor(terms.leaseId(), record);
            return new ExecutorProcess(record, child, cgroup);
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "cannot start an executor for lease "
                            + terms.leaseId()
                            + " ("
                            + e.getMessage()
                            + ")"
                            + ExecutorLog.said(store.folder(terms.leaseId())),
                    undo(e, slot, ready, regions, scratch));
        } catch (RuntimeException | Error e) {
            undo(e, slot, ready, regions, scratch);
            throw e;
        }
    }

    /** Gives one that waited the cores of the lease; it may stand still for something else. */
    static void comes(ExecutorSlot slot, @Nullable Cgroup cgroup, Cgroup.Limits limits)
            throws IOException {
        slot.comes(cgroup);
        if (cgroup != null) {
            // A job that has them by now was told that nothing runs there.
            if (!ExecutorEnd.await(slot::stands, System.nanoTime() + STILL_NANOS)) {
                throw new IOException("the executor that waited for it does not stand still");
            }
            cgroup.limit(limits);
        }
    }

    private <T extends Throwable> T undo(
            T cause, ExecutorSlot slot, @Nullable Parked started, Regions regions, Path scratch) {
        if (started != null) {
            slot.dies();
            parked.end(started, () -> undo(started.process(), started.cgroup()));
        }
        regions.remove(InvocationStatus.CRASHED);
        Folders.delete(scratch);
        return cause;
    }

    private static void undo(@Nullable Process process, @Nullable Cgroup cgroup) {
        if (process != null) {
            process.destroyForcibly();
        }
        if (cgroup != null) {
            GroupRemoval.remove(cgroup);
        }
    }

    private ExecutorSpec spec(
            ExecutorSlot slot, BundleCache.Ready bundle, Regions regions, Path scratch) {
        LeaseTerms terms = slot.terms;
        // A lease of memory has no slots that might take too much of it.
        String rdma = terms.memoryOnly() ? verbsHost : verbsHost(terms);
        List<Integer> real = terms.cores().stream().map(cpus::toReal).boxed().toList();
        return new ExecutorSpec(
                terms.leaseId(),
                slot.generation,
                bundle.folder().toString(),
                bundle.functions(),
                real,
                regions.folder().toString(),
                scratch.toString(),
                controlSocket.toString(),
                config.tcpHost(),
                rdma,
                slot.secret,
                regions.slots(),
                regions.payloadBytes(),
                terms.hotTimeoutMicros(),
                config.orphanMillis(),
                terms.memoryOnly() ? terms.memoryBytes() : 0);
    }

    /** Largest input and result. */
    static int payloadBytes(LeaseTerms terms) {
        return Math.max(1, terms.payloadBytes());
    }

    /**
     * None where not even one slot may be registered: all of that is in memory from the first
     * connection on, and the kernel would end the executor for what its lease never used.
     */
    private String verbsHost(LeaseTerms terms) {
        if (!verbsHost.isEmpty() && !registers(terms)) {
            LOG.warn(
                    "lease {}: no rdma: one input and one result of {} bytes are over half of a"
                            + " worker's {} bytes of memory; lease more memory for each worker",
                    terms.leaseId(),
                    payloadBytes(terms),
                    bytesPerWorker(terms));
            return "";
        }
        return verbsHost;
    }

    private boolean registers(LeaseTerms terms) {
        return !verbsHost.isEmpty()
                && !terms.memoryOnly()
                && slotBytes(payloadBytes(terms), true) <= bytesPerWorker(terms) / 2;
    }

    private static long bytesPerWorker(LeaseTerms terms) {
        return terms.memoryBytes() / Math.max(1, terms.cores().size());
    }

    /** The shared memory that a lease is to have; not made yet. */
    Regions regions(LeaseTerms terms) {
        int payloadBytes = payloadBytes(terms);
        return new Regions(
                config.shmPath().resolve(newSecret()),
                terms.cores().size(),
                slots(
                        config.slots(),
                        slotBytes(payloadBytes, registers(terms)),
                        bytesPerWorker(terms)),
                payloadBytes,
                sandbox.user());
    }

    /** What a slot takes of a worker's memory when input and result are as large as they may be. */
    static long slotBytes(int payloadBytes, boolean registered) {
        return registered ? RdmaDevices.registeredBytesPerSlot(payloadBytes) : 2L * payloadBytes;
    }

    /** As many slots as wanted, as long as they take at most half of a worker's memory. */
    static int slots(int wanted, long slotBytes, long memoryBytesPerWorker) {
        return Math.clamp(memoryBytesPerWorker / 2 / slotBytes, 1, wanted);
    }

    /**
     * Lets the lease's owner open the memory that this process holds, where there is such a user on
     * this machine: the process itself has mapped it already.
     */
    void handOver(LeaseTerms terms, ExecutorProcess process) {
        if (!terms.memoryOnly() || sandbox.user() == null) {
            return;
        }
        Path region = MemoryRegion.file(Path.of(process.record().regionDir()));
        try {
            Files.setOwner(
                    region,
                    region.getFileSystem()
                            .getUserPrincipalLookupService()
                            .lookupPrincipalByName(terms.user()));
        } catch (IOException e) {
            LOG.debug("lease {}: its region stays the holder's: {}", terms.leaseId(), e.toString());
        }
    }

    private Path writeSpec(ExecutorSpec spec, Path folder) throws IOException {
        Path specFile = folder.resolve("executor-" + spec.generation() + ".spec");
        Files.deleteIfExists(specFile);
        ExecutorCommand.write(specFile, spec);
        Path scratch = Path.of(spec.scratchDir());
        Folders.delete(scratch);
        Folders.make(scratch, "rwx------");
        UserPrincipal user = sandbox.user();
        if (user != null) {
            Files.setOwner(specFile, user);
            Files.setOwner(scratch, user);
        }
        return specFile;
    }

    private Cgroup.Limits limits(LeaseTerms terms, CpuSet real) {
        return new Cgroup.Limits(
                terms.memoryOnly() ? realCpus : real,
                terms.memoryBytes() + config.executorOverheadBytes(),
                BASE_PIDS + PIDS_PER_WORKER * terms.cores().size());
    }

    private @Nullable Cgroup cgroup(String name, Cgroup.Limits limits) {
        Cgroups cgroups = sandbox.cgroups();
        return cgroups == null ? null : cgroups.create(cgroupParent(config), name, limits);
    }

    /**
     * Starts one that waits for its lease, in a control group of that name.
     *
     * @param starts told before it does
     */
    private Parked start(
            String name,
            List<String> command,
            Cgroup.Limits limits,
            String home,
            Path log,
            Consumer<@Nullable Cgroup> starts)
            throws IOException {
        // First, because the daemon's own group may have no groups below it while it has a child.
        Cgroup cgroup = cgroup(name, limits);
        Process process = null;
        try {
            starts.accept(cgroup);
            process = process(sandbox.wrap(limits.cpus(), command), home, log);
            if (cgroup != null) {
                cgroup.join(process.pid());
            }
            return new Parked(ExecutorProcess.id(process.pid()), process, cgroup, log);
        } catch (IOException | RuntimeException | Error e) {
            undo(process, cgroup);
            throw e;
        }
    }

    private static Process process(List<String> line, String home, Path log) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(line)
                        .directory(Path.of("/").toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().clear();
        builder.environment()
                .putAll(
                        Map.of(
                                "PATH",
                                "/usr/local/bin:/usr/bin:/bin",
                                "LANG",
                                "C.UTF-8",
                                "HOME",
                                home,
                                "TMPDIR",
                                home));
        return builder.start();
    }

    /** A word that nobody can guess. */
    String newSecret() {
        byte[] bytes = new byte[SECRET_BYTES];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
