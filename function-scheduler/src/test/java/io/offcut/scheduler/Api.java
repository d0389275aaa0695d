package io.offcut.scheduler;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.core.api.RequestView;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** The HTTP API as one user sees it. */
record Api(URI base, HttpClient client, List<String> headers) {
    static Api of(SchedulerServer server, String... headers) {
        return new Api(server.uri(), HttpClient.newHttpClient(), List.of(headers));
    }

    Api with(String name, String value) {
        List<String> more = new ArrayList<>(headers);
        more.add(name);
        more.add(value);
        return new Api(base, client, more);
    }

    Api user(String name) {
        return with("Offcut-User", name);
    }

    Api token(String token) {
        return with("Authorization", "Bearer " + token);
    }

    HttpRequest request(String method, String path, byte[] body) {
        HttpRequest.Builder builder =
                HttpRequest.newBuilder(URI.create(base + path))
                        .timeout(Duration.ofSeconds(60))
                        .method(
                                method,
                                body.length == 0
                                        ? BodyPublishers.noBody()
                                        : BodyPublishers.ofByteArray(body));
        if (!headers.isEmpty()) {
            builder.headers(headers.toArray(String[]::new));
        }
        return builder.build();
    }

    HttpResponse<byte[]> send(String method, String path, byte[] body) {
        try {
            HttpResponse<byte[]> answer =
                    client.send(
                            request(method, path, body), HttpResponse.BodyHandlers.ofByteArray());
            Description.requireStatus(method, path, answer.statusCode());
            return answer;
        } catch (IOException e) {
            throw new AssertionError(method + " " + path, e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    HttpResponse<byte[]> send(String method, String path, String body) {
        return send(method, path, body.getBytes(StandardCharsets.UTF_8));
    }

    HttpResponse<byte[]> send(String method, String path) {
        return send(method, path, new byte[0]);
    }

    CompletableFuture<HttpResponse<byte[]>> sendAsync(String method, String path) {
        return client.sendAsync(
                request(method, path, new byte[0]), HttpResponse.BodyHandlers.ofByteArray());
    }

    JsonNode json(String method, String path, String body) {
        return json(send(method, path, body));
    }

    JsonNode json(String path) {
        return json(send("GET", path));
    }

    static JsonNode json(HttpResponse<byte[]> response) {
        try {
            return FakeNode.JSON.readTree(response.body());
        } catch (IOException e) {
            throw new AssertionError(
                    "not JSON: " + new String(response.body(), StandardCharsets.UTF_8));
        }
    }

    static RequestView view(HttpResponse<byte[]> response) {
        try {
            return FakeNode.JSON.readValue(response.body(), RequestView.class);
        } catch (IOException e) {
            throw new AssertionError(
                    response.statusCode()
                            + " "
                            + new String(response.body(), StandardCharsets.UTF_8),
                    e);
        }
    }

    /** Asks for workers and expects to get a request. */
    RequestView lease(String bundle, int workers, String more) {
        HttpResponse<byte[]> response =
                send(
                        "POST",
                        "/v1/leases",
                        "{\"bundle\": \""
                                + bundle
                                + "\", \"workers\": "
                                + workers
                                + ", \"memoryBytesPerWorker\": 1000000"
                                + more
                                + "}");
        if (response.statusCode() != 201) {
            throw new AssertionError(
                    response.statusCode()
                            + " "
                            + new String(response.body(), StandardCharsets.UTF_8));
        }
        return view(response);
    }

    /** Pushes a bundle of this name with one command function; returns its hash. */
    String push(String name) {
        HttpResponse<byte[]> response = send("PUT", "/v1/functions", bundle(name, ""));
        if (response.statusCode() != 201) {
            throw new AssertionError(
                    response.statusCode()
                            + " "
                            + new String(response.body(), StandardCharsets.UTF_8));
        }
        return json(response).get("bundle").textValue();
    }

    /** A small bundle; the note makes its hash another. */
    static byte[] bundle(String name, String note) {
        String manifest =
                "name: "
                        + name
                        + "\nfunctions:\n  - {name: gzip, kind: command, command: [gzip, -c]}\n";
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(entry("offcut.yaml"));
            zip.write(manifest.getBytes(StandardCharsets.UTF_8));
            zip.putNextEntry(entry("note"));
            zip.write(note.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return bytes.toByteArray();
    }

    /** The time must not make the hash another. */
    private static ZipEntry entry(String name) {
        ZipEntry entry = new ZipEntry(name);
        entry.setTimeLocal(LocalDateTime.of(2000, 1, 1, 0, 0));
        return entry;
    }
}
