package io.offcut.executor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.frame.MemoryStatus;
import io.offcut.testing.Seeds;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What every transport to remote memory must do, against a real holder process. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class MemoryContract {
    static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long BYTES = TestHolder.BYTES;

    @TempDir Path dir;
    TestHolder holder;
    MemoryChannel channel;

    abstract String transport();

    /** What is said when the holder is gone without a word. */
    abstract MemoryStatus lost();

    @BeforeEach
    void open() throws IOException {
        holder = TestHolder.start(dir);
        channel = holder.open(transport());
    }

    @AfterEach
    void close() throws IOException {
        channel.close();
        holder.close();
    }

    @Test
    void beginsAsZeros() {
        assertThat(channel.bytes()).isEqualTo(BYTES);
        assertZeros(read(0, (int) BYTES));
    }

    @Test
    void readsBackWhatWasWrittenAndNothingElseChanges() {
        int offset = 12_345;
        for (int length :
                new int[] {0, 1, 7, 8, 4096, 8191, 8192, 8193, 100_000, (1 << 20) + 3, 5 << 20}) {
            byte[] bytes = Invoker.random(length, length);
            assertThat(write(offset, bytes)).isZero();
            assertThat(Arrays.equals(read(offset, length), bytes)).as("%d bytes", length).isTrue();
            assertZeros(read(offset - 64, 64));
            assertZeros(read(offset + length, 64));
        }
    }

    @Test
    void takesNativeMemoryToo() {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment source = arena.allocate(100_000, 8);
            MemorySegment.copy(Invoker.random(100_000, 3), 0, source, JAVA_BYTE, 0, 100_000);
            assertThat(channel.write(0, source)).isZero();
            complete(0);
            MemorySegment target = arena.allocate(100_000, 8);
            assertThat(channel.read(0, target)).isZero();
            complete(0);
            assertThat(target.mismatch(source)).isEqualTo(-1);
        }
    }

    @Test
    void refusesWhatIsOutOfBounds() {
        refuses(-1, 1);
        refuses(Long.MIN_VALUE, 8);
        refuses(BYTES, 1);
        refuses(BYTES - 7, 8);
        refuses(Long.MAX_VALUE, 8);
        refuses(0, (int) BYTES + 1);
        assertZeros(read(0, (int) BYTES));
    }

    private void refuses(long offset, int length) {
        MemorySegment bytes = MemorySegment.ofArray(Invoker.random(length, 5));
        int refused = MemoryStatus.OUT_OF_BOUNDS.code();
        assertThat(channel.write(offset, bytes)).isEqualTo(refused);
        assertThat(channel.read(offset, bytes)).isEqualTo(refused);
        assertThat(channel.outstanding()).isZero();
    }

    @Test
    void readsAndWritesUpToTheLastByte() {
        assertThat(write(BYTES - 3, new byte[] {1, 2, 3})).isZero();
        assertThat(read(BYTES - 3, 3)).containsExactly(1, 2, 3);
        assertThat(channel.read(BYTES, MemorySegment.ofArray(new byte[0]))).isZero();
        complete(0);
    }

    @Test
    void addsAndSwapsWholeWords() {
        assertThat(channel.fetchAndAdd(64, 5)).isZero();
        assertThat(complete(0)).isZero();
        assertThat(channel.fetchAndAdd(64, -7)).isZero();
        assertThat(complete(0)).isEqualTo(5);
        assertThat(channel.compareAndSwap(64, 1, 100)).isZero();
        assertThat(complete(0)).isEqualTo(-2);
        assertThat(channel.compareAndSwap(64, -2, Long.MIN_VALUE)).isZero();
        assertThat(complete(0)).isEqualTo(-2);
        assertThat(word(read(64, 8), 0)).isEqualTo(Long.MIN_VALUE);
        int misaligned = MemoryStatus.MISALIGNED.code();
        assertThat(channel.fetchAndAdd(4, 1)).isEqualTo(misaligned);
        assertThat(channel.compareAndSwap(65, 0, 1)).isEqualTo(misaligned);
        int outside = MemoryStatus.OUT_OF_BOUNDS.code();
        assertThat(channel.fetchAndAdd(BYTES, 1)).isEqualTo(outside);
        assertThat(channel.fetchAndAdd(-8, 1)).isEqualTo(outside);
        assertThat(channel.compareAndSwap(BYTES - 4, 0, 1)).isEqualTo(outside);
    }

    @Test
    void completesInTheOrderOfPosting() {
        for (int i = 0; i < channel.depth(); i++) {
            assertThat(channel.fetchAndAdd(8, 1)).isZero();
        }
        assertThat(channel.outstanding()).isEqualTo(channel.depth());
        assertThatThrownBy(() -> channel.fetchAndAdd(8, 1))
                .isInstanceOf(IllegalStateException.class);
        for (int i = 0; i < channel.depth(); i++) {
            assertThat(complete(0)).isEqualTo(i);
        }
        assertThat(channel.poll()).isFalse();
        assertThat(channel.await(PATIENCE.toNanos())).as("with nothing outstanding").isFalse();
    }

    @Test
    void twoClientsLoseNoAddition() throws Exception {
        int rounds = 2_000;
        try (MemoryChannel other = holder.open(transport());
                ExecutorService threads = Executors.newFixedThreadPool(2)) {
            Future<Boolean> first = threads.submit(adder(channel, rounds));
            Future<Boolean> second = threads.submit(adder(other, rounds));
            assertThat(first.get() && second.get()).isTrue();
        }
        assertThat(word(read(0, 8), 0)).isEqualTo(2L * rounds);
    }

    private static Callable<Boolean> adder(MemoryChannel to, int rounds) {
        return () -> {
            for (int i = 0; i < rounds; i++) {
                if (to.fetchAndAdd(0, 1) != 0
                        || !to.await(PATIENCE.toNanos())
                        || to.status() != 0) {
                    return false;
                }
            }
            return true;
        };
    }

    /** Long writes and reads outstanding together fill the network both ways. */
    @Test
    void doesNotWaitForItselfWhenMuchIsOutstanding() {
        int length = 1 << 20;
        byte[] bytes = Invoker.random(length, 9);
        byte[][] back = new byte[40][length];
        for (byte[] each : back) {
            assertThat(channel.write(0, MemorySegment.ofArray(bytes))).isZero();
            assertThat(channel.read(0, MemorySegment.ofArray(each))).isZero();
        }
        for (byte[] each : back) {
            complete(0);
            complete(0);
            assertThat(each).isEqualTo(bytes);
        }
    }

    @Test
    void doesWhatAModelDoes() {
        long seed = Seeds.next();
        Random random = new Random(seed);
        byte[] model = new byte[(int) BYTES];
        Queue<Runnable> checks = new ArrayDeque<>();
        for (int step = 0; step < 3_000; step++) {
            if (checks.size() == channel.depth() || random.nextInt(20) == 0) {
                while (!checks.isEmpty()) {
                    checks.remove().run();
                }
            }
            checks.add(randomStep(random, model));
        }
        checks.forEach(Runnable::run);
        assertThat(read(0, (int) BYTES)).as("seed %d", seed).isEqualTo(model);
    }

    /** Posts one operation, does it to the model, and returns what checks its completion. */
    private Runnable randomStep(Random random, byte[] model) {
        int length = random.nextInt(10) == 0 ? random.nextInt(200_000) : random.nextInt(64);
        int offset = random.nextInt((int) BYTES - length + 1);
        int at = random.nextInt((int) (BYTES / 8)) * 8;
        long before = word(model, at);
        return switch (random.nextInt(4)) {
            case 0 -> {
                byte[] expected = new byte[length];
                System.arraycopy(model, offset, expected, 0, length);
                byte[] target = new byte[length];
                assertThat(channel.read(offset, MemorySegment.ofArray(target))).isZero();
                yield () -> {
                    complete(0);
                    assertThat(target).isEqualTo(expected);
                };
            }
            case 1 -> {
                byte[] source = Invoker.random(length, random.nextLong());
                System.arraycopy(source, 0, model, offset, length);
                assertThat(channel.write(offset, MemorySegment.ofArray(source))).isZero();
                yield () -> complete(0);
            }
            case 2 -> {
                long addend = random.nextLong();
                putWord(model, at, before + addend);
                assertThat(channel.fetchAndAdd(at, addend)).isZero();
                yield () -> assertThat(complete(0)).isEqualTo(before);
            }
            default -> {
                long expected = random.nextBoolean() ? before : before + 1;
                long value = random.nextLong();
                putWord(model, at, expected == before ? value : before);
                assertThat(channel.compareAndSwap(at, expected, value)).isZero();
                yield () -> assertThat(complete(0)).isEqualTo(before);
            }
        };
    }

    @Test
    void staysForItsGraceAndSaysSo() {
        write(0, new byte[] {1});
        assertThat(channel.ending()).isFalse();
        assertThat(MemoryRegion.revoking(holder.region())).isTrue();
        assertThat(read(0, 1)).containsExactly(1);
        assertThat(channel.ending()).isTrue();
        assertThat(channel.ended()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"REVOKED, REVOKED", "EXPIRED, EXPIRED", "CRASHED, LOST"})
    void everyLaterOperationSaysWhyItIsGone(InvocationStatus end, MemoryStatus seen)
            throws Exception {
        write(0, new byte[] {1});
        holder.end(end);
        await().atMost(PATIENCE).until(() -> channel.ended() != 0);
        assertThat(MemoryStatus.of(channel.ended())).isEqualTo(seen);
        MemorySegment target = MemorySegment.ofArray(new byte[8]);
        assertThat(channel.read(0, target)).isEqualTo(seen.code());
        assertThat(channel.write(0, target)).isEqualTo(seen.code());
        assertThat(channel.fetchAndAdd(0, 1)).isEqualTo(seen.code());
        assertThat(channel.compareAndSwap(0, 0, 1)).isEqualTo(seen.code());
        assertThat(takenBytes()).as("memory that is kept from others").isLessThan(64 << 10);
        assertThat(holder.process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    }

    /** What the region's file takes of the machine's memory (stat(1)). */
    private long takenBytes() throws Exception {
        Process stat = new ProcessBuilder("stat", "-c", "%b", holder.region().toString()).start();
        return 512 * Long.parseLong(stat.inputReader().readLine().strip());
    }

    @Test
    void takesItsMemoryBeforeItIsUsed() throws Exception {
        assertThat(takenBytes()).isGreaterThanOrEqualTo(BYTES);
    }

    @Test
    void operationsUnderWayEndWhenItIsTakenBack() throws Exception {
        byte[] ones = new byte[(int) BYTES];
        Arrays.fill(ones, (byte) 1);
        write(0, ones);
        byte[] bytes = new byte[1 << 20];
        MemorySegment target = MemorySegment.ofArray(bytes);
        Thread daemon = Thread.ofPlatform().start(() -> holder.end(InvocationStatus.REVOKED));
        long word = word(ones, 0);
        int status = 0;
        for (long round = 0; status == 0; round++) {
            boolean swaps = round % 2 == 0;
            status =
                    swaps
                            ? channel.compareAndSwap(round % 1000 * 8, word, word)
                            : channel.read(round % 4 << 20, target);
            if (status == 0) {
                assertThat(channel.await(PATIENCE.toNanos())).isTrue();
                status = channel.status();
                if (status == 0 && swaps) {
                    assertThat(channel.value()).as("what counted as there").isEqualTo(word);
                } else if (status == 0) {
                    assertThat(bytes).as("what counted as there").containsOnly(1);
                }
            }
        }
        daemon.join();
        assertThat(MemoryStatus.of(status)).isIn(MemoryStatus.REVOKED, lost());
    }

    @Test
    void aKilledHolderIsNoticed() throws Exception {
        write(0, new byte[] {1});
        holder.kill();
        await().atMost(PATIENCE).until(() -> channel.ended() != 0);
        assertThat(MemoryStatus.of(channel.ended())).isEqualTo(lost());
        assertThat(channel.read(0, MemorySegment.ofArray(new byte[1]))).isNegative();
    }

    @Test
    void onlyItsOwnerMayOpenTheRegion() throws Exception {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(holder.region())))
                .isEqualTo("rw-------");
    }

    /** Quicker than to ask for each byte. */
    static void assertZeros(byte[] bytes) {
        assertThat(Arrays.mismatch(bytes, new byte[bytes.length])).isEqualTo(-1);
    }

    int write(long offset, byte[] bytes) {
        int refused = channel.write(offset, MemorySegment.ofArray(bytes));
        if (refused == 0) {
            complete(0);
        }
        return refused;
    }

    byte[] read(long offset, int length) {
        byte[] bytes = new byte[length];
        assertThat(channel.read(offset, MemorySegment.ofArray(bytes))).isZero();
        complete(0);
        return bytes;
    }

    /** Takes the next completion. @return its value */
    long complete(int status) {
        assertThat(channel.await(PATIENCE.toNanos())).as("completion").isTrue();
        assertThat(channel.status()).isEqualTo(status);
        return channel.value();
    }

    private static long word(byte[] bytes, int at) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(at);
    }

    private static void putWord(byte[] bytes, int at, long value) {
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(at, value);
    }
}
