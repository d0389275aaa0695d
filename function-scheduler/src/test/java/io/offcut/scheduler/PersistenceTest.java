package io.offcut.scheduler;

import static io.offcut.scheduler.Servers.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.core.ErrorCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lies in the state folder, and starting in a world that is not as it should be. */
class PersistenceTest {
    @TempDir Path state;

    private static String mode(Path file) throws Exception {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    private static String line(String lease, String user, int cores, String reason) {
        return "{\"leaseId\":\""
                + lease
                + "\",\"requestId\":\"r\",\"user\":\""
                + user
                + "\",\"node\":\"n\",\"bundle\":\"b\",\"cores\":"
                + cores
                + ",\"memoryBytes\":1,\"reason\":\""
                + reason
                + "\",\"grantedAtMillis\":1000,\"endedAtMillis\":3000,\"invocations\":5,\"cpuMicros\":70,\"activeMillis\":9}\n";
    }

    @Test
    void keepsSecretsToItself() throws Exception {
        Path folder = state.resolve("new/folder");
        Servers.start(folder).close();
        assertThat(mode(folder)).isEqualTo("rwx------");
        assertThat(mode(folder.resolve("signing-key"))).isEqualTo("rw-------");
        assertThat(mode(folder.resolve("accounting.jsonl"))).isEqualTo("rw-------");
        Files.setPosixFilePermissions(
                folder.resolve("signing-key"), PosixFilePermissions.fromString("rw-r-----"));
        refused(() -> Servers.start(folder).close(), ErrorCode.FORBIDDEN, "chmod 600");
    }

    @Test
    void refusesAFolderThatOthersMayLookInto() throws Exception {
        Servers.start(state).close();
        for (String open : new String[] {"rwxr-xr-x", "rwx-----x", "rwxrwx---"}) {
            Files.setPosixFilePermissions(state, PosixFilePermissions.fromString(open));
            refused(() -> Servers.start(state).close(), ErrorCode.FORBIDDEN, "chmod 700 " + state);
        }
        Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("rwx------"));
        Servers.start(state).close();
    }

    @Test
    void refusesADamagedKeyInsteadOfMakingAnother() throws Exception {
        Servers.start(state).close();
        Path key = state.resolve("signing-key");
        byte[] good = Files.readAllBytes(key);
        for (String bad : new String[] {"", "x", "eA==\neA==\n"}) {
            Files.writeString(key, bad);
            refused(() -> Servers.start(state).close(), ErrorCode.INVALID_INPUT, "signing-key");
        }
        Path other = state.resolve("other");
        Servers.start(other).close();
        String firstHalf =
                new String(good, StandardCharsets.US_ASCII).lines().findFirst().orElseThrow();
        String otherHalf = Files.readAllLines(other.resolve("signing-key")).get(1);
        String mixed = firstHalf + "\n" + otherHalf + "\n";
        Files.writeString(key, mixed);
        refused(() -> Servers.start(state).close(), ErrorCode.INVALID_INPUT, "signing-key");
        Files.write(key, good);
        Servers.start(state).close();
    }

    @Test
    void refusesAFolderOrPortInUse() throws Exception {
        try (SchedulerServer first = Servers.start(state)) {
            refused(() -> Servers.start(state).close(), ErrorCode.CONFLICT, "stateDir");
            int port = first.uri().getPort();
            SchedulerConfig same =
                    Servers.config(state.resolve("other")).withAddress("127.0.0.1", port);
            refused(
                    () -> SchedulerServer.start(same).close(),
                    ErrorCode.CONFLICT,
                    "port " + port,
                    "in use");
        }
        Servers.start(state).close();
        Servers.start(state.resolve("other")).close();
        refused(
                () ->
                        SchedulerServer.start(
                                        Servers.config(state)
                                                .withAddress("no.such.host.invalid", 0))
                                .close(),
                ErrorCode.USAGE,
                "no.such.host.invalid");
    }

