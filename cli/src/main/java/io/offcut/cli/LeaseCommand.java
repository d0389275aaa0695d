package io.offcut.cli;

import io.offcut.cli.output.Table;
import io.offcut.cli.output.Units;
import io.offcut.client.OffcutClient;
import io.offcut.client.PoolStatus;
import io.offcut.client.WorkerPool;
import io.offcut.core.api.LeaseView;
import io.offcut.core.api.RequestView;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code offcut lease list|hold|release}. */
@Command(
        name = "lease",
        description = "Workers: lists, holds and releases them.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            LeaseCommand.ListAll.class,
            LeaseCommand.Hold.class,
            LeaseCommand.Release.class
        },
        footerHeading = "%nExample:%n",
        footer = "  offcut lease list")
final class LeaseCommand {
    /** {@code offcut lease list}. */
    @Command(
            name = "list",
            description = "Lists requests for workers and the leases granted to them.",
            footerHeading = "%nExample:%n",
            footer = "  offcut lease list --format json")
    static final class ListAll implements Callable<Integer> {
        private final Io io;

        @Mixin ClientOptions client = new ClientOptions();
        @Mixin FormatOption format = new FormatOption();

        ListAll(Io io) {
            this.io = io;
        }

        @Override
        public Integer call() {
            try (OffcutClient offcut = client.connect(io)) {
                List<RequestView> requests = offcut.requests();
                format.print(io, requests, () -> table(requests, System.currentTimeMillis()));
                return 0;
            }
        }

        private static Table table(List<RequestView> requests, long nowEpochMillis) {
            Table table =
                    new Table(
                                    "REQUEST",
                                    "USER",
                                    "LEASE",
                                    "NODE",
                                    "CORES",
                                    " MEMORY",
                                    "STATE",
                                    " EXPIRES IN",
                                    " CALLS",
                                    " EXECUTING",
                                    " POLLING")
                            .expendable(
                                    "POLLING",
                                    "EXECUTING",
                                    "CALLS",
                                    "MEMORY",
                                    "USER",
                                    "EXPIRES IN",
                                    "CORES");
            for (RequestView request : requests) {
                for (LeaseView lease : request.leases()) {
                    table.row(
                            request.requestId(),
                            request.user(),
                            lease.leaseId(),
                            lease.nodeName(),
                            lease.cores(),
                            Units.bytes(lease.memoryBytes()),
                            lease.endReason() == null ? lease.state() : lease.endReason(),
                            left(lease, nowEpochMillis),
                            lease.usage().invocations(),
                            Units.time(lease.usage().executingMicros() / 1000),
                            Units.time(lease.usage().hotPollingMicros() / 1000));
                }
                if (request.pendingWorkers() > 0) {
                    String waits = request.pendingWorkers() + " waiting";
                    table.row(
                            request.requestId(),
                            request.user(),
                            "",
                            "",
                            "",
                            "",
                            waits,
                            "",
                            "",
                            "",
                            "");
                }
            }
            return table;
        }

        private static String left(LeaseView lease, long nowEpochMillis) {
            return lease.endReason() != null
                    ? ""
                    : Units.time(Math.max(0, lease.expiresAtEpochMillis() - nowEpochMillis));
        }
    }

    /** {@code offcut lease hold}. */
    @Command(
            name = "hold",
            description = {
                "Gets workers and holds them until it is ended or the time is over.",
                "Says on standard output when they are there."
            },
            footerHeading = "%nExample:%n",
            footer = "  offcut lease hold --function gzip --workers 2 --for 10m")
    static final class Hold implements Callable<Integer> {
        private final Io io;

        @Mixin ClientOptions client = new ClientOptions();
        @Mixin LeaseFlags lease = new LeaseFlags();
        @Mixin FunctionOption function = new FunctionOption();

        @Option(
                names = "--for",
                paramLabel = "TIME",
                converter = Quantities.Time.class,
                description = "How long. Default: until it is ended.")
        @Nullable Duration time;

        Hold(Io io) {
            this.io = io;
        }

        @Override
        public Integer call() throws InterruptedException {
            try (Stopping stopping = Stopping.onSignal();
                    OffcutClient offcut = client.connect(io);
                    WorkerPool pool =
                            offcut.lease(lease.options(function.required(), 1, 1 << 20))) {
                int wished = pool.status().wishedWorkers();
                while (!stopping.stopped() && !pool.awaitWorkers(wished, Duration.ofMillis(200))) {
                    // goes on waiting: the scheduler ends a request that waits too long
                }
                PoolStatus status = pool.status();
                io.print(
                        "holding "
                                + status.workers()
                                + " workers for "
                                + pool.function().name()
                                + ", request "
                                + String.join(", ", status.requestIds()));
                stopping.await(time);
                return 0;
            }
        }
    }

    /** {@code offcut lease release}. */
    @Command(
            name = "release",
            description = "Ends a request for workers, or one lease of it.",
            footerHeading = "%nExample:%n",
            footer = "  offcut lease release r0123456789abcdef01234567")
    static final class Release implements Callable<Integer> {
        private final Io io;

        @Mixin ClientOptions client = new ClientOptions();

        @Parameters(index = "0", paramLabel = "REQUEST", description = "As in 'lease list'.")
        String requestId = "";

        @Parameters(index = "1", arity = "0..1", paramLabel = "LEASE", description = "Only this.")
        @Nullable String leaseId;

        Release(Io io) {
            this.io = io;
        }

        @Override
        public Integer call() {
            try (OffcutClient offcut = client.connect(io)) {
                if (leaseId == null) {
                    offcut.release(requestId);
                } else {
                    offcut.release(requestId, leaseId);
                }
                io.print("released " + (leaseId == null ? requestId : leaseId));
                return 0;
            }
        }
    }
}
