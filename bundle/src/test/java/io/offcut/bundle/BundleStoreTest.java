package io.offcut.bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundleStoreTest {
    @TempDir Path root;

    private static InputStream stream(byte[] bytes) {
        return new ByteArrayInputStream(bytes);
    }

    private static byte[] zip() throws IOException {
        return Zips.with(Map.of("notes.txt", Zips.text("hello")));
    }

    private BundleStore open() {
        return BundleStore.open(root.resolve("store"), BundleLimits.DEFAULT);
    }

    private static BundleStore.Fetcher never() {
        return sha256 -> {
            throw new AssertionError("must not be fetched");
        };
    }

    private static void refuses(
            org.assertj.core.api.ThrowableAssert.ThrowingCallable call, ErrorCode code) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> {
                            assertThat(e.code()).as(e.getMessage()).isEqualTo(code);
                            assertThat(e.getMessage()).doesNotContain("\n");
                        });
    }

    @Test
    void keepsBundlesOverARestart() throws IOException {
        String sha256;
        try (BundleStore store = open()) {
            BundleStore.Stored stored = store.put(stream(zip()));
            sha256 = stored.sha256();
            assertThat(store.put(stream(zip()))).isEqualTo(stored);
            assertThat(stored.archiveBytes()).isEqualTo(zip().length);
        }
        try (BundleStore store = open()) {
            assertThat(store.list()).containsExactly(sha256);
            assertThat(store.find(sha256))
                    .get()
                    .satisfies(f -> assertThat(f).hasBinaryContent(zip()));
            assertThat(store.manifest(sha256).name()).isEqualTo("demo");
            store.remove(sha256);
            assertThat(store.find(sha256)).isEmpty();
            assertThat(store.list()).isEmpty();
        }
    }

    @Test
    void refusesASecondUser() {
        try (BundleStore first = open()) {
            assertThat(first.list()).isEmpty();
            refuses(this::open, ErrorCode.CONFLICT);
        }
        open().close();
    }

    @Test
    void noticesDamageAndIsRepairedByAnotherPush() throws IOException {
        try (BundleStore store = open()) {
            String sha256 = store.put(stream(zip())).sha256();
            Path file = store.find(sha256).orElseThrow();
            byte[] damaged = zip();
            damaged[40] ^= 1;
            Files.write(file, new byte[0]);
            Files.write(file, damaged);
            refuses(() -> store.find(sha256), ErrorCode.CONFLICT);
            store.put(stream(zip()));
            assertThat(store.find(sha256)).isPresent();
        }
    }

    @Test
    void leavesNothingOfARefusedBundle() throws IOException {
        byte[] cut = java.util.Arrays.copyOf(zip(), 50);
        BundleLimits small = new BundleLimits(60, 1000, 10, 1000);
        try (BundleStore store = BundleStore.open(root.resolve("store"), small)) {
            refuses(() -> store.put(stream(cut)), ErrorCode.INVALID_INPUT);
            refuses(() -> store.put(stream(new byte[61])), ErrorCode.TOO_LARGE);
            refuses(() -> store.put(failing(cut)), ErrorCode.UNREACHABLE);
            assertThat(store.list()).isEmpty();
            assertThat(root.resolve("store/tmp")).isEmptyDirectory();
        }
    }

    private static InputStream failing(byte[] start) {
        return new FilterInputStream(stream(start)) {
            @Override
            public int read(byte[] target, int from, int length) throws IOException {
                int count = super.read(target, from, length);
                if (count < 0) {
                    throw new IOException("connection reset");
                }
                return count;
            }
        };
    }

    @Test
    void leftoversOfAKilledProcessDisappear() throws IOException {
        open().close();
        Path left = Files.createDirectories(root.resolve("store/tmp/half/dir"));
        Files.write(left.resolve("file"), new byte[10]);
        try (BundleStore store = open()) {
            assertThat(store.list()).isEmpty();
            assertThat(root.resolve("store/tmp")).isEmptyDirectory();
        }
    }

    @Test
    void fetchesAndUnpacksOnceForManyCallers() throws Exception {
        byte[] zip = zip();
        String sha256 = BundleHash.of(Zips.write(root, zip));
        AtomicInteger fetches = new AtomicInteger();
        BundleStore.Fetcher fetcher =
                wanted -> {
                    assertThat(wanted).isEqualTo(sha256);
                    fetches.incrementAndGet();
                    return stream(zip);
                };
        try (BundleStore store = open();
                ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<Path>> folders = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                folders.add(threads.submit(() -> store.ensureUnpacked(sha256, fetcher)));
            }
            for (Future<Path> folder : folders) {
                assertThat(folder.get(30, TimeUnit.SECONDS).resolve("notes.txt"))
                        .hasContent("hello");
            }
        }
        assertThat(fetches).hasValue(1);
        try (BundleStore store = open()) {
            assertThat(store.ensureUnpacked(sha256, never()).resolve("notes.txt")).exists();
        }
    }

    @Test
    void unpacksAgainWhatWasChangedBetweenTwoRuns() throws IOException {
        String sha256;
        Path notes;
        try (BundleStore store = open()) {
            sha256 = store.put(stream(zip())).sha256();
            notes = store.ensureUnpacked(sha256, never()).resolve("notes.txt");
        }
        Files.delete(notes);
        Files.write(notes, Zips.text("jello"));
        try (BundleStore store = open()) {
            store.ensureUnpacked(sha256, never());
            assertThat(notes).hasContent("hello");
        }
    }

    @Test
    void refusesAnotherBundleThanItAskedFor() throws IOException {
        try (BundleStore store = open()) {
            String wanted = "0".repeat(64);
            byte[] zip = zip();
            refuses(() -> store.ensureUnpacked(wanted, s -> stream(zip)), ErrorCode.INVALID_INPUT);
            refuses(
                    () ->
                            store.ensureUnpacked(
                                    wanted,
                                    s -> {
                                        throw new IOException("Connection refused");
                                    }),
                    ErrorCode.UNREACHABLE);
            assertThat(store.list()).isEmpty();
            refuses(() -> store.find("../../etc/passwd"), ErrorCode.INVALID_INPUT);
        }
    }

    @Test
    void saysThatTheDiskIsFullAndKeepsWhatItHas() throws Exception {
        Path disk = Files.createDirectory(root.resolve("disk"));
        assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk.toString()) == 0,
                "needs root: a small file system is mounted");
        try (BundleStore store = BundleStore.open(disk.resolve("store"), BundleLimits.DEFAULT)) {
            String kept = store.put(stream(zip())).sha256();
            byte[] noise = new byte[400_000];
            new java.util.Random(1).nextBytes(noise);
            byte[] large = Zips.with(Map.of("noise", noise));
            refuses(() -> store.put(stream(large)), ErrorCode.EXHAUSTED);
            assertThat(store.find(kept)).isPresent();
            assertThat(store.ensureUnpacked(kept, never())).isDirectory();
            byte[] zeros = Zips.with(Map.of("zeros", new byte[300_000]));
            String wide = store.put(stream(zeros)).sha256();
            refuses(() -> store.ensureUnpacked(wide, never()), ErrorCode.EXHAUSTED);
            assertThat(disk.resolve("store/tmp")).isEmptyDirectory();
        } finally {
            assertThat(run("umount", disk.toString())).isZero();
        }
    }

    private static int run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getInputStream().readAllBytes();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }
}
