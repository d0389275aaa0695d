package io.offcut.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.internal.function.Call;
import io.offcut.executor.internal.shm.ShmClientChannel;
import io.offcut.executor.internal.shm.ShmWorkerChannel;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Regions on a hugetlbfs of its own, whose pages the kernel makes as they are needed. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HugePagesTest {
    private static final Path POSSIBLE =
            Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_overcommit_hugepages");
    private static final int PAGES = 8;
    private static final int SLOTS = 2;
    private static final int PAYLOAD_BYTES = 1 << 20;

    @TempDir private Path folder;

    private String before;

    @BeforeEach
    void mount() throws IOException, InterruptedException {
        assumeTrue(Files.isWritable(POSSIBLE), "needs to allow huge pages of 2 MiB: only root may");
        before = Files.readString(POSSIBLE).strip();
        Files.writeString(POSSIBLE, Long.toString(Long.parseLong(before) + PAGES));
        assumeTrue(
                run("mount", "-t", "hugetlbfs", "-o", "pagesize=2M", "none", folder.toString()),
                "needs to mount a hugetlbfs: only root may");
    }

    @AfterEach
    void unmount() throws IOException, InterruptedException {
        if (before != null) {
            boolean ignored = run("umount", folder.toString());
            Files.writeString(POSSIBLE, before);
        }
    }

    @Test
    void aRegionIsServedAndEndedThere() throws IOException {
        Path file = folder.resolve("region");
        ShmRegion.create(file, SLOTS, PAYLOAD_BYTES, "rw-------");
        assertThat(Files.size(file)).isEqualTo(ShmRegion.bytes(SLOTS, PAYLOAD_BYTES));
        try (ShmWorkerChannel worker = ShmWorkerChannel.open(file);
                ShmClientChannel client =
                        ShmClientChannel.open(file, TimeUnit.SECONDS.toNanos(10))) {
            int first = client.acquire();
            int second = client.acquire();
            client.input(first).set(ValueLayout.JAVA_BYTE, PAYLOAD_BYTES - 1, (byte) 5);
            assertThat(client.post(first, 1, 0, PAYLOAD_BYTES, 0)).isZero();
            int slot = worker.poll();
            Call call = worker.call(slot);
            call.begin(PAYLOAD_BYTES, PAYLOAD_BYTES, 0);
            call.result().copyFrom(call.input());
            worker.complete(slot, 0, PAYLOAD_BYTES, 7);
            assertThat(client.poll()).isEqualTo(first);
            assertThat(client.result(first).get(ValueLayout.JAVA_BYTE, PAYLOAD_BYTES - 1))
                    .isEqualTo((byte) 5);
            assertThat(client.post(second, 2, 0, 0, 0)).isZero();
            assertThat(ShmRegion.end(file, InvocationStatus.EXPIRED)).isTrue();
            assertThat(client.await(TimeUnit.SECONDS.toNanos(30))).isEqualTo(second);
            assertThat(client.status(second)).isEqualTo(InvocationStatus.EXPIRED.code());
            assertThat(worker.ended()).isEqualTo(InvocationStatus.EXPIRED.code());
        }
    }

    @Test
    void aShortenedRegionIsNoneToEnd() throws IOException {
        Path file = folder.resolve("region");
        ShmRegion.create(file, SLOTS, PAYLOAD_BYTES, "rw-------");
        try (RandomAccessFile region = new RandomAccessFile(file.toFile(), "rw")) {
            region.setLength(0);
        }
        assertThat(ShmRegion.end(file, InvocationStatus.REVOKED)).isFalse();
    }

    @Test
    void moreThanThereIsIsRefusedWhenItIsMade() {
        Path file = folder.resolve("region");
        assertThatThrownBy(() -> ShmRegion.create(file, 64, 1 << 30, "rw-------"))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.EXHAUSTED))
                .hasMessageContaining(file.toString());
        assertThat(file).doesNotExist();
    }

    private static boolean run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).inheritIO().start();
        return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
    }
}
