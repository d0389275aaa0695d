package io.offcut.slurm.internal.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a tree of plain directories in the shape of a cgroup v1 mount. */
class CgroupsTest {
    @TempDir Path mount;

    @BeforeEach
    void makeControllers() throws IOException {
        for (String controller : new String[] {"freezer", "memory", "cpuset", "cpuacct"}) {
            Files.createDirectory(mount.resolve(controller));
            Files.createFile(mount.resolve(controller).resolve("cgroup.procs"));
        }
    }

    @Test
    void claimsANameOnce() {
        Cgroups cgroups = new Cgroups(mount);

        assertThat(cgroups.claim("n1")).isTrue();
        assertThat(cgroups.claim("n1")).isFalse();
        assertThat(cgroups.remove("n1")).isTrue();
        assertThat(cgroups.claim("n1")).isTrue();
    }

    @Test
    void removesATreeFromTheInsideAndNothingElse() throws IOException {
        Path job = mount.resolve("memory/slurm_n1/uid_0/job_7/step_0");
        Files.createDirectories(job);
        Files.createDirectories(mount.resolve("freezer/slurm_n1"));
        Files.createDirectories(mount.resolve("freezer/slurm_n10"));

        assertThat(new Cgroups(mount).remove("n1")).isTrue();

        assertThat(mount.resolve("memory/slurm_n1")).doesNotExist();
        assertThat(mount.resolve("freezer/slurm_n1")).doesNotExist();
        assertThat(mount.resolve("freezer/slurm_n10")).isDirectory();
    }

    @Test
    void findsTheProcessesOfANode() throws IOException {
        Path task = Files.createDirectories(mount.resolve("cpuset/slurm_n1/uid_0/job_7"));
        Files.writeString(task.resolve("cgroup.procs"), "12\n13\n");

        assertThat(new Cgroups(mount).processes("n1")).containsExactlyInAnyOrder(12L, 13L);
        assertThat(new Cgroups(mount).processes("n2")).isEmpty();
        assertThat(new Cgroups(mount).remove("n1")).as("a file stands for a busy cgroup").isFalse();
    }

    @Test
    void isUsableOnlyWithAllControllers() throws IOException {
        assertThat(new Cgroups(mount).usable()).isTrue();
        Files.delete(mount.resolve("cpuset/cgroup.procs"));
        assertThat(new Cgroups(mount).usable()).isFalse();
    }
}
