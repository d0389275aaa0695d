package io.offcut.traces;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.testing.SharedData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Logs of the Parallel Workloads Archive, where they lie beside the repository. */
class ArchiveLogsTest {
    @ParameterizedTest
    @CsvSource({
        "KTH-SP2-1996-2.swf.gz, 28489, 100",
        "CEA-Curie-2011-2.1-cln.swf.gz, 312826, 93312",
        "UniLu-Gaia-2014-1.swf.gz, 51987, 2004",
    })
    void readsAnArchiveLogWithoutComplaint(String name, int jobs, long procs) {
        SwfLog log = SwfReader.read(SharedData.require("jobs/" + name));

        assertThat(log.complaints().located()).isEmpty();
        assertThat(log.jobs().size()).isEqualTo(jobs);
        assertThat(log.header().maxProcs()).hasValue(procs);
    }

    @Test
    void readsALogWithoutWaits() {
        SwfLog log = SwfReader.read(SharedData.require("jobs/lublin_256.swf.gz"));

        assertThat(log.jobs().size()).isEqualTo(10_000);
        assertThat(log.jobs().waitSeconds(0)).isEqualTo(-1);
        assertThat(log.header().maxNodes()).hasValue(256);
        assertThat(log.header().maxProcs()).isEmpty();
    }
}
