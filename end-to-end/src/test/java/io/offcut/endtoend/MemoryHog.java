package io.offcut.endtoend;

import io.offcut.client.ClientConfig;
import io.offcut.client.MemoryOptions;
import io.offcut.client.OffcutClient;
import io.offcut.client.RemoteMemory;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/** A client that has memory until it is killed: {@code MemoryHog url bytes ttlMillis}. */
final class MemoryHog {
    private MemoryHog() {}

    public static void main(String[] arguments) throws Exception {
        ClientConfig config = ClientConfig.defaults().withSchedulerUrl(arguments[0]);
        MemoryOptions options =
                MemoryOptions.of(Long.parseLong(arguments[1]))
                        .ttl(Duration.ofMillis(Long.parseLong(arguments[2])));
        try (OffcutClient client = OffcutClient.connect(config);
                RemoteMemory memory = client.allocate(options)) {
            System.out.println(memory.write(0, MemorySegment.ofArray(new byte[1])));
            System.out.flush();
            Thread.sleep(Duration.ofMinutes(2));
        }
    }
}
