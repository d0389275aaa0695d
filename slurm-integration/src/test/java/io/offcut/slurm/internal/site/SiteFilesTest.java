package io.offcut.slurm.internal.site;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SiteFilesTest {
    @TempDir Path folder;

    private Path conf;

    @BeforeEach
    void aConfiguration() throws IOException {
        conf = Files.writeString(folder.resolve("slurm.conf"), "ClusterName=c1\n");
    }

    @Test
    void findsTheFilesBesideSlurmConf() throws IOException {
        Files.writeString(folder.resolve("plugstack.conf"), "optional /x/offcut.so\n");
        SiteFiles files = SiteFiles.locate(conf, null);

        assertThat(files.plugstack().offcut()).hasSize(1);
        assertThat(files.cgroupConf().why()).isEqualTo("is not there");
        Files.writeString(folder.resolve("cgroup.conf"), "ConstrainCores=yes\n");
        assertThat(files.cgroupConf()).isEqualTo(Reading.of("ConstrainCores=yes\n"));
    }

    @Test
    void takesTheStackThatSlurmNames() throws IOException {
        Path other = Files.writeString(folder.resolve("other.conf"), "required a.so\n");
        SiteFiles files = SiteFiles.locate(conf, "PlugStackConfig = " + other + "\n");

        assertThat(files.plugstack().place()).isEqualTo(other.toString());
        assertThat(files.plugin(files.plugstack())).isNull();
    }

    @Test
    void looksForAPluginWithoutAPathWhereSlurmDoes() throws IOException {
        Files.writeString(folder.resolve("plugstack.conf"), "optional offcut.so\n");
        Path lib = Files.createDirectory(folder.resolve("lib"));
        SiteFiles files =
                SiteFiles.locate(conf, "PluginDir = " + folder.resolve("none") + ":" + lib);

        assertThat(files.plugin(files.plugstack()))
                .isNotNull()
                .satisfies(p -> assertThat(p.problem()).isEqualTo("is not there"));
        Path file = Files.writeString(lib.resolve("offcut.so"), "x");
        assertThat(files.plugin(files.plugstack()))
                .isNotNull()
                .satisfies(p -> assertThat(p.path()).isEqualTo(file.toString()))
                .satisfies(p -> assertThat(p.problem()).isEmpty());
    }
}
