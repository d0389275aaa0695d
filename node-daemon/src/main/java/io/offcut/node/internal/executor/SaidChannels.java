package io.offcut.node.internal.executor;

import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.executor.MemoryRegion;
import io.offcut.executor.ShmRegion;
import io.offcut.node.internal.store.LeaseStore.ExecutorRecord;
import java.nio.file.Path;
import java.util.List;

/**
 * What is believed of the channels that an executor says it serves. It runs others' code: which are
 * ready and on which port is its word, the rest is the daemon's own record of it.
 */
final class SaidChannels {
    private static final int MAX_PORT = 65_535;

    private SaidChannels() {}

    /** Those of the lease's channels that an executor may have, out of those it says it has. */
    static List<ChannelDescriptor> usable(
            LeaseTerms terms, ExecutorRecord record, List<ChannelDescriptor> channels) {
        return channels.stream()
                .filter(said -> said.worker() >= 0 && said.worker() < Math.max(1, record.workers()))
                .filter(said -> isShm(said) || isRemote(record, said))
                .map(said -> own(terms, record, said))
                .toList();
    }

    private static boolean isShm(ChannelDescriptor said) {
        return said.transport().equals(ChannelDescriptor.SHM);
    }

    private static boolean isRemote(ExecutorRecord record, ChannelDescriptor said) {
        return !host(record, said).isEmpty() && said.port() > 0 && said.port() <= MAX_PORT;
    }

    /** Where the executor was told to listen for that transport; empty for nowhere. */
    private static String host(ExecutorRecord record, ChannelDescriptor said) {
        return switch (said.transport()) {
            case ChannelDescriptor.TCP -> record.tcpHost();
            case ChannelDescriptor.VERBS -> record.verbsHost();
            default -> "";
        };
    }

    /** The channel as this daemon knows it; only the port is the executor's word. */
    private static ChannelDescriptor own(
            LeaseTerms terms, ExecutorRecord record, ChannelDescriptor said) {
        Path folder = Path.of(record.regionDir());
        boolean memory = terms.memoryOnly();
        Path region = memory ? MemoryRegion.file(folder) : ShmRegion.file(folder, said.worker());
        boolean shm = isShm(said);
        return new ChannelDescriptor(
                said.worker(),
                said.transport(),
                shm ? region.toString() : "",
                host(record, said),
                shm ? 0 : said.port(),
                shm ? "" : record.secret(),
                memory ? 0 : record.slots(),
                memory ? 0 : ExecutorLauncher.payloadBytes(terms));
    }
}
