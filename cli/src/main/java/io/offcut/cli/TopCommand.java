package io.offcut.cli;

import io.offcut.cli.output.JsonOut;
import io.offcut.cli.output.Table;
import io.offcut.cli.output.Units;
import io.offcut.client.OffcutClient;
import io.offcut.core.OffcutException;
import io.offcut.core.api.NodeView;
import io.offcut.core.api.RequestView;
import io.offcut.core.api.UsageView;
import io.offcut.core.lease.LeaseState;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code offcut top}. */
@Command(
        name = "top",
        description = {
            "Shows nodes, leases and users, again and again.",
            "Without a terminal, or as JSON, it shows them once, or --count times, one after the other."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  offcut top --interval 5s", "  offcut top --format json"})
final class TopCommand implements Callable<Integer> {
    private static final double MIB_MILLIS_PER_GIB_HOUR = 1024.0 * 3_600_000;

    private static final String HOME_AND_CLEAR = "\033[H\033[J";

    private final Io io;

    @Mixin ClientOptions client = new ClientOptions();
    @Mixin FormatOption format = new FormatOption();

    @Option(
            names = "--interval",
            paramLabel = "TIME",
            converter = Quantities.Time.class,
            description = "How often. Default: 2s.")
    Duration interval = Duration.ofSeconds(2);

    @Option(
            names = "--count",
            paramLabel = "N",
            description = "How many times. Default: until it is ended, or once (see above).")
    @Nullable Integer count;

    /** What there is to see, with the names of the HTTP interface. */
    record Look(List<NodeView> nodes, List<RequestView> requests, List<UsageView> usage) {}

    TopCommand(Io io) {
        this.io = io;
    }

    @Override
    public Integer call() throws InterruptedException {
        boolean live = io.terminal().out() && !format.json();
        int left = count != null ? count : live ? Integer.MAX_VALUE : 1;
        try (Stopping stopping = Stopping.onSignal();
                OffcutClient offcut = client.connect(io)) {
            String screen = screen(offcut);
            while (true) {
                io.print(live ? HOME_AND_CLEAR + screen : screen);
                if (--left <= 0) {
                    return 0;
                }
                stopping.await(interval);
                if (stopping.stopped()) {
                    return 0;
                }
                screen = live ? screenOrTrouble(offcut, screen) : screen(offcut);
            }
        }
    }

    /** A live view survives a scheduler that is away for a while. */
    private String screenOrTrouble(OffcutClient offcut, String before) {
        try {
            return screen(offcut);
        } catch (OffcutException e) {
            String last = before.substring(before.indexOf('\n') + 1);
            return "offcut: " + e.getMessage() + "\n" + last;
        }
    }

    private String screen(OffcutClient offcut) {
        Look look = new Look(offcut.nodes(), offcut.requests(), offcut.usage());
        return format.json() ? JsonOut.text(look) : tables(look);
    }

    private String tables(Look look) {
        return head(look.nodes(), look.requests())
                + "\n\n"
                + NodesCommand.table(look.nodes(), System.currentTimeMillis()).render(io.terminal())
                + "\n\n"
                + requestTable(look.requests()).render(io.terminal())
                + "\n\n"
                + usageTable(look.usage()).render(io.terminal());
    }

    private static String head(List<NodeView> nodes, List<RequestView> requests) {
        int cores = nodes.stream().mapToInt(node -> node.node().cpus().size()).sum();
        int offered = nodes.stream().mapToInt(NodesCommand::offeredCores).sum();
        int leased = nodes.stream().mapToInt(NodeView::leasedCores).sum();
        int waiting = requests.stream().mapToInt(RequestView::pendingWorkers).sum();
        return LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS)
                + "  "
                + nodes.size()
                + " nodes, "
                + cores
                + " cores, "
                + offered
                + " offered, "
                + leased
                + " leased, "
                + waiting
                + " workers waited for";
    }

    private static Table requestTable(List<RequestView> requests) {
        Table table =
                new Table("REQUEST", "USER", "BUNDLE", " WANTED", " ACTIVE", " WAITING")
                        .expendable("USER");
        for (RequestView request : requests) {
            table.row(
                    request.requestId(),
                    request.user(),
                    FunctionCommand.shortName(request.bundle()),
                    request.workers(),
                    request.leases().stream()
                            .filter(lease -> lease.state() == LeaseState.ACTIVE)
                            .mapToInt(lease -> lease.cores().size())
                            .sum(),
                    request.pendingWorkers());
        }
        return table;
    }

    private static Table usageTable(List<UsageView> usage) {
        Table table =
                new Table(
                                "USER",
                                " LEASES",
                                " CALLS",
                                " CORE TIME",
                                " GIB-HOURS",
                                " CPU TIME",
                                " EXECUTING",
                                " POLLING",
                                " RECLAIMED")
                        .expendable("GIB-HOURS", "POLLING", "CPU TIME");
        for (UsageView user : usage) {
            table.row(
                    user.user(),
                    user.leases(),
                    user.invocations(),
                    Units.time(user.coreMillis()),
                    String.format(
                            Locale.ROOT,
                            "%.2f",
                            user.memoryMebibyteMillis() / MIB_MILLIS_PER_GIB_HOUR),
                    Units.time(user.cpuMicros() / 1000),
                    Units.time(user.executingMicros() / 1000),
                    Units.time(user.hotPollingMicros() / 1000),
                    user.leasesReclaimed());
        }
        return table;
    }
}
