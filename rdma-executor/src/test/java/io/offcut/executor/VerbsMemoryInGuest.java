package io.offcut.executor;

import static com.ibm.disni.verbs.IbvSendWR.IBV_WR_RDMA_READ;
import static com.ibm.disni.verbs.IbvSendWR.IBV_WR_RDMA_WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.ibm.disni.verbs.IbvWC.IbvWcStatus;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.frame.MemoryStatus;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The contract over RDMA, between two processes, and clients that do not keep to it: what is
 * checked there is checked by the device. Runs in the guest, by GuestTest of end-to-end.
 */
class VerbsMemoryInGuest extends MemoryContract {
    private static final int STATUS_OFFSET = 8;
    private static final int MEMORY_KEY_OFFSET = 12;
    private static final int MEMORY_OFFSET = 24;
    private static final int STATE_OFFSET = 32;
    private static final int STATE_KEY_OFFSET = 40;
    private static final int UNAUTHORIZED = -100;

    @Override
    String transport() {
        return ChannelDescriptor.VERBS;
    }

    @Override
    MemoryStatus lost() {
        return MemoryStatus.UNREACHABLE;
    }

    private static byte[] hello() {
        return ByteBuffer.allocate(24)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0x564D464F)
                .putInt(1)
                .put(HexFormat.of().parseHex(TestExecutor.SECRET))
                .array();
    }

    private RawVerbsClient raw() throws IOException {
        return raw(holder);
    }

    private static RawVerbsClient raw(TestHolder of) throws IOException {
        return new RawVerbsClient(of.descriptor(ChannelDescriptor.VERBS), hello(), 1);
    }

    @Test
    void aWrongSecretIsRefusedAndToldOfNoMemory() throws Exception {
        ChannelDescriptor right = holder.descriptor(transport());
        ChannelDescriptor wrong =
                new ChannelDescriptor(
                        0, right.transport(), "", right.host(), right.port(), "0".repeat(32), 0, 0);
        assertThatThrownBy(() -> Channels.openMemory(wrong, PATIENCE))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAUTHORIZED))
                .hasMessageNotContaining("0000");
        byte[] hello = hello();
        hello[8] ^= 1;
        try (RawVerbsClient client = new RawVerbsClient(right, hello, 1)) {
            assertThat(client.refused()).isTrue();
            assertThat(client.answered(STATUS_OFFSET)).isEqualTo(UNAUTHORIZED);
            for (int offset = STATUS_OFFSET + 4; offset < 48; offset += 4) {
                assertThat(client.answered(offset)).isZero();
            }
        }
    }

    @Test
    void whatIsNoHelloOfOursIsRefused() throws Exception {
        byte[] hello = hello();
        hello[4] = 2;
        ChannelDescriptor at = holder.descriptor(transport());
        try (RawVerbsClient client = new RawVerbsClient(at, hello, 1)) {
            assertThat(client.refused()).isTrue();
            assertThat(client.answered(STATUS_OFFSET)).isEqualTo(MemoryStatus.WRONG_VERSION.code());
        }
        try (RawVerbsClient client = new RawVerbsClient(at, RawVerbsClient.hello(), 1)) {
            assertThat(client.refused()).isTrue();
            assertThat(client.answered(STATUS_OFFSET)).isEqualTo(MemoryStatus.MALFORMED.code());
        }
        assertThat(write(0, new byte[] {1})).isZero();
    }

    @Test
    void theDeviceLetsNobodyBeyondTheMemory() throws Exception {
        long end = TestHolder.BYTES;
        for (int opcode : new int[] {IBV_WR_RDMA_READ, IBV_WR_RDMA_WRITE}) {
            refused(opcode, 8, MEMORY_OFFSET, -8, MEMORY_KEY_OFFSET);
            refused(opcode, 8, MEMORY_OFFSET, end - 7, MEMORY_KEY_OFFSET);
            refused(opcode, 8, MEMORY_OFFSET, 0, STATE_KEY_OFFSET);
            refused(opcode, 8, STATE_OFFSET, 0, STATE_KEY_OFFSET);
            refused(opcode, 4, STATE_OFFSET, 0, MEMORY_KEY_OFFSET);
        }
        refused(IBV_WR_RDMA_WRITE, 4, STATE_OFFSET, 0, STATE_KEY_OFFSET);
        assertZeros(read(0, (int) end));
    }

    private void refused(int opcode, int bytes, int address, long offset, int key)
            throws IOException {
        try (RawVerbsClient client = raw()) {
            assertRefused(
                    client,
                    opcode,
                    bytes,
                    client.answeredLong(address) + offset,
                    client.answered(key));
        }
    }

    @SuppressWarnings("EnumOrdinal") // DiSNI's enumeration is that of verbs.h, in its order
    private static void assertRefused(
            RawVerbsClient client, int opcode, int bytes, long address, int key)
            throws IOException {
        client.post(opcode, bytes, address, key, 0);
        assertThat(IbvWcStatus.values()[client.written().getStatus()])
                .isEqualTo(IbvWcStatus.IBV_WC_REM_ACCESS_ERR);
    }

    @Test
    void theKeyOfAnotherLeaseIsOfNoUse() throws Exception {
        try (TestHolder other = TestHolder.start(Files.createDirectory(dir.resolve("other")));
                RawVerbsClient theirs = raw(other);
                RawVerbsClient client = raw()) {
            assertRefused(
                    client,
                    IBV_WR_RDMA_READ,
                    8,
                    theirs.answeredLong(MEMORY_OFFSET),
                    theirs.answered(MEMORY_KEY_OFFSET));
        }
    }

    /** A client that does not look at the state, and heeds no word. */
    @Test
    void afterTheEndNobodyReachesTheMemory() throws Exception {
        try (RawVerbsClient client = raw()) {
            long address = client.answeredLong(MEMORY_OFFSET);
            int key = client.answered(MEMORY_KEY_OFFSET);
            client.post(IBV_WR_RDMA_READ, 8, address, key, 0);
            assertThat(client.written().succeeded()).isTrue();
            holder.end(InvocationStatus.REVOKED);
            assertThat(client.arrived().immediate()).isEqualTo(MemoryStatus.REVOKED.code());
            assertThat(holder.process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            client.post(IBV_WR_RDMA_READ, 8, address, key, 0);
            assertThat(client.written().succeeded()).isFalse();
        }
    }

    @Test
    void aHolderThatIsSilentlyCutOffIsGivenUp() throws Exception {
        write(0, new byte[] {1});
        try (CutOff _ = new CutOff()) {
            assertThat(channel.fetchAndAdd(0, 1)).isZero();
            complete(MemoryStatus.UNREACHABLE.code());
        }
        assertThat(channel.fetchAndAdd(0, 1)).isEqualTo(MemoryStatus.UNREACHABLE.code());
        try (MemoryChannel again = holder.open(transport())) {
            assertThat(again.fetchAndAdd(0, 0)).isZero();
        }
    }

    @Test
    void theHolderTakesNoPartInAnOperation() throws Exception {
        write(0, new byte[] {1});
        // It hears late that the connection is made.
        AtomicLong seen = new AtomicLong(-1);
        await().atMost(PATIENCE)
                .until(() -> {
                    long now = switches("verbs-door");
                    return seen.getAndSet(now) == now;
                });
        for (int i = 0; i < 100; i++) {
            write(64, new byte[5000]);
            assertThat(channel.fetchAndAdd(8, 1)).isZero();
            assertThat(complete(0)).isEqualTo(i);
            assertZeros(read(64, 5000));
        }
        assertThat(switches("verbs-door")).isEqualTo(seen.get());
    }

    /** How often the holder's thread of that name has been given a processor, or lost it. */
    private long switches(String name) throws IOException {
        try (Stream<Path> threads =
                Files.list(Path.of("/proc/" + holder.process.pid() + "/task"))) {
            for (Path thread : threads.toList()) {
                if (Files.readString(thread.resolve("comm")).strip().equals(name)) {
                    return Files.readAllLines(thread.resolve("status")).stream()
                            .filter(line -> line.contains("ctxt_switches"))
                            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                            .sum();
                }
            }
        }
        throw new IllegalStateException("no thread " + name);
    }

    @Test
    void memoryThatMayNotBeRegisteredIsServedWithout() throws Exception {
        Path root = Files.createDirectory(dir.resolve("limited"));
        List<String> limited = List.of("prlimit", "--memlock=" + (1 << 20));
        try (TestHolder other = TestHolder.startBy(limited, root)) {
            assertThat(other.problems())
                    .anySatisfy(line -> assertThat(line).contains("no rdma", "memlock", "raise"));
            assertThat(other.has(ChannelDescriptor.VERBS)).isFalse();
            try (MemoryChannel tcp = other.open(ChannelDescriptor.TCP)) {
                assertThat(tcp.fetchAndAdd(0, 1)).isZero();
                assertThat(tcp.await(PATIENCE.toNanos())).isTrue();
            }
        }
    }
}
