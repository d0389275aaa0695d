package io.offcut.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.SharePolicy;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeConfigTest {
    @Test
    void hasADefaultForEveryKey() {
        NodeConfig config = NodeConfig.of(Map.of("name", "n7"));
        assertThat(config.port()).isEqualTo(7071);
        assertThat(config.host()).isEqualTo("127.0.0.1");
        assertThat(config.tcpHost()).isEqualTo("127.0.0.1");
        assertThat(config.shmDir()).isEqualTo("/dev/shm/offcut-n7");
        assertThat(config.jobSocket()).isEqualTo(config.stateDir() + "/jobs.sock");
        assertThat(config.busyThreshold()).isEqualTo(0.25);
        assertThat(config.maxSlowdown()).isEqualTo(0.01);
        assertThat(config.slurmOn()).isFalse();
        assertThat(config.defaultShare()).isEqualTo(SharePolicy.EXCLUSIVE);
        assertThat(config.cpuMapping().isIdentity()).isTrue();
    }

    @Test
    void anEmptyTcpHostMeansNoTcp() {
        assertThat(NodeConfig.of(Map.of("tcpHost", "")).tcpHost()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "name, a/b",
        "port, 70000",
        "port, x",
        "schedulerUrl, nowhere",
        "cpus, 3-1",
        "cpuMap, 0:0",
        "stateDir, relative",
        "busyThreshold, 0",
        "maxSlowdown, 1.5",
        "slurm, maybe",
        "archiveDir, relative",
        "untilEpochMillis, -1",
        "share, some",
        "offerSiblings, 1",
        "underusedAfterSamples, 0",
        "slots, 0",
        "memoryGraceMillis, 401",
        "executorUser, ../root",
        "noSuchKey, 1",
    })
    void namesTheKeyThatIsWrong(String key, String value) {
        assertThatThrownBy(() -> NodeConfig.of(Map.of(key, value)))
                .isInstanceOfSatisfying(
                        OffcutException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.USAGE))
                .hasMessageContaining(key);
    }
}
