package io.offcut.cli;

import io.offcut.cli.output.JsonOut;
import io.offcut.cli.output.Table;
import io.offcut.cli.output.Terminal;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.node.NodeConfig;
import io.offcut.slurm.SiteDaemon;
import io.offcut.slurm.SiteDoctor;
import io.offcut.slurm.SiteFinding;
import io.offcut.slurm.SiteReport;
import io.offcut.slurm.SlurmCommands;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code offcut slurm doctor}. */
@Command(
        name = "slurm",
        description = "Offcut on a site's Slurm.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = SlurmCommand.Doctor.class,
        footerHeading = "%nExample:%n",
        footer = "  offcut slurm doctor")
final class SlurmCommand {
    /** {@code offcut slurm doctor}. */
    @Command(
            name = "doctor",
            description = {
                "Checks a site's Slurm for Offcut and says what to change.",
                "Changes nothing. As any user, on any machine of the cluster; on a compute node, "
                        + "as root, it sees most. Exit code 8 when something must be changed."
            },
            footerHeading = "%nExample:%n",
            footer = "  offcut slurm doctor --format json")
    static final class Doctor implements Callable<Integer> {
        private final Io io;

        @Mixin FormatOption format = new FormatOption();

        @Option(
                names = "--slurm-conf",
                paramLabel = "FILE",
                description = "The cluster's slurm.conf. Default: where Slurm looks itself.")
        @Nullable Path slurmConf;

        @Option(
                names = "--node",
                paramLabel = "NAME",
                description = "Slurm's name of this machine. Default: its host name.")
        @Nullable String node;

        @Option(
                names = "--config",
                paramLabel = "FILE",
                description = "Configuration file of this machine's node daemon.")
        @Nullable Path config;

        Doctor(Io io) {
            this.io = io;
        }

        @Override
        public Integer call() {
            SlurmCommands.requireConfiguration(slurmConf);
            SiteReport report = SiteDoctor.examine(question());
            io.print(format.json() ? JsonOut.text(report) : text(report, io.terminal()));
            return report.failure().map(ErrorCode::exitCode).orElse(0);
        }

        private SiteDoctor.Question question() {
            try {
                NodeConfig loaded = io.config().load(NodeCommand.COMPONENT, config, Map.of());
                SiteDaemon daemon =
                        new SiteDaemon(
                                loaded.name(), loaded.slurmOn(), loaded.jobSocket(), loaded.cpus());
                return new SiteDoctor.Question(slurmConf, node, daemon, "");
            } catch (OffcutException e) {
                if (config != null) {
                    throw e;
                }
                return new SiteDoctor.Question(slurmConf, node, null, e.getMessage());
            }
        }

        static String text(SiteReport report, Terminal terminal) {
            Table table = new Table("STATE", "CHECK", "FOUND");
            report.findings().forEach(f -> table.row(word(f.state()), f.check(), f.found()));
            StringBuilder text = new StringBuilder(table.render(terminal));
            List<SiteFinding> advised =
                    report.findings().stream()
                            .filter(f -> !f.advice().isEmpty())
                            .sorted(Comparator.comparing(SiteFinding::state))
                            .toList();
            if (!advised.isEmpty()) {
                text.append("\n\n").append(terminal.bold("WHAT TO DO"));
                advised.forEach(f -> text.append('\n').append(advice(f)));
            }
            return text.toString();
        }

        private static String advice(SiteFinding finding) {
            return word(finding.state()) + " " + finding.check() + ": " + finding.advice();
        }

        private static String word(SiteFinding.State state) {
            return switch (state) {
                case OK -> "ok";
                case NOTE -> "note";
                case CHANGE -> "CHANGE";
                case UNCHECKED -> "unchecked";
            };
        }
    }
}
