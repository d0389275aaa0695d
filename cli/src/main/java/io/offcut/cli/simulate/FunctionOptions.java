package io.offcut.cli.simulate;

import io.offcut.cli.output.Units;
import io.offcut.cli.trace.LogFiles;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.simulator.ArrivalSource;
import io.offcut.simulator.ClusterSpec;
import io.offcut.simulator.FunctionConfig;
import io.offcut.simulator.FunctionConfig.Executors;
import io.offcut.simulator.FunctionConfig.Load;
import io.offcut.simulator.FunctionConfig.Policy;
import io.offcut.simulator.FunctionConfig.Policy.Fit;
import io.offcut.simulator.FunctionConfig.Policy.Place;
import io.offcut.simulator.FunctionConfig.Policy.Reclaim;
import io.offcut.simulator.FunctionConfig.Transport;
import io.offcut.simulator.Interference;
import io.offcut.simulator.RandomArrivals;
import io.offcut.simulator.RandomArrivals.Service;
import io.offcut.simulator.TraceArrivals;
import io.offcut.traces.AzureFunctions;
import io.offcut.traces.FunctionTrace;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import picocli.CommandLine.Option;

/** What runs on the idle cores: a model with its parameters, and how it is placed. */
final class FunctionOptions {
    /** The logarithm of a time has no wider spread than this. */
    private static final double MOST_SIGMA = 100;

    /** As of the scheduler's key. */
    private static final double MOST_QUANTILE = 0.9;

    @Option(
            names = "--functions",
            paramLabel = "FILE|MODEL",
            defaultValue = "none",
            description = {
                "fit (as much as fits), poisson (calls at random), offload (jobs that let leases"
                        + " do part of their work) or none. Parameters follow as ,key=value:",
                "Or the calls of a trace: Azure's of 2019 (a folder) or of 2021 (a file), with"
                        + " patience, hold, idempotent and payload as for poisson.",
                "any: memory=256M of a worker; class=compute|memory|solver, for --interference;"
                        + " memory-leases=off|on, on nodes without an idle core; cold=90ms,"
                        + " prewarmed-start=15ms, kept-start=11ms, prewarmed=1, keep-warm=1m:"
                        + " start of executors; transport=tcp|shm|rdma.",
                "poisson: rate=60 bursts an hour of burst=16 calls; swing=0 of the day, to 1;"
                        + " functions=1; service=exp,mean=300s | lognormal,median=1s,sigma=1 |"
                        + " pareto,least=100ms,shape=1.5; patience=10m; hold=1m of an idle lease;"
                        + " idempotent=1; payload=64K.",
                "offload: jobs=1 and share=0.5 of their work; workers=1 for each core."
            })
    String functions = "";

    @Option(
            names = "--policy",
            paramLabel = "POLICY",
            defaultValue = "lease",
            description = {
                "lease,place=default|pack,hold-off=3s,underused=off|on,idle-quantile=0,freeze=1ms,"
                        + "evict=22ms: nodes"
                        + " offer cores that were idle for so long; underused: also those that a"
                        + " job holds and was not measured to use, as the node daemon does on"
                        + " demand; idle-quantile: work goes where idleness is expected to last,"
                        + " as with the scheduler's key of that name; freeze, evict: when a"
                        + " job takes cores of a lease, so long until they, and its memory, are free.",
                "pilot,lengths=2:4:6:8:14:22:34:56:90,warm-up=20s,fit=greedy|preempted: pilot jobs"
                        + " of so many minutes on wholly idle nodes, for --functions fit."
            })
    String policy = "";

    @Option(
            names = "--interference",
            paramLabel = "TABLE",
            defaultValue = "measured",
            description =
                    "What functions and jobs on one node do to each other: measured, none, or a"
                            + " file of lines 'pair JOB-CLASS FUNCTION-CLASS JOB-SLOWDOWN"
                            + " FUNCTION-SLOWDOWN', 'job FIELD VALUE CLASS' and 'job default"
                            + " CLASS'.")
    String interference = "";

