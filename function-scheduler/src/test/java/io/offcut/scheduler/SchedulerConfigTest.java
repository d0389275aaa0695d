package io.offcut.scheduler;

import static io.offcut.scheduler.Servers.refused;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import io.offcut.core.ErrorCode;
import io.offcut.core.HomeFolder;
import io.offcut.core.OffcutException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SchedulerConfigTest {
    private static SchedulerConfig read(Map<String, ?> keys) {
        try {
            return FakeNode.JSON.convertValue(keys, SchedulerConfig.class);
        } catch (IllegalArgumentException e) {
            if (e.getCause() instanceof ValueInstantiationException made
                    && made.getCause() instanceof OffcutException refusal) {
                throw refusal;
            }
            throw e;
        }
    }

    @Test
    void everyKeyHasItsDefault() {
        assertThat(read(Map.of())).isEqualTo(SchedulerConfig.defaults());
        SchedulerConfig config = read(Map.of());
        assertThat(config.host()).isEqualTo("127.0.0.1");
        assertThat(config.port()).isEqualTo(7070);
        assertThat(config.stateDir()).isEqualTo(HomeFolder.path().resolve(".offcut/scheduler"));
        assertThat(config.tokensFile()).isEmpty();
        assertThat(config.nodeSecretFile()).isEmpty();
        assertThat(config.maxBundleBytes()).isEqualTo(256L << 20);
        assertThat(config.idleQuantile()).isEqualTo(0.25);
        assertThat(config.brainConfig().nodeTimeoutMillis()).isEqualTo(3_000);
    }

    @Test
    void readsKeysByName() {
        SchedulerConfig config =
                read(Map.of("host", "::1", "port", 0, "stateDir", "/tmp/x", "maxTtlMillis", 5));
        assertThat(config.host()).isEqualTo("::1");
        assertThat(config.port()).isZero();
        assertThat(config.stateDir()).isEqualTo(Path.of("/tmp/x"));
        assertThat(config.brainConfig().maxTtlMillis()).isEqualTo(5);
        assertThat(config.withAddress("h", 1).withStateDir(Path.of("s")).withCredentials("t", "n"))
                .isEqualTo(
                        read(
                                Map.of(
                                        "host",
                                        "h",
                                        "port",
                                        1,
                                        "stateDir",
                                        "s",
                                        "tokensFile",
                                        "t",
                                        "nodeSecretFile",
                                        "n",
                                        "maxTtlMillis",
                                        5)));
    }

    @ParameterizedTest
    @CsvSource({
        "host, ''",
        "port, -1",
        "port, 65536",
        "maxBundleBytes, 0",
        "heartbeatMillis, 1",
        "activationMillis, 0",
        "maxTtlMillis, 0",
        "maxWorkersPerUser, 0",
        "maxQueuedRequests, 0",
        "maxQueuedRequestsPerUser, 0",
        "maxFunctionBytesPerUser, 0",
        "rememberEndedMillis, -1",
        "idleQuantile, 0.95",
        "idleQuantile, NaN",
    })
    void namesTheKeyThatIsWrong(String key, String value) {
        refused(() -> read(Map.of(key, value)), ErrorCode.USAGE, "key " + key);
    }
}
