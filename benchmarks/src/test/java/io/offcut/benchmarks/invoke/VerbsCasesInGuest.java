package io.offcut.benchmarks.invoke;

import io.offcut.benchmarks.invoke.CaseResult.Client;
import io.offcut.cli.Io;
import io.offcut.cli.demo.LocalDaemon;
import io.offcut.cli.output.JsonOut;
import io.offcut.cli.output.Terminal;
import io.offcut.client.ClientConfig;
import io.offcut.client.OffcutClient;
import io.offcut.client.config.ConfigLoader;
import io.offcut.core.CpuSet;
import io.offcut.linux.CpuAffinity;
import io.offcut.scheduler.SchedulerConfig;
import io.offcut.scheduler.SchedulerServer;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A few calls of each kind by RDMA, with both clients and one node. {@link VerbsCasesTest} runs it
 * on a machine with a device, where everything takes ten times as long and nothing is timed.
 */
final class VerbsCasesInGuest {
    private static final Effort LITTLE = new Effort(1, 5_000);
    private static final Duration LIMIT = Duration.ofMinutes(3);

    private VerbsCasesInGuest() {}

    /**
     * Arguments: the folder of the C client's programs, that of the functions, and the file that
     * gets the results.
     */
    public static void main(String[] arguments) throws Exception {
        CpuAffinity.pinCurrentThread(CpuSet.of(0));
        Path dir = Files.createTempDirectory("offcut-bench");
        Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
        SchedulerConfig config = SchedulerConfig.defaults().withAddress("127.0.0.1", 0);
        List<CaseResult> all = new ArrayList<>();
        try (SchedulerServer scheduler =
                        SchedulerServer.start(config.withStateDir(dir.resolve("scheduler")));
                LocalDaemon node = startNode(dir, scheduler.uri().toString());
                OffcutClient client = connect(scheduler.uri().toString());
                RawVerbs raw = new RawVerbs(1, VerbsCases.deviceAddress())) {
            BenchSite.push(client, Path.of(arguments[1]), dir.resolve("native.zip"));
            String url = scheduler.uri().toString();
            Path programs = Path.of(arguments[0]);
            measure(Client.JAVA, options -> new OurEnd(client.lease(options), LIMIT), raw, all);
            measure(Client.C, options -> CCaller.open(programs, url, options), raw, all);
            System.out.println("node " + node.process().pid());
        }
        Io io =
                new Io(
                        InputStream.nullInputStream(),
                        System.out,
                        System.err,
                        Terminal.detect(Map.of()),
                        ConfigLoader.system());
        InvokeCommand.print(io, InvokeCommand.Format.TABLE, 1, all);
        Files.writeString(Path.of(arguments[2]), JsonOut.text(all));
        // Threads that a failed case left must not hold up the end.
        System.exit(0);
    }

    private static void measure(Client by, Caller.Opener opener, RawVerbs raw, List<CaseResult> all)
            throws Exception {
        new VerbsCases(opener, raw, LITTLE)
                .each((name, measure) -> {
                    System.out.println(by.label() + ": " + name);
                    boolean ignored = all.add(measure.measure().by(by));
                });
    }

    private static OffcutClient connect(String url) {
        return OffcutClient.connect(
                new ClientConfig(url, "", "", "bench", "", 30_000, 100_000, 20));
    }

    private static LocalDaemon startNode(Path dir, String schedulerUrl) {
        Map<String, Object> config = new HashMap<>();
        config.put("name", "bench");
        config.put("schedulerUrl", schedulerUrl);
        config.put("port", 0);
        config.put("cpus", "1");
        config.put("stateDir", dir.resolve("node").toString());
        config.put("memoryBytes", 1L << 30);
        config.put("reserveMemoryBytes", 0);
        config.put("busyThreshold", 1.0);
        config.put("offerAfterSamples", 1);
        config.put("startTimeoutMillis", 120_000);
        config.put("prewarmedExecutors", 0);
        config.put("slots", RawMemory.SLOTS);
        config.put("cgroups", "off");
        return LocalDaemon.start("node", "node", config, dir, LIMIT);
    }
}