    /**
     * @param machine that has to have room for a worker
     * @param seed of what a trace leaves open
     * @param err where complaints about a trace go
     */
    FunctionConfig config(ClusterSpec machine, long seed, PrintWriter err) {
        Words model = new Words("--functions", functions);
        FunctionConfig defaults = FunctionConfig.DEFAULT;
        Load load = load(model, machine, seed, err);
        Policy chosen = policy(new Words("--policy", policy));
        if (chosen instanceof Policy.Pilots
                && !(load instanceof Load.None || load instanceof Load.Standing)) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "--policy pilot is for --functions fit alone, not for " + model.name());
        }
        FunctionConfig config =
                defaults.with(load)
                        .with(chosen)
                        .with(executors(model, defaults.executors()))
                        .with(transport(model))
                        .withWorkerMemory(model.bytes("memory", defaults.memoryBytesPerWorker()))
                        .withMemoryLeases(model.flag("memory-leases", false))
                        .with(interference(), model.text("class", defaults.functionClass()));
        model.checkAllTaken();
        checkRoom(model, config, machine);
        if (!config.isNone() && !config.interference().knowsFunctions(config.functionClass())) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "--functions class="
                            + config.functionClass()
                            + ": --interference has no pair of this class of functions");
        }
        return config;
    }

    /** What fits nowhere would have no lease, and nobody would know why. */
    private static void checkRoom(Words model, FunctionConfig config, ClusterSpec machine) {
        long most = machine.memoryBytesPerNode();
        if (!config.isNone() && config.memoryBytesPerWorker() > most) {
            throw model.usage(
                    "memory: no node has room for a worker of "
                            + Units.bytes(config.memoryBytesPerWorker())
                            + ": the largest has "
                            + Units.bytes(most)
                            + " (--node-memory-mib, --nodes-file)");
        }
    }

    private static Load load(Words model, ClusterSpec machine, long seed, PrintWriter err) {
        return switch (model.name()) {
            case "none" -> new Load.None();
            case "fit" -> new Load.Standing();
            case "offload" ->
                    new Load.Offload(
                            model.permille("jobs", 1),
                            model.permille("share", 0.5),
                            Math.max(1, (int) Math.round(1000 * model.numberAbove0("workers", 1))));
            case "poisson" -> open(model, arrivals(model));
            default -> open(model, trace(model, machine, seed, err));
        };
    }

    private static ArrivalSource trace(
            Words model, ClusterSpec machine, long seed, PrintWriter err) {
        Path path = Path.of(model.name());
        if (!Files.exists(path)) {
            throw model.usage("is no file, and not fit, poisson, offload or none");
        }
        FunctionTrace trace = AzureFunctions.read(path, seed);
        LogFiles.warn(err, model.name(), trace.complaints());
        warnOfLarge(model, trace, machine, err);
        return new TraceArrivals(String.valueOf(path.getFileName()), trace);
    }

    private static void warnOfLarge(
            Words model, FunctionTrace trace, ClusterSpec machine, PrintWriter err) {
        long most = machine.memoryBytesPerNode();
        long large =
                IntStream.range(0, trace.functions().size())
                        .filter(function -> trace.functionMemoryBytes(function) > most)
                        .count();
        if (large > 0) {
            err.printf(
                    "offcut: %s: %s of %d fit on no node, of which the largest has %s: their calls"
                            + " are dropped%n",
                    model.name(),
                    Units.counted(large, "function"),
                    trace.functions().size(),
                    Units.bytes(most));
        }
    }

    private static Load open(Words model, ArrivalSource arrivals) {
        return new Load.Open(
                arrivals,
                model.millis("patience", 600_000),
                model.millis("hold", 60_000),
                model.permille("idempotent", 1),
                model.bytes("payload", 64 << 10));
    }

    private static RandomArrivals arrivals(Words model) {
        return new RandomArrivals(
                model.numberAbove0("rate", 60),
                model.count("burst", 1, 16),
                service(model),
                model.count("functions", 1, 1),
                model.numberUpTo(1, "swing", 0));
    }

    private static Service service(Words model) {
        String kind = model.text("service", "exp");
        model.narrow("service", kind);
        return switch (kind) {
            case "exp" -> new Service.Exponential(model.positiveMillis("mean", 300_000));
            case "lognormal" ->
                    new Service.LogNormal(
                            model.positiveMillis("median", 1_000),
                            model.numberUpTo(MOST_SIGMA, "sigma", 1));
            case "pareto" ->
                    new Service.Pareto(
                            model.positiveMillis("least", 100), model.numberAbove0("shape", 1.5));
            default -> throw model.usage("service is exp, lognormal or pareto, not " + kind);
        };
    }

    private static Executors executors(Words model, Executors defaults) {
        return new Executors(
                model.millis("cold", defaults.coldMillis()),
                model.millis("prewarmed-start", defaults.prewarmedMillis()),
                model.millis("kept-start", defaults.keptMillis()),
                model.count("prewarmed", 0, defaults.prewarmed()),
                model.millis("keep-warm", defaults.keepWarmMillis()),
                defaults.overheadBytes());
    }

    private static Transport transport(Words model) {
        String name = model.text("transport", "tcp");
        for (Transport transport : List.of(Transport.SHM, Transport.TCP, Transport.RDMA)) {
            if (transport.name().equals(name)) {
                return transport;
            }
        }
        throw model.usage("transport is shm, tcp or rdma, not " + name);
    }

    private static Policy policy(Words words) {
        Policy chosen =
                switch (words.name()) {
                    case "lease" ->
                            new Policy.Leases(
                                    words.choice("place", Place.DEFAULT),
                                    words.millis("hold-off", 3_000),
                                    words.flag("underused", false),
                                    words.numberUpTo(MOST_QUANTILE, "idle-quantile", 0),
                                    reclaim(words));
                    case "pilot" ->
                            new Policy.Pilots(
                                    lengths(words),
                                    words.millis("warm-up", 20_000),
                                    words.choice("fit", Fit.GREEDY));
                    default -> throw words.usage("is lease or pilot");
                };
        words.checkAllTaken();
        return chosen;
    }

    private static Reclaim reclaim(Words words) {
        long freezeMillis = words.millis("freeze", Reclaim.MEASURED.freezeMillis());
        long evictMillis =
                words.millis("evict", Math.max(freezeMillis, Reclaim.MEASURED.evictMillis()));
        if (evictMillis < freezeMillis) {
            throw words.usage("evict is not sooner than freeze");
        }
        return new Reclaim(freezeMillis, evictMillis);
    }

    private static List<Long> lengths(Words words) {
        String text = words.text("lengths", "");
        if (text.isEmpty()) {
            return Policy.Pilots.LENGTHS_MILLIS;
        }
        List<Long> lengths = new ArrayList<>();
        for (String minutes : text.split(":", -1)) {
            if (!minutes.matches("0*[1-9][0-9]{0,5}")) {
                throw words.usage("lengths are whole minutes, as 2:8:34; not '" + minutes + "'");
            }
            lengths.add(60_000 * Long.parseLong(minutes));
        }
        return lengths;
    }

    private Interference interference() {
        return switch (interference) {
            case "measured" -> Interference.MEASURED;
            case "none" -> Interference.NONE;
            default -> {
                try {
                    yield Interference.parse(interference, Files.readString(Path.of(interference)));
                } catch (IOException e) {
                    throw new OffcutException(
                            ErrorCode.USAGE,
                            "--interference is measured, none or a file, and "
                                    + interference
                                    + (Files.isRegularFile(Path.of(interference))
                                            ? " is not text, or may not be read"
                                            : " is no file"),
                            e);
                }
            }
        };
    }
}
