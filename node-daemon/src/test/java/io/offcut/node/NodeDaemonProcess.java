package io.offcut.node;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** A node daemon as a process of its own: {@code NodeDaemonProcess config.json}. */
final class NodeDaemonProcess {
    private NodeDaemonProcess() {}

    public static void main(String[] args) throws Exception {
        Map<String, Object> config =
                new ObjectMapper()
                        .readValue(Files.readString(Path.of(args[0])), new TypeReference<>() {});
        NodeDaemon daemon = NodeDaemon.start(NodeConfig.of(config));
        Runtime.getRuntime().addShutdownHook(new Thread(daemon::close));
        System.out.println("ready at " + daemon.uri());
        new CountDownLatch(1).await();
    }
}
