package io.offcut.cli;

import io.offcut.bundle.BundleArchive;
import io.offcut.bundle.BundleLimits;
import io.offcut.cli.output.JsonOut;
import io.offcut.cli.output.Table;
import io.offcut.cli.output.Units;
import io.offcut.client.OffcutClient;
import io.offcut.core.api.FunctionView;
import io.offcut.core.function.FunctionSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code offcut function push|list|rm}. */
@Command(
        name = "function",
        description = "Functions: pushes, lists and removes bundles of them.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            FunctionCommand.Push.class,
            FunctionCommand.ListAll.class,
            FunctionCommand.Remove.class
        },
        footerHeading = "%nExample:%n",
        footer = "  offcut function push my-bundle/")
final class FunctionCommand {
    private static final int SHORT_HASH = 12;

    /** {@code offcut function push}. */
    @Command(
            name = "push",
            description = {
                "Stores a bundle of functions on the scheduler.",
                "A bundle is a folder, or a zip of one, with a manifest offcut.yaml."
            },
            footerHeading = "%nExample:%n",
            footer = "  offcut function push my-bundle/")
    static final class Push implements Callable<Integer> {
        private final Io io;

        @Mixin ClientOptions client = new ClientOptions();
        @Mixin FormatOption format = new FormatOption();

        @Parameters(paramLabel = "BUNDLE", description = "Folder or zip file.")
        Path bundle = Path.of("");

        Push(Io io) {
            this.io = io;
        }

        @Override
        public Integer call() throws IOException {
            // Of the same name, since what is wrong with it is told of this file.
            Path folder = Files.createTempDirectory("offcut-bundle");
            Path archive =
                    folder.resolve(
                            Optional.ofNullable(bundle.toAbsolutePath().normalize().getFileName())
                                    .orElse(Path.of("bundle")));
            try (OffcutClient offcut = client.connect(io)) {
                BundleArchive.pack(bundle, archive, BundleLimits.DEFAULT);
                FunctionView view = offcut.push(archive);
                io.print(format.json() ? JsonOut.text(view) : described(view));
                return 0;
            } finally {
                Files.deleteIfExists(archive);
                Files.deleteIfExists(folder);
            }
        }

        private static String described(FunctionView view) {
            return "pushed "
                    + view.manifest().name()
                    + " ("
                    + names(view)
                    + "), "
                    + Units.bytes(view.archiveBytes())
                    + ", "
                    + view.bundle();
        }
    }

    /** {@code offcut function list}. */
    @Command(
            name = "list",
            description = "Lists the bundles on the scheduler.",
            footerHeading = "%nExample:%n",
            footer = "  offcut function list --format json")
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
                List<FunctionView> views = offcut.functions();
                format.print(io, views, () -> table(views));
                return 0;
            }
        }

        private static Table table(List<FunctionView> views) {
            Table table = new Table("BUNDLE", "SHA-256", "OWNER", " SIZE", "FUNCTIONS");
            for (FunctionView view : views) {
                table.row(
                        view.manifest().name(),
                        shortName(view.bundle()),
                        view.owner(),
                        Units.bytes(view.archiveBytes()),
                        names(view));
            }
            return table;
        }
    }

    /** {@code offcut function rm}. */
    @Command(
            name = "rm",
            description = "Removes bundles from the scheduler.",
            footerHeading = "%nExample:%n",
            footer = "  offcut function rm gzip")
    static final class Remove implements Callable<Integer> {
        private final Io io;

        @Mixin ClientOptions client = new ClientOptions();

        @Parameters(
                paramLabel = "BUNDLE",
                arity = "1..*",
                description = "Name, or SHA-256 in full.")
        List<String> bundles = List.of();

        Remove(Io io) {
            this.io = io;
        }

        @Override
        public Integer call() {
            try (OffcutClient offcut = client.connect(io)) {
                for (String bundle : bundles) {
                    offcut.removeFunction(bundle);
                    io.print("removed " + bundle);
                }
                return 0;
            }
        }
    }

    /** A bundle's SHA-256 as lists show it. */
    static String shortName(String bundle) {
        return bundle.substring(0, Math.min(SHORT_HASH, bundle.length()));
    }

    private static String names(FunctionView view) {
        return view.manifest().functions().stream()
                .map(FunctionSpec::name)
                .collect(Collectors.joining(", "));
    }
}
