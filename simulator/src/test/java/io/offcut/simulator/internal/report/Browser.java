package io.offcut.simulator.internal.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.opentest4j.TestAbortedException;

/**
 * A Chromium without a screen, driven by the Chrome DevTools Protocol. What its pages log, throw
 * and ask the network for is kept.
 */
public final class Browser implements AutoCloseable {
    private static final String LISTENING = "DevTools listening on ";
    private static final long TIMEOUT_SECONDS = 60;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> NAMES =
            List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");

    private final Process process;
    private final HttpClient http = HttpClient.newHttpClient();
    private final WebSocket socket;
    private final AtomicInteger ids = new AtomicInteger();
    private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
    private final Map<String, Tab> tabs = new ConcurrentHashMap<>();

    private Browser(Process process, String address) throws Exception {
        this.process = process;
        this.socket =
                http.newWebSocketBuilder()
                        .buildAsync(URI.create(address), new Receiver())
                        .get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    /**
     * Starts the browser of this machine; skips the test where there is none.
     *
     * @param folder for its profile
     */
    public static Browser start(Path folder) throws Exception {
        Process process =
                new ProcessBuilder(
                                program().toString(),
                                "--headless",
                                "--no-sandbox",
                                "--disable-gpu",
                                "--disable-dev-shm-usage",
                                "--no-first-run",
                                "--disable-extensions",
                                "--disable-background-networking",
                                "--disable-component-update",
                                "--hide-scrollbars",
                                "--user-data-dir=" + folder,
                                "--remote-debugging-port=0",
                                "about:blank")
                        .redirectErrorStream(true)
                        .start();
        CompletableFuture<String> address = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> drain(process, address));
        try {
            return new Browser(process, address.get(TIMEOUT_SECONDS, TimeUnit.SECONDS));
        } catch (Exception e) {
            process.destroyForcibly();
            throw e;
        }
    }

    private static Path program() {
        for (String folder : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
            for (String name : NAMES) {
                Path file = Path.of(folder, name);
                if (Files.isExecutable(file)) {
                    return file;
                }
            }
        }
        throw new TestAbortedException("needs Chromium in PATH (Debian: apt-get install chromium)");
    }

    private static void drain(Process process, CompletableFuture<String> address) {
        StringBuilder said = new StringBuilder();
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                said.append(line).append('\n');
                if (line.startsWith(LISTENING)) {
                    address.complete(line.substring(LISTENING.length()).strip());
                }
            }
        } catch (IOException e) {
            said.append(e);
        }
        address.completeExceptionally(new IllegalStateException("the browser ended: " + said));
    }

    /** Opens a file, as wide as this, and waits until it is loaded. */
    Tab open(Path file, int width, boolean dark) throws Exception {
        String target =
                call("", "Target.createTarget", Map.of("url", "about:blank"))
                        .path("targetId")
                        .asText();
        String session =
                call("", "Target.attachToTarget", Map.of("targetId", target, "flatten", true))
                        .path("sessionId")
                        .asText();
        Tab tab = new Tab(session);
        tabs.put(session, tab);
        for (String domain : List.of("Page", "Runtime", "Log", "Network")) {
            tab.call(domain + ".enable", Map.of());
        }
        tab.call(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", 900, "deviceScaleFactor", 1, "mobile", false));
        tab.dark(dark);
        tab.call("Page.navigate", Map.of("url", file.toUri().toString()));
        tab.loaded.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        return tab;
    }

    private JsonNode call(String session, String method, Map<String, ?> parameters)
            throws Exception {
        int id = ids.incrementAndGet();
        ObjectNode message = JSON.createObjectNode();
        message.put("id", id).put("method", method).set("params", JSON.valueToTree(parameters));
        if (!session.isEmpty()) {
            message.put("sessionId", session);
        }
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        answers.put(id, answer);
        synchronized (socket) {
            socket.sendText(message.toString(), true).get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        }
        JsonNode said = answer.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        if (said.has("error")) {
            throw new IllegalStateException(method + ": " + said.get("error"));
        }
        return said.path("result");
    }

    private void received(JsonNode message) {
        if (message.has("id")) {
            CompletableFuture<JsonNode> answer = answers.remove(message.get("id").asInt());
            if (answer != null) {
                answer.complete(message);
            }
            return;
        }
        Tab tab = tabs.get(message.path("sessionId").asText());
        if (tab != null) {
            tab.event(message.path("method").asText(), message.path("params"));
        }
    }

    @Override
    public void close() {
        socket.abort();
        http.shutdownNow();
        process.destroy();
        if (!process.onExit().completeOnTimeout(process, 10, TimeUnit.SECONDS).join().isAlive()) {
            return;
        }
        process.destroyForcibly();
    }

    /** One open page. */
    final class Tab {
        private final String session;
        private final CompletableFuture<Boolean> loaded = new CompletableFuture<>();
        private final List<String> complaints = new CopyOnWriteArrayList<>();
        private final List<String> requests = new CopyOnWriteArrayList<>();

        private Tab(String session) {
            this.session = session;
        }

        private JsonNode call(String method, Map<String, ?> parameters) throws Exception {
            return Browser.this.call(session, method, parameters);
        }

        private void event(String method, JsonNode said) {
            switch (method) {
                case "Page.loadEventFired" -> loaded.complete(true);
                case "Network.requestWillBeSent" -> requests.add(said.at("/request/url").asText());
                case "Runtime.exceptionThrown", "Log.entryAdded" -> complaints.add(said.toString());
                case "Runtime.consoleAPICalled" -> {
                    if (!said.path("type").asText().equals("log")) {
                        complaints.add(said.toString());
                    }
                }
                default -> {}
            }
        }

        /** The value of an expression. */
        JsonNode value(String script) throws Exception {
            JsonNode said =
                    call(
                            "Runtime.evaluate",
                            Map.of(
                                    "expression", script,
                                    "returnByValue", true,
                                    "awaitPromise", true));
            if (said.has("exceptionDetails")) {
                throw new IllegalStateException(script + ": " + said.get("exceptionDetails"));
            }
            return said.at("/result/value");
        }

        /** What was logged as a warning or worse, or thrown. */
        List<String> complaints() {
            return new ArrayList<>(complaints);
        }

        /** Addresses that were asked for. */
        List<String> requests() {
            return new ArrayList<>(requests);
        }

        void dark(boolean dark) throws Exception {
            Map<String, String> scheme =
                    Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light");
            call("Emulation.setEmulatedMedia", Map.of("features", List.of(scheme)));
        }

        /** The page on paper. */
        byte[] pdf() throws Exception {
            JsonNode said = call("Page.printToPDF", Map.of("preferCSSPageSize", true));
            return Base64.getDecoder().decode(said.path("data").asText());
        }

        /** The whole page as a picture. */
        byte[] png() throws Exception {
            JsonNode said = call("Page.captureScreenshot", Map.of("captureBeyondViewport", true));
            return Base64.getDecoder().decode(said.path("data").asText());
        }
    }

    private final class Receiver implements WebSocket.Listener {
        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
            text.append(part);
            if (last) {
                try {
                    received(JSON.readTree(text.toString()));
                } catch (JsonProcessingException e) {
                    throw new IllegalStateException("not JSON: " + text, e);
                }
                text.setLength(0);
            }
            from.request(1);
            return CompletableFuture.completedFuture(null);
        }
    }
}
