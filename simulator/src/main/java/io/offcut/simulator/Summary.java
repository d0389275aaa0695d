package io.offcut.simulator;

import io.offcut.simulator.SimulationResult.IdleTimes;
import io.offcut.traces.SwfField;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code summary.json}, as docs/reference/simulation-results.md has it. */
final class Summary {
    /** Raised when a field goes or changes its meaning; new ones may come without. */
    private static final String SCHEMA = "offcut-simulation-2";

    private static final double SECONDS_PER_HOUR = 3600;

    private Summary() {}

    static String json(SimulationResult result, RunNote note, Spreads spreads) {
        return JsonText.of(fields(result, note, spreads));
    }

    private static Map<String, Object> fields(
            SimulationResult result, RunNote note, Spreads spreads) {
        SimulationConfig config = result.config();
        Map<String, Object> summary = new LinkedHashMap<>();
        summary.put("schema", SCHEMA);
        summary.put("run", run(note));
        summary.put("cluster", cluster(config.cluster()));
        summary.put("batchSystem", config.batch());
        summary.put("functionModel", functionModel(config.functions()));
        summary.put("seed", config.seed());
        summary.put("batch", result.batch());
        summary.put("coreSeconds", result.cores());
        summary.put("byteSeconds", byteSeconds(result));
        summary.put("functions", result.functions());
        summary.put("harvestable", result.harvestable());
        summary.put("gains", result.gains());
        summary.put("distributions", distributions(result.idle(), spreads));
        summary.put(
                "partitions",
                JobGroup.of(
                        result.schedule(),
                        config.jobs(),
                        SwfField.PARTITION,
                        note.partitionNames()));
        summary.put(
                "queues",
                JobGroup.of(result.schedule(), config.jobs(), SwfField.QUEUE, note.queueNames()));
        summary.put("cost", cost(result.cores(), note.coreHourPrice()));
        summary.put("events", result.events());
        return summary;
    }

    private static Map<String, Object> run(RunNote note) {
        Map<String, Object> run = new LinkedHashMap<>();
        run.put("offcutVersion", note.offcutVersion());
        run.put("commandLine", note.commandLine());
        run.put("logs", note.logs());
        run.put("machine", note.machine());
        return run;
    }

    private static Map<String, Object> cluster(ClusterSpec spec) {
        Map<String, Object> cluster = new LinkedHashMap<>();
        cluster.put("cores", spec.cores());
        cluster.put("nodes", spec.nodes());
        cluster.put("classes", spec.classes());
        cluster.put("outages", spec.outages().size());
        return cluster;
    }

    private static Map<String, Object> functionModel(FunctionConfig config) {
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("load", FunctionModel.name(config.load()));
        if (config.isNone()) {
            return model;
        }
        model.put("parameters", FunctionModel.parameters(config.load()));
        model.put("policy", FunctionModel.name(config.policy()));
        model.put("policyParameters", config.policy());
        model.put("offerUnderused", config.offersUnderused());
        model.put("executors", config.executors());
        model.put("transport", config.transport());
        model.put("memoryBytesPerWorker", config.memoryBytesPerWorker());
        model.put("memoryLeases", config.memoryLeases());
        model.put("functionClass", config.functionClass());
        model.put("interference", config.interference());
        return model;
    }

    /** A worker is one core with its memory, so bytes follow from cores. */
    private static @Nullable Map<String, Object> byteSeconds(SimulationResult result) {
        if (result.functions() == null) {
            return null;
        }
        double bytesPerCore = result.config().functions().memoryBytesPerWorker();
        Map<String, Object> bytes = new LinkedHashMap<>();
        bytes.put("leased", result.cores().leased() * bytesPerCore);
        bytes.put("harvested", result.cores().harvested() * bytesPerCore);
        return bytes;
    }

    private static Map<String, Object> distributions(@Nullable IdleTimes idle, Spreads spreads) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("waitSeconds", Spreads.figures(spreads.waitSeconds()));
        all.put("boundedSlowdown", Spreads.figures(spreads.boundedSlowdowns()));
        all.put("idleNodeSeconds", idle == null ? null : Spreads.figures(idle.nodeSeconds()));
        all.put("idleCoreSeconds", idle == null ? null : Spreads.figures(idle.coreSeconds()));
        return all;
    }

    private static @Nullable Map<String, Object> cost(
            SimulationResult.Cores cores, @Nullable Double coreHourPrice) {
        if (coreHourPrice == null) {
            return null;
        }
        double priceOfSecond = coreHourPrice / SECONDS_PER_HOUR;
        Map<String, Object> cost = new LinkedHashMap<>();
        cost.put("coreHourPrice", coreHourPrice);
        cost.put("capacity", cores.capacity() * priceOfSecond);
        cost.put("job", cores.job() * priceOfSecond);
        cost.put("idle", cores.idle() * priceOfSecond);
        cost.put("harvested", cores.harvested() * priceOfSecond);
        return cost;
    }
}
