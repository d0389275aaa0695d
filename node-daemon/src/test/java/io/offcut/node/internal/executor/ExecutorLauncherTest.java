package io.offcut.node.internal.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.linux.Cgroups;
import io.offcut.linux.CpuMap;
import io.offcut.node.NodeConfig;
import io.offcut.node.internal.store.LeaseStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExecutorLauncherTest {
    private static final int MIB = 1 << 20;

    @Test
    void regionsTakeAtMostHalfOfTheMemory() {
        assertThat(ExecutorLauncher.slots(8, 2L * MIB, 64L * MIB)).isEqualTo(8);
        assertThat(ExecutorLauncher.slots(8, 8L * MIB, 64L * MIB)).isEqualTo(4);
        assertThat(ExecutorLauncher.slots(8, 2048L * MIB, 64L * MIB)).isEqualTo(1);
        assertThat(ExecutorLauncher.slots(8, 2, 0)).isEqualTo(1);
    }

    @Test
    void registeredSlotsTakeWholePagesAndOneMoreForEachHeader() {
        assertThat(ExecutorLauncher.slotBytes(4 * MIB, false)).isEqualTo(8L * MIB);
        assertThat(ExecutorLauncher.slotBytes(4 * MIB, true)).isEqualTo(2 * (4L * MIB + 4096));
        assertThat(ExecutorLauncher.slotBytes(1, true)).isEqualTo(2 * (4096 + 4096));
    }

    @Test
    void copiesClassesThatOthersCannotRead(@TempDir Path dir) throws Exception {
        Path closed = Files.createDirectories(dir.resolve("closed"));
        Path jar = Files.writeString(closed.resolve("a.jar"), "content");
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
        Path lib = dir.resolve("lib");
        String first = ExecutorClasses.readable(jar + ":" + closed.resolve("gone.jar"), lib);
        assertThat(first).startsWith(lib + "/");
        assertThat(Path.of(first)).hasContent("content");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(Path.of(first))))
                .isEqualTo("rw-r--r--");
        assertThat(ExecutorClasses.readable(jar.toString(), lib)).isEqualTo(first);
    }

    @Test
    void keepsItsProcessIdAndIsFirstForTheOomKiller(@TempDir Path dir) throws Exception {
        Path out = dir.resolve("out");
        List<String> line =
                Sandbox.detect("nobody", false)
                        .wrap(
                                CpuSet.of(0),
                                List.of("/bin/sh", "-c", "echo $$; cat /proc/self/oom_score_adj"));
        Process process = new ProcessBuilder(line).redirectOutput(out.toFile()).start();
        assertThat(process.waitFor()).isZero();
        assertThat(Files.readString(out).lines())
                .containsExactly(Long.toString(process.pid()), "1000");
    }

    @Test
    void rootsExecutorsBecomeAnUnprivilegedUserOrNothing() {
        assertThat(Sandbox.unprivileged("nobody", true).getName()).isEqualTo("nobody");
        assertRefused("nobodi", true, "no user 'nobodi'");
        assertRefused("root", true, "'root' is root");
        assertRefused("nobody", false, "setpriv");
    }

    @Test
    void leavesNoControlGroupOfAStartWithADefect(@TempDir Path dir) throws Exception {
        Sandbox sandbox = Sandbox.detect("nobody", true);
        Cgroups cgroups = sandbox.cgroups();
        assumeTrue(cgroups != null, "needs control groups");
        Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
        NodeConfig config = NodeConfig.of(Map.of("name", "defect", "stateDir", dir.toString()));
        String parent = ExecutorLauncher.cgroupParent(config);
        ExecutorLauncher launcher =
                new ExecutorLauncher(
                        config,
                        CpuSet.of(0),
                        sandbox,
                        new LeaseStore(dir),
                        CpuMap.parse(""),
                        dir.resolve("control.sock"));
        try {
            for (Throwable defect : List.of(new IllegalStateException(), new LinkageError())) {
                assertThatThrownBy(() ->
                                launcher.park(
                                        "p",
                                        dir.resolve("log"),
                                        CpuSet.of(0),
                                        cgroup -> {
                                            assertThat(cgroups.children(parent)).hasSize(1);
                                            rethrow(defect);
                                        }))
                        .isSameAs(defect);
                assertThat(cgroups.children(parent)).isEmpty();
            }
        } finally {
            assertThat(cgroups.removeParent(parent)).isTrue();
        }
    }

    private static void rethrow(Throwable defect) {
        switch (defect) {
            case RuntimeException unchecked -> throw unchecked;
            case Error error -> throw error;
            default -> throw new IllegalArgumentException(defect);
        }
    }

    private static void assertRefused(String user, boolean hasSetpriv, String words) {
        assertThatThrownBy(() -> Sandbox.unprivileged(user, hasSetpriv))
                .isInstanceOfSatisfying(
                        OffcutException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.USAGE))
                .hasMessageContainingAll("executorUser", words);
    }

    @Test
    void refusesToRunFunctionsAsRoot() {
        assumeTrue(Sandbox.isRoot(), "needs root: nobody else could");
        assertThatThrownBy(() -> Sandbox.detect("nobodi", false))
                .hasMessageContaining("no user 'nobodi'");
    }
}