    @Test
    void rebuildsTotalsAndForgivesATornLastLine() throws Exception {
        Path file = state.resolve("accounting.jsonl");
        String whole =
                line("a-1", "ada", 2, "RELEASED")
                        + line("a-2", "bob", 1, "RECLAIMED")
                        + "what is this\n"
                        + line("a-3", "ada", 1, "EXPIRED")
                        + line("a-3", "ada", 1, "EXPIRED");
        Files.writeString(file, whole + line("a-4", "ada", 1, "RELEASED").substring(0, 40));
        try (SchedulerServer server = Servers.start(state)) {
            JsonNode usage = Api.of(server).json("/v1/usage");
            assertThat(usage.size()).isEqualTo(2);
            assertThat(usage.at("/0/leases").asLong()).isEqualTo(2);
            assertThat(usage.at("/0/coreMillis").asLong()).isEqualTo(2 * 2000 + 2000);
            assertThat(usage.at("/0/invocations").asLong()).isEqualTo(10);
            assertThat(usage.at("/1/leasesReclaimed").asLong()).isEqualTo(1);
        }
        assertThat(file).hasContent(whole);
    }

    @Test
    void appendsOneLineForEachEndedLease() throws Exception {
        try (SchedulerServer server = Servers.start(state)) {
            Api api = Api.of(server).user("ada");
            String bundle = api.push("f");
            try (FakeNode node = Servers.connect(server, api, "n1", "0-3")) {
                String request = api.lease(bundle, 2, "").requestId();
                api.send("DELETE", "/v1/leases/" + request);
                node.fallSilent();
                await().atMost(Servers.LONG).until(() -> api.json("/v1/usage").size() == 1);
            }
        }
        assertThat(Files.readAllLines(state.resolve("accounting.jsonl")))
                .singleElement()
                .satisfies(text ->
                        assertThat(FakeNode.JSON.readTree(text).get("cores").asInt()).isEqualTo(2));
    }

    @Test
    void refusesADamagedCatalogue() throws Exception {
        Files.writeString(state.resolve("functions.json"), "[{\"bundle\":1");
        refused(() -> Servers.start(state).close(), ErrorCode.INVALID_INPUT, "functions.json");
        Files.writeString(state.resolve("functions.json"), "[]");
        Servers.start(state).close();
    }

    @Test
    void removesArchivesThatNobodyRefersTo() throws Exception {
        String bundle;
        try (SchedulerServer server = Servers.start(state)) {
            bundle = Api.of(server).push("f");
        }
        Files.writeString(state.resolve("functions.json"), "[]");
        Path archive = state.resolve("functions/bundles/" + bundle + ".zip");
        assertThat(archive).exists();
        Servers.start(state).close();
        assertThat(archive).doesNotExist();
    }

    @Test
    void aFullDiskRefusesPushesDelaysAccountingAndLosesNothing() throws Exception {
        Path disk = Files.createDirectory(state.resolve("disk"));
        assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk.toString()) == 0,
                "needs root: a small file system is mounted");
        try {
            fillDisk(disk);
        } finally {
            assertThat(run("umount", disk.toString())).isZero();
        }
    }

    private static void fillDisk(Path disk) throws Exception {
        Path ballast = disk.resolve("ballast");
        try (SchedulerServer server = Servers.start(disk.resolve("state"))) {
            Api api = Api.of(server).user("ada");
            String bundle = api.push("f");
            try (FakeNode node = Servers.connect(server, api, "n1", "0-3")) {
                fill(ballast);
                refused(
                        api.send("PUT", "/v1/functions", Api.bundle("g", "x".repeat(9_000_000))),
                        507,
                        ErrorCode.EXHAUSTED,
                        "disk is full");
                String request = api.lease(bundle, 1, "").requestId();
                api.send("DELETE", "/v1/leases/" + request);
                node.fallSilent();
                await().atMost(Servers.LONG)
                        .until(() -> api.send("GET", "/healthz").statusCode() == 503);
                assertThat(api.json("/healthz").get("message").asText()).contains("disk is full");
                refused(
                        api.send("POST", "/v1/nodes/n1/drain"),
                        507,
                        ErrorCode.EXHAUSTED,
                        "disk is full");
                assertThat(api.json("/v1/nodes").toString())
                        .contains("n1")
                        .doesNotContain("by ada");
                Files.delete(ballast);
                await().atMost(Servers.LONG)
                        .until(() -> api.send("GET", "/healthz").statusCode() == 200);
                assertThat(api.json("/v1/functions").size()).isEqualTo(1);
            }
        }
        assertThat(Files.readAllLines(disk.resolve("state/accounting.jsonl"))).hasSize(1);
    }

    private static void fill(Path ballast) throws Exception {
        byte[] block = new byte[4096];
        try (var out = Files.newOutputStream(ballast, StandardOpenOption.CREATE)) {
            for (int i = 0; i < 1_000; i++) {
                out.write(block);
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("No space left");
        }
    }

    private static int run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getInputStream().readAllBytes();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }
}
