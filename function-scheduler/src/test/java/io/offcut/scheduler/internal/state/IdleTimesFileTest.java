package io.offcut.scheduler.internal.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.scheduler.idle.IdleTimes;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdleTimesFileTest {
    @TempDir Path dir;

    @Test
    void keepsWhatWasLearnt() {
        try (StateFolder folder = StateFolder.open(dir.resolve("state"))) {
            IdleTimesFile file = new IdleTimesFile(folder);
            assertThat(file.load()).isEmpty();
            IdleTimes times = new IdleTimes();
            times.add(60_000);
            times.add(600_000);

            file.save(Map.of("batch \"1\"", times));

            Map<String, IdleTimes> again = new IdleTimesFile(folder).load();
            assertThat(again).containsOnlyKeys("batch \"1\"");
            assertThat(again.get("batch \"1\""))
                    .extracting(IdleTimes::counts)
                    .isEqualTo(times.counts());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{\"batch\":{\"3\":",
                "[]x",
                "{\"batch\":{\"x\":1}}",
                "{\"batch\":{\"3\":\"many\"}}",
                "{\"batch\":{\"3\":-1}}",
                "{\"batch\":{\"999\":1}}",
                "{\"batch\":{\"3\":1e30}}",
            })
    void aDamagedFileIsIgnored(String text) throws Exception {
        try (StateFolder folder = StateFolder.open(dir.resolve("state"))) {
            Files.write(folder.path("idle-times.json"), text.getBytes(StandardCharsets.UTF_8));

            assertThat(new IdleTimesFile(folder).load()).isEmpty();
        }
    }
}
