package io.offcut.node.internal.executor;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.MemoryRegion;
import io.offcut.executor.ShmRegion;
import io.offcut.node.internal.store.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The shared memory of one lease: a folder that nobody can guess, with a region for each worker, or
 * with the memory that is held. It is there before the executor, so that a client may be on its way
 * while that is being made ready.
 *
 * @param workers 0 for memory
 * @param payloadBytes largest input and result
 * @param user whose the memory is that is held; null for the daemon's own
 */
record Regions(
        Path folder, int workers, int slots, int payloadBytes, @Nullable UserPrincipal user) {
    /**
     * Makes them, unless they are there.
     *
     * @throws OffcutException {@code EXHAUSTED} if they cannot be made
     */
    void make() {
        if (Files.exists(folder)) {
            return;
        }
        try {
            Path made = Folders.make(folder, "rwx--x--x");
            if (workers == 0) {
                makeMemory(MemoryRegion.file(made));
            }
            for (int worker = 0; worker < workers; worker++) {
                ShmRegion.create(ShmRegion.file(made, worker), slots, payloadBytes, "rw-rw-rw-");
            }
        } catch (IOException | OffcutException e) {
            Folders.delete(folder);
            throw new OffcutException(
                    ErrorCode.EXHAUSTED, "no shared memory (" + e.getMessage() + ")", e);
        }
    }

    private void makeMemory(Path region) throws IOException {
        MemoryRegion.create(region);
        if (user != null) {
            Files.setOwner(region, user);
        }
    }

    /** How a client on this host reaches the workers. */
    List<ChannelDescriptor> channels() {
        return IntStream.range(0, workers)
                .mapToObj(worker ->
                        new ChannelDescriptor(
                                worker,
                                ChannelDescriptor.SHM,
                                ShmRegion.file(folder, worker).toString(),
                                "",
                                0,
                                "",
                                slots,
                                payloadBytes))
                .toList();
    }

    /** Those who wait for a worker hear that there will be none, and nothing is left of them. */
    void remove(InvocationStatus status) {
        for (int worker = 0; worker < workers; worker++) {
            boolean ignored = ShmRegion.end(ShmRegion.file(folder, worker), status);
        }
        Folders.delete(folder);
    }
}
