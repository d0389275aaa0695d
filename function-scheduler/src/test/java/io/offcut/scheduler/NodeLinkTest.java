package io.offcut.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.offcut.core.link.SchedulerMessage;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeLinkTest {
    private static final String NODE =
            "{\"name\":\"n1\",\"url\":\"http://127.0.0.1:1\",\"hostId\":\"h\",\"cpus\":\"0-1\",\"memoryBytes\":1,"
                    + "\"transports\":[],\"features\":[],\"labels\":{}}";
    private static final String SNAPSHOT =
            "{\"type\":\"snapshot\",\"sequence\":1,\"protocolVersion\":2,\"incarnation\":5,\"node\":"
                    + NODE
                    + ",\"offers\":[],\"leases\":[]}";

    @TempDir Path state;
    private SchedulerServer server;
    private Api api;

    @BeforeEach
    void start() {
        server = Servers.start(state);
        api = Api.of(server);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void welcomesFirstWithHeartbeatAndKey() {
        try (FakeNode node = FakeNode.connect(server.uri(), "n1")) {
            SchedulerMessage.Welcome welcome = node.await(SchedulerMessage.Welcome.class);
            assertThat(welcome.heartbeatMillis()).isEqualTo(1000);
            assertThat(welcome.publicKeys()).hasSize(1);
        }
    }

    @Test
    void acceptsTheMessagesAsTheyAreWritten() {
        try (FakeNode node = FakeNode.connect(server.uri(), "n1")) {
            node.sendRaw(SNAPSHOT);
            Servers.awaitState(api, "n1", "UP");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`\"protocolVersion\":2` | `\"protocolVersion\":3`   | 4426 | link protocol 3",
                "`\"protocolVersion\":2` | `\"future\":true`         | 4426 | link protocol 0",
                "`snapshot`              | `heartbeat`               | 1002 | snapshot",
                "`snapshot`              | `nonsense`                | 1002 | snapshot",
                "`{\"type\"`             | `{{`                      | 1007 | not a message",
                "`\"sequence\":1`        | `\"sequence\":\"x\"`      | 1007 | not a message",
                "`\"sequence\":1`        | `\"sequence\":1,\"a\":1`  | 1007 | not a message",
                "`\"n1\"`                | `\"../n1\"`               | 1007 | name or url",
                "`\"n1\"`                | `\"\"`                    | 1007 | not a message",
                "`\"n1\"`                | `null`                    | 1007 | not a message",
                "`\"h\"`                 | `null`                    | 1007 | 'node.hostId' is missing",
                "`http://127.0.0.1:1`    | `javascript:alert(1)`     | 1007 | name or url",
                "`\"0-1\"`               | `\"0-99999\"`             | 1007 | not a message",
                "`\"offers\":[]`         | `\"offers\":[null]`       | 1007 | not a message",
                "`\"offers\":[]`         | `\"offers\":[{\"offerId\":\"o\"}]` | 1007 | not a message",
                "`\"leases\":[]`         | `\"leases\":[{}]`         | 1007 | not a message",
            })
    void closesALinkThatSaysSomethingWrong(String from, String to, int status, String words) {
        try (FakeNode node = FakeNode.connect(server.uri(), "n1")) {
            assertThat(SNAPSHOT).contains(from);
            node.sendRaw(SNAPSHOT.replace(from, to));
            assertThat(node.awaitClose()).startsWith(status + " ").contains(words);
        }
        assertThat(api.json("/v1/nodes").size()).isZero();
    }

    @Test
    void closesALinkThatSendsTooMuchOrTooDeep() {
        try (FakeNode node = FakeNode.connect(server.uri(), "n1")) {
            node.sendRaw("[".repeat(100_000));
            assertThat(node.awaitClose()).startsWith("1007 ");
        }
        try (FakeNode node = FakeNode.connect(server.uri(), "n1")) {
            // The link may be gone before all of it is sent.
            node.sendUnheard(" ".repeat(5 << 20));
            assertThat(node.awaitClose()).matches("(?s)(1009|error) .*");
        }
        assertThat(api.send("GET", "/healthz").statusCode()).isEqualTo(200);
    }

    @Test
    void aSecondLinkOfANodeReplacesTheFirst() {
        try (FakeNode first = Servers.connect(server, api, "n1", "0-1");
                FakeNode second = FakeNode.connect(server.uri(), "n1")) {
            second.snapshot("0-3", 1L << 30);
            assertThat(first.awaitClose()).startsWith("4409 ");
            await().atMost(Servers.LONG)
                    .until(() -> api.json("/v1/nodes").at("/0/node/cpus").asText(), "0-3"::equals);
            assertThat(second.isClosed()).isFalse();
            assertThat(Servers.state(api, "n1")).isEqualTo("UP");
        }
    }

    @Test
    void aLinkBelongsToOneNode() {
        try (FakeNode node = FakeNode.connect(server.uri(), "n1")) {
            node.sendRaw(SNAPSHOT);
            node.sendRaw(SNAPSHOT.replace("\"n1\"", "\"n2\"").replace(":1,\"prot", ":2,\"prot"));
            assertThat(node.awaitClose()).contains("belongs to one node");
        }
    }

    @Test
    void asksForASnapshotWhenAMessageIsMissing() {
        try (FakeNode node = FakeNode.connect(server.uri(), "n1")) {
            node.sendRaw(SNAPSHOT);
            node.sendRaw("{\"type\":\"heartbeat\",\"sequence\":7}");
            assertThat(node.await(SchedulerMessage.SendSnapshot.class)).isNotNull();
        }
    }

    @Test
    void aStoppingSchedulerSaysGoodbye() {
        try (FakeNode node = Servers.connect(server, api, "n1", "0-1")) {
            server.close();
            assertThat(node.awaitClose()).startsWith("1001 ");
        }
    }
}
