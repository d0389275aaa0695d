package io.offcut.cli.trace;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.traces.SwfField;
import io.offcut.traces.SwfLog;
import io.offcut.traces.transform.JobFilter;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code offcut trace filter}. */
@Command(
        name = "filter",
        description = {
            "Keeps the jobs of a log for which all options hold.",
            "Names are those of the log, or its numbers; several are parted by commas."
        },
        footer = {
            "",
            "Examples:",
            "  offcut trace filter site.swf.gz --from 2014-06-01 --to 2014-07-01 \\",
            "      --out june.swf",
            "  offcut trace filter jobs.txt --partition gpu --status completed --out some.csv"
        })
final class FilterCommand implements Callable<Integer> {
    private static final Map<String, Integer> STATUSES =
            Map.of("failed", 0, "completed", 1, "cancelled", 5, "unknown", -1);

    @Spec private @Nullable CommandSpec spec;
    @Mixin private InputOptions input = new InputOptions();
    @Mixin private OutputOptions output = new OutputOptions();

    @Option(
            names = "--from",
            paramLabel = "TIME",
            description = "Submitted then or later: 2014-06-01, 2014-06-01T12:00 or seconds.")
    private @Nullable String from;

    @Option(names = "--to", paramLabel = "TIME", description = "Submitted before then.")
    private @Nullable String to;

    @Option(names = "--user", paramLabel = "NAMES", split = ",", description = "Of these users.")
    private List<String> users = List.of();

    @Option(names = "--group", paramLabel = "NAMES", split = ",", description = "Of these groups.")
    private List<String> groups = List.of();

    @Option(names = "--queue", paramLabel = "NAMES", split = ",", description = "In these queues.")
    private List<String> queues = List.of();

    @Option(
            names = "--partition",
            paramLabel = "NAMES",
            split = ",",
            description = "In these partitions.")
    private List<String> partitions = List.of();

    @Option(
            names = "--min-procs",
            paramLabel = "N",
            description = "Cores it got, or where that is unknown asked for.")
    private @Nullable Long minProcs;

    @Option(names = "--max-procs", paramLabel = "N", description = "The same, at most.")
    private @Nullable Long maxProcs;

    @Option(
            names = "--status",
            paramLabel = "WORDS",
            split = ",",
            description = "completed, failed, cancelled, unknown, or a number of the format.")
    private List<String> statuses = List.of();

    @Override
    public Integer call() {
        Set<Integer> wanted = new HashSet<>();
        statuses.forEach(word -> wanted.add(status(word)));
        SwfLog log = input.read();
        LogFiles.warn(Specs.err(spec), input.log, log.complaints());
        JobFilter filter =
                new JobFilter(
                        from == null ? Long.MIN_VALUE : input.seconds("--from", from, log),
                        to == null ? Long.MAX_VALUE : input.seconds("--to", to, log),
                        minProcs == null ? Long.MIN_VALUE : minProcs,
                        maxProcs == null ? Long.MAX_VALUE : maxProcs,
                        wanted,
                        names());
        SwfLog kept = filter.apply(log);
        if (kept.jobs().size() == 0) {
            Specs.err(spec)
                    .println(
                            "offcut: none of the "
                                    + log.jobs().size()
                                    + " jobs of "
                                    + input.log
                                    + " is kept: see 'offcut trace info "
                                    + input.log
                                    + "'");
        }
        output.write(kept, Specs.out(spec), " of " + log.jobs().size());
        return 0;
    }

    private static int status(String word) {
        Integer known = STATUSES.get(word);
        if (known == null && !word.matches("-?[0-9]{1,2}")) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "--status is completed, failed, cancelled, unknown or a number; not '"
                            + word
                            + "'");
        }
        return known == null ? Integer.parseInt(word) : known;
    }

    private Map<SwfField, Set<String>> names() {
        Map<SwfField, Set<String>> names = new EnumMap<>(SwfField.class);
        add(names, SwfField.USER, users);
        add(names, SwfField.GROUP, groups);
        add(names, SwfField.QUEUE, queues);
        add(names, SwfField.PARTITION, partitions);
        return names;
    }

    private static void add(Map<SwfField, Set<String>> names, SwfField field, List<String> wanted) {
        if (!wanted.isEmpty()) {
            names.put(field, Set.copyOf(wanted));
        }
    }
}
