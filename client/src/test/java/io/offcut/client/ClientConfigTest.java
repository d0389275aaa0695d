package io.offcut.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.client.config.ConfigLoader;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ClientConfigTest {
    @TempDir Path folder;

    private ClientConfig load(String yaml, Map<String, String> environment) throws IOException {
        Files.writeString(folder.resolve("client.yaml"), yaml);
        return ClientConfig.load(new ConfigLoader(environment, List.of(folder)), null, Map.of());
    }

    @Test
    void readsTheFileOfTheUser() throws IOException {
        ClientConfig config =
                load("schedulerUrl: http://login1:7070\ntoken: of-the-file\n", Map.of());

        assertThat(config.schedulerUrl()).isEqualTo("http://login1:7070");
        assertThat(config.bearerToken()).isEqualTo("of-the-file");
    }

    /** In a job with workers the node says where the scheduler is, and no token. */
    @Test
    void theEnvironmentWinsAndTheFileGivesTheRest() throws IOException {
        ClientConfig config =
                load(
                        "schedulerUrl: http://login1:7070\ntoken: of-the-file\n",
                        Map.of("OFFCUT_SCHEDULER_URL", "http://other:1", "OFFCUT_JOB", "12"));

        assertThat(config.schedulerUrl()).isEqualTo("http://other:1");
        assertThat(config.job()).isEqualTo("12");
        assertThat(config.bearerToken()).isEqualTo("of-the-file");
    }

    @Test
    void aTokenFileOfTheEnvironmentWinsOverATokenOfTheFile() throws IOException {
        Path token = Files.writeString(folder.resolve("token"), "of-the-environment\n");

        ClientConfig config =
                load("token: of-the-file\n", Map.of("OFFCUT_TOKEN_FILE", token.toString()));

        assertThat(config.bearerToken()).isEqualTo("of-the-environment");
    }

    @Test
    void aTokenOfTheEnvironmentWinsOverAll() throws IOException {
        ClientConfig config =
                load(
                        "tokenFile: /nowhere\n",
                        Map.of("OFFCUT_TOKEN", "t", "OFFCUT_TOKEN_FILE", "/nowhere/either"));

        assertThat(config.bearerToken()).isEqualTo("t");
    }

    @Test
    void namesTheFileOfAKeyThatIsNone() {
        assertThatThrownBy(() -> load("schedulerURL2: http://x\n", Map.of()))
                .isInstanceOfSatisfying(
                        OffcutException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.USAGE))
                .hasMessageContainingAll(folder.resolve("client.yaml").toString(), "schedulerURL2");
    }
}
