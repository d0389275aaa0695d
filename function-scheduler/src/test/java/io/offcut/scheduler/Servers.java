package io.offcut.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.Assertions;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What the tests over HTTP share. */
final class Servers {
    static final Duration LONG = Duration.ofSeconds(20);

    private Servers() {}

    /** On a free port of loopback, for whoever is on this machine. */
    static SchedulerConfig config(Path state) {
        return SchedulerConfig.defaults().withStateDir(state).withAddress("127.0.0.1", 0);
    }

    static SchedulerServer start(Path state) {
        return SchedulerServer.start(config(state));
    }

    /** A connected node that offers these cores. */
    static FakeNode connect(SchedulerServer server, Api operator, String name, String cores) {
        FakeNode node = FakeNode.connect(server.uri(), name);
        node.snapshot(cores, 1L << 30);
        awaitState(operator, name, "UP");
        return node;
    }

    static void awaitState(Api api, String name, String state) {
        await().atMost(LONG).until(() -> state(api, name), state::equals);
    }

    /** The state of a node; empty when it is not known. */
    static String state(Api api, String name) {
        for (JsonNode view : api.json("/v1/nodes")) {
            if (view.at("/node/name").asText().equals(name)) {
                return view.get("state").asText();
            }
        }
        return "";
    }

    /** The answer is a refusal in the one form, and its line has these words. */
    static void refused(HttpResponse<byte[]> answer, int status, ErrorCode code, String... words) {
        String text = new String(answer.body(), StandardCharsets.UTF_8);
        assertThat(answer.statusCode()).as(text).isEqualTo(status);
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/json");
        JsonNode body = Api.json(answer);
        assertThat(body.size()).isEqualTo(2);
        assertThat(body.get("error").asText()).as(text).isEqualTo(code.name());
        String message = body.get("message").asText();
        assertThat(message).doesNotContain("\n", "Exception", "com.fasterxml");
        assertThat(List.of(words)).allSatisfy(word -> assertThat(message).contains(word));
    }

    static void refused(ThrowingCallable call, ErrorCode code, String... words) {
        Assertions.assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> {
                            assertThat(e.code()).as(e.getMessage()).isEqualTo(code);
                            assertThat(e.getMessage()).doesNotContain("\n");
                            assertThat(List.of(words))
                                    .allSatisfy(word -> assertThat(e.getMessage()).contains(word));
                        });
    }
}
