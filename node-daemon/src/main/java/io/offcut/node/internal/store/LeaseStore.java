package io.offcut.node.internal.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.Offer;
import io.offcut.node.internal.lease.EndedLease;
import io.offcut.node.internal.lease.HeldLease;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a restarted daemon must know of its leases:
 *
 * <pre>
 *   offers.json               the offers that were last advertised
 *   ended.log                 one line of JSON for each lease that ended
 *   leases/ID/lease.json      a lease that has not ended
 *   leases/ID/executor.json   its executor, see {@link ExecutorRecord}
 *   leases/ID/…               what belongs to the executor: specification, log
 *   scratch/…                 where the functions of an executor may write, see {@link #scratches}
 * </pre>
 *
 * <p>Methods block on the disk for as long as a small file takes. For one thread, except {@link
 * #writeExecutor}, which may be called for different leases by different threads.
 */
public final class LeaseStore {
    /**
     * Where an executor is.
     *
     * @param startTimeTicks start of the process (proc_pid_stat(5)), so that another process with
     *     its id is not taken for it
     * @param regionDir folder with its shared-memory regions
     * @param scratchDir where its functions may write; home of everything that runs in it
     * @param cpuMicrosBefore CPU time that it had used before the lease
     * @param workers 0 when it holds memory and runs nothing
     * @param cgroup name of its control group; empty for none
     * @param tcpHost where it was told to listen; empty for nowhere
     * @param verbsHost where it was told to listen for RDMA; empty for nowhere
     * @param secret what its clients show to it, and it shows to the daemon
     */
    public record ExecutorRecord(
            int generation,
            long pid,
            long startTimeTicks,
            String regionDir,
            String scratchDir,
            long cpuMicrosBefore,
            int workers,
            String cgroup,
            String tcpHost,
            String verbsHost,
            String secret,
            int slots) {
        public ExecutorRecord {
            // An earlier release wrote none, and nobody may take the root of all for it.
            Objects.requireNonNull(scratchDir, "scratchDir");
            // Nor any of this.
            verbsHost = Objects.requireNonNullElse(verbsHost, "");
        }

        /** Without the secret. */
        @Override
        public String toString() {
            return "ExecutorRecord[generation " + generation + ", pid " + pid + "]";
        }
    }

    /** A lease as it was found on the disk. */
    public record Found(HeldLease lease, @Nullable ExecutorRecord executor) {}

    private record Offers(List<Offer> offers) {}

    private static final Logger log = LoggerFactory.getLogger(LeaseStore.class);
    private static final long MAX_RECORD_BYTES = 1 << 20;
    private static final int MAX_ENDED = 100_000;

    private final Path root;
    private final Path leases;
    private final Path scratches;
    private final Path endedLog;
    private final ObjectMapper json = new ObjectMapper();

    /**
     * @param root folder of the daemon; must exist
     */
    public LeaseStore(Path root) {
        this.root = root;
        this.leases = root.resolve("leases");
        this.scratches = root.resolve("scratch");
        this.endedLog = root.resolve("ended.log");
        try {
            Folders.make(leases, "rwx--x--x");
            Folders.make(scratches, "rwx--x--x");
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "cannot make folders in " + root + " (" + e.getMessage() + "); check stateDir",
                    e);
        }
    }

    /** Folder of one lease, which need not exist. */
    public Path folder(String leaseId) {
        return leases.resolve(leaseId);
    }

    /**
     * Where the scratch folders of executors lie, each under a name that says nothing of the lease:
     * an executor that gets another lease has it still under its old path.
     */
    public Path scratches() {
        return scratches;
    }

    /** Makes the folder of a lease. Its executor may pass through and not list it. */
    public Path makeFolder(String leaseId) throws IOException {
        return Folders.make(folder(leaseId), "rwx--x--x");
    }

    /** Writes down a lease. */
    public void write(HeldLease lease) {
        try {
            write(makeFolder(lease.leaseId()).resolve("lease.json"), lease);
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "cannot write down lease " + lease.leaseId() + " (" + e.getMessage() + ")",
                    e);
        }
    }

    /** Writes down where a lease's executor is. */
    public void writeExecutor(String leaseId, ExecutorRecord executor) {
        write(folder(leaseId).resolve("executor.json"), executor);
    }

    /** Deletes all of a lease. */
    public void delete(String leaseId) {
        Folders.delete(folder(leaseId));
    }

    /** Writes down the offers. */
    public void writeOffers(List<Offer> offers) {
        write(root.resolve("offers.json"), new Offers(offers));
    }

    /** Adds one line. */
    public void append(EndedLease lease) {
        try {
            Files.writeString(
                    endedLog,
                    json.writeValueAsString(lease) + "\n",
                    StandardCharsets.UTF_8,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (IOException e) {
            log.warn(
                    "cannot write {} ({}): after a restart lease {} could be opened again",
                    endedLog,
                    e.toString(),
                    lease.report().terms().leaseId());
        }
    }

    /** The offers that were last written; none when there are none that can be read. */
    public List<Offer> readOffers() {
        Offers offers = read(root.resolve("offers.json"), Offers.class);
        return offers == null ? List.of() : offers.offers();
    }

    /** The ended leases that must still be remembered; the file then holds only these. */
    public List<EndedLease> readEnded(long nowMillis) {
        List<EndedLease> ended = new ArrayList<>();
        try (Stream<String> lines = Files.lines(endedLog, StandardCharsets.UTF_8)) {
            lines.limit(MAX_ENDED).forEach(line -> readEnded(line, nowMillis, ended));
        } catch (IOException | UncheckedIOException e) {
            log.debug("no ended leases: {}", e.toString());
        }
        StringBuilder kept = new StringBuilder();
        try {
            for (EndedLease lease : ended) {
                kept.append(json.writeValueAsString(lease)).append('\n');
            }
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
        AtomicFile.write(endedLog, kept.toString().getBytes(StandardCharsets.UTF_8));
        return ended;
    }

    private void readEnded(String line, long nowMillis, List<EndedLease> into) {
        try {
            EndedLease lease = json.readValue(line, EndedLease.class);
            if (lease != null && lease.forgetAtMillis() > nowMillis) {
                into.add(lease);
            }
        } catch (JsonProcessingException e) {
            // The last line of a daemon that was killed may be cut.
            log.debug("passed over a line of {}", endedLog);
        }
    }

    /** The leases of an earlier daemon. Folders that hold none are deleted. */
    public List<Found> readLeases() {
        List<Found> found = new ArrayList<>();
        for (Path folder : Folders.list(leases)) {
            HeldLease lease = read(folder.resolve("lease.json"), HeldLease.class);
            if (lease == null || !lease.leaseId().equals(folder.getFileName().toString())) {
                Folders.delete(folder);
            } else {
                found.add(
                        new Found(
                                lease,
                                read(folder.resolve("executor.json"), ExecutorRecord.class)));
            }
        }
        return found;
    }

    private void write(Path file, Object value) {
        try {
            AtomicFile.write(file, json.writeValueAsBytes(value));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot write " + file, e);
        }
    }

    private <T> @Nullable T read(Path file, Class<T> type) {
        try {
            byte[] bytes = AtomicFile.read(file, MAX_RECORD_BYTES);
            return bytes == null ? null : json.readValue(bytes, type);
        } catch (IOException | RuntimeException e) {
            log.warn("{} cannot be read and is passed over", file);
            return null;
        }
    }
}
