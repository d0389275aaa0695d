package io.offcut.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.core.api.OpenedLease;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.executor.InvocationChannel;
import io.offcut.linux.CpuAffinity;
import io.offcut.linux.SchedIdle;
import io.offcut.node.internal.executor.Sandbox;
import io.offcut.node.internal.store.Folders;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class UnprivilegedNodeTest {
    @Test
    void runsWithoutRootAndSaysWhatIsMissing() throws Exception {
        assumeTrue(Sandbox.isRoot(), "needs root: to become another user");
        try (TestNode node = new TestNode()) {
            String classPath = copyClassPath(node.dir.resolve("classes"));
            own(node.dir, "nobody");
            node.startProcess(
                    List.of("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"),
                    classPath);
            node.awaitOffered("0");
            assertThat(node.status().node().features())
                    .contains("pinning", "sched-idle", "no-new-privs")
                    .doesNotContain("own-user");
            assertThat(node.status().missing())
                    .anyMatch(words -> words.contains("the daemon is not root"))
                    .anyMatch(words -> words.contains("cgroup"));
            LeaseTerms terms = node.terms("L1", "0");
            OpenedLease opened = node.open(terms, "shm");
            long pid = node.lease("L1").pid();
            assertThat(CpuAffinity.ofProcess(pid)).isEqualTo(terms.cores());
            assertThat(SchedIdle.policyOf(pid)).isEqualTo(SchedIdle.SCHED_IDLE);
            try (InvocationChannel channel = TestNode.connect(opened.channels().getFirst())) {
                assertThat(TestNode.echo(channel, "plain user")).isEqualTo("plain user");
            }
            node.stopProcess();
            Awaitility.await()
                    .atMost(TestNode.PATIENCE)
                    .untilAsserted(() -> assertThat(node.leftOvers()).isEmpty());
        }
    }

    private static String copyClassPath(Path to) throws IOException {
        List<String> copies = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            Path from = Path.of(entry);
            if (!Files.exists(from)) {
                continue;
            }
            Path copy =
                    Folders.make(to, "rwxr-xr-x").resolve(copies.size() + "-" + from.getFileName());
            try (Stream<Path> files = Files.walk(from)) {
                for (Path file : files.toList()) {
                    Path target = copy.resolve(from.relativize(file).toString());
                    Path place = file.equals(from) ? copy : target;
                    Files.copy(file, place);
                    Files.setPosixFilePermissions(
                            place, PosixFilePermissions.fromString("rwxr-xr-x"));
                }
            }
            copies.add(copy.toString());
        }
        return String.join(File.pathSeparator, copies);
    }

    private static void own(Path root, String user) throws IOException {
        UserPrincipal owner =
                root.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(user);
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.toList()) {
                Files.setOwner(file, owner);
            }
        }
    }
}
