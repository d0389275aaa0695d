package io.offcut.cli.simulate;

import io.offcut.cli.output.Choice;
import io.offcut.simulator.FunctionConfig;
import picocli.CommandLine.Option;

/** What runs on the idle cores. */
final class FunctionOptions {
    /** What asks for workers. */
    enum LoadKind {
        STANDING,
        POISSON,
        NONE
    }

    @Option(
            names = "--load",
            paramLabel = "KIND",
            defaultValue = "standing",
            description = "standing (as much as fits), poisson (requests at random) or none.")
    String load = "";

    @Option(
            names = "--hold-off-seconds",
            paramLabel = "S",
            defaultValue = "10",
            description = "A core is offered after it was idle for so long.")
    double holdOffSeconds;

    @Option(
            names = "--start-up-millis",
            paramLabel = "MS",
            defaultValue = "500",
            description = "From the grant of a lease to its first useful work.")
    long startUpMillis;

    @Option(
            names = "--worker-memory-mib",
            paramLabel = "MIB",
            defaultValue = "256",
            description = "Memory of a worker.")
    long workerMemoryMib;

    @Option(
            names = "--offer-underused",
            description =
                    "Offer also cores that a job holds and does not compute on; the node"
                            + " daemon does not.")
    boolean offerUnderused;

    @Option(
            names = "--requests-per-hour",
            paramLabel = "N",
            defaultValue = "60",
            description = "poisson: mean rate of requests.")
    double requestsPerHour;

    @Option(
            names = "--workers",
            paramLabel = "N",
            defaultValue = "16",
            description = "poisson: workers of a request.")
    int workers;

    @Option(
            names = "--work-seconds",
            paramLabel = "S",
            defaultValue = "300",
            description = "poisson: mean work of a worker.")
    double workSeconds;

    @Option(
            names = "--patience-seconds",
            paramLabel = "S",
            defaultValue = "600",
            description = "poisson: a request that waits longer gives up.")
    long patienceSeconds;

    FunctionConfig config() {
        FunctionConfig.Load model =
                switch (Choice.of("--load", LoadKind.class, load)) {
                    case NONE -> new FunctionConfig.Load.None();
                    case STANDING -> new FunctionConfig.Load.Standing();
                    case POISSON ->
                            new FunctionConfig.Load.Poisson(
                                    requestsPerHour, workers, workSeconds, patienceSeconds);
                };
        return new FunctionConfig(
                model,
                Math.round(holdOffSeconds * 1000),
                startUpMillis,
                workerMemoryMib << 20,
                offerUnderused);
    }
}
