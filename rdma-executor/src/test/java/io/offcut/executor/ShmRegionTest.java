package io.offcut.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationFrame;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.internal.shm.ShmClientChannel;
import io.offcut.executor.internal.shm.ShmWorkerChannel;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Both ends of a region inside one process. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ShmRegionTest {
    private static final int SLOTS = 2;
    private static final int PAYLOAD_BYTES = 5000;

    private Path file;

    @BeforeEach
    void create(@TempDir Path directory) {
        file = directory.resolve("region");
        ShmRegion.create(file, SLOTS, PAYLOAD_BYTES, "rw-rw----");
    }

    private ShmClientChannel client() {
        return ShmClientChannel.open(file, TimeUnit.SECONDS.toNanos(10));
    }

    @Test
    void hasTheSizeAndModeItWasAskedFor() throws IOException {
        assertThat(Files.size(file)).isEqualTo(ShmRegion.bytes(SLOTS, PAYLOAD_BYTES));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-rw----");
        assertThatThrownBy(() -> ShmRegion.create(file, SLOTS, PAYLOAD_BYTES, "rw-------"))
                .hasMessageContaining("exists already");
        assertThatThrownBy(() -> ShmRegion.create(file, 65, 1, "rw-------"))
                .hasMessageContaining("at most 64 slots");
    }

    @Test
    void aRegionThatNobodyServesIsUnreachable() {
        ChannelDescriptor channel =
                new ChannelDescriptor(0, "shm", file.toString(), "", 0, "", SLOTS, PAYLOAD_BYTES);
        assertThatThrownBy(() -> Channels.open(channel, Duration.ofMillis(20)))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.UNREACHABLE));
    }

    @ParameterizedTest
    @CsvSource({
        "0, 7, INVALID_INPUT",
        "4, 2, WRONG_VERSION",
        "8, 0, INVALID_INPUT",
        "12, 2000000, INVALID_INPUT",
        "8, -1, INVALID_INPUT",
        "12, 0, INVALID_INPUT",
        "12, -5, INVALID_INPUT",
        "12, 2147483647, INVALID_INPUT"
    })
    void aCorruptShapeIsRefused(int offset, int value, ErrorCode code) throws IOException {
        try (RandomAccessFile region = new RandomAccessFile(file.toFile(), "rw")) {
            region.seek(offset);
            region.writeInt(Integer.reverseBytes(value));
        }
        assertThatThrownBy(this::client)
                .isInstanceOfSatisfying(
                        OffcutException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    @Test
    void aTruncatedFileAndALinkAreRefused() throws IOException {
        Path link = Files.createSymbolicLink(file.resolveSibling("link"), file);
        assertThatThrownBy(() -> ShmClientChannel.open(link, 1))
                .isInstanceOf(OffcutException.class);
        try (RandomAccessFile region = new RandomAccessFile(file.toFile(), "rw")) {
            region.setLength(region.length() + 1);
            assertThatThrownBy(this::client).hasMessageContaining("bytes that its shape needs");
            region.setLength(10);
            assertThatThrownBy(this::client).hasMessageContaining("has 10 bytes");
        }
        assertThat(ShmRegion.end(file, InvocationStatus.REVOKED)).isFalse();
    }

    @Test
    void anEndWakesAClientThatSleepsAndOneAnswerBeforeItStillCounts() throws Exception {
        try (ShmWorkerChannel worker = ShmWorkerChannel.open(file);
                ShmClientChannel client = client()) {
            int first = client.acquire();
            int second = client.acquire();
            assertThat(client.post(first, 1, 0, 0, 0)).isZero();
            assertThat(client.post(second, 2, 0, 0, 0)).isZero();
            int slot = worker.poll();
            worker.complete(slot, 0, 5, 11);
            CompletableFuture<InvocationStatus> ended =
                    CompletableFuture.supplyAsync(() -> {
                        int answered = client.await(TimeUnit.SECONDS.toNanos(30));
                        assertThat(client.status(answered)).isZero();
                        assertThat(client.result(answered).byteSize()).isEqualTo(5);
                        assertThat(client.executionNanos(answered)).isEqualTo(11);
                        int failed = client.await(TimeUnit.SECONDS.toNanos(30));
                        return InvocationStatus.of(client.status(failed));
                    });
            assertThat(ShmRegion.end(file, InvocationStatus.EXPIRED)).isTrue();
            assertThat(ended.get(30, TimeUnit.SECONDS)).isEqualTo(InvocationStatus.EXPIRED);
            assertThat(worker.ended()).isEqualTo(InvocationStatus.EXPIRED.code());
        }
        assertThatThrownBy(this::client).hasMessageContaining("has ended: EXPIRED");
        assertThatThrownBy(() -> ShmWorkerChannel.open(file)).hasMessageContaining("has ended");
    }

    @Test
    void theClaimOfAProcessThatIsGoneIsReplaced() throws IOException {
        try (ShmWorkerChannel worker = ShmWorkerChannel.open(file)) {
            try (ShmClientChannel client = client()) {
                assertThat(worker.claimed()).isTrue();
                assertThatThrownBy(this::client).hasMessageContaining("already uses this worker");
                // As if a process that is gone had claimed it.
                try (RandomAccessFile region = new RandomAccessFile(file.toFile(), "rw")) {
                    region.seek(512);
                    region.writeLong(Long.reverseBytes(Integer.MAX_VALUE * (1L << 32) | 12345));
                }
                try (ShmClientChannel next = client()) {
                    assertThat(next.acquire()).isZero();
                }
                assertThat(client.slots()).isEqualTo(SLOTS);
            }
            assertThat(worker.claimed()).isFalse();
        }
    }

    @Test
    void aLyingResponseIsMalformedAndNeverLeavesItsMemory() throws IOException {
        try (ShmWorkerChannel worker = ShmWorkerChannel.open(file);
                ShmClientChannel client = client()) {
            for (int bytes : new int[] {-1, PAYLOAD_BYTES + 1, Integer.MAX_VALUE}) {
                int slot = client.acquire();
                assertThat(client.post(slot, 1, 0, 0, 0)).isZero();
                worker.complete(worker.poll(), 0, bytes, 0);
                assertThat(client.poll()).isEqualTo(slot);
                assertThat(client.status(slot)).isNegative();
                assertThat(client.result(slot).byteSize()).isZero();
                client.release(slot);
            }
            int slot = client.acquire();
            assertThat(client.post(slot, 1, 0, 0, 0)).isZero();
            worker.complete(worker.poll(), 17, 0, 0);
            assertThat(client.poll()).isEqualTo(slot);
            assertThat(InvocationStatus.of(client.status(slot)))
                    .isEqualTo(InvocationStatus.MALFORMED);
        }
    }

    @Test
    void aResponseToAnotherInvocationIsMalformed() throws IOException {
        try (ShmWorkerChannel worker = ShmWorkerChannel.open(file);
                ShmClientChannel client = client();
                RandomAccessFile region = new RandomAccessFile(file.toFile(), "rw")) {
            int slot = client.acquire();
            assertThat(client.post(slot, 5, 0, 0, 0)).isZero();
            worker.complete(worker.poll(), 0, 0, 0);
            region.seek(4096 + 128 + InvocationFrame.INVOCATION_ID_OFFSET);
            region.writeLong(Long.reverseBytes(4));
            assertThat(client.poll()).isEqualTo(slot);
            assertThat(InvocationStatus.of(client.status(slot)))
                    .isEqualTo(InvocationStatus.MALFORMED);
        }
    }

    @Test
    void aSlotMustBeInTheStateThatACallNeeds() {
        try (ShmWorkerChannel worker = ShmWorkerChannel.open(file);
                ShmClientChannel client = client()) {
            assertThatThrownBy(() -> client.post(0, 1, 0, 0, 0))
                    .hasMessageContaining("not acquired");
            assertThatThrownBy(() -> client.status(0)).hasMessageContaining("not completed");
            assertThatThrownBy(() -> client.release(0)).hasMessageContaining("not completed");
            assertThatThrownBy(() -> client.release(SLOTS)).hasMessageContaining("slot 2 of 2");
            assertThat(worker.poll()).isEqualTo(InvocationChannel.NONE);
        }
    }

    @Test
    void headersThatAClientCannotMeanAreAnsweredHere() throws IOException {
        try (ShmWorkerChannel worker = ShmWorkerChannel.open(file);
                ShmClientChannel client = client();
                RandomAccessFile region = new RandomAccessFile(file.toFile(), "rw")) {
            int slot = client.acquire();
            region.seek(4096 + InvocationFrame.MAGIC_OFFSET);
            region.writeInt(99);
            region.seek(4096 + InvocationFrame.SEQUENCE_OFFSET);
            region.writeInt(Integer.reverseBytes(1));
            assertThat(worker.poll()).isEqualTo(InvocationChannel.NONE);
            region.seek(4096 + 128 + InvocationFrame.STATUS_OFFSET);
            assertThat(Integer.reverseBytes(region.readInt()))
                    .isEqualTo(InvocationStatus.MALFORMED.code());
            client.release(slot);
        }
    }
}
