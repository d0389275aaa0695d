package io.offcut.cli.simulate;

import io.offcut.cli.ThisProgram;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * What a simulation was told, and what holds because it was not told otherwise, in the order of the
 * help: enough to repeat it. Options that change no figure are left out.
 *
 * @param logs as they were given
 * @param values by the names of the options
 * @param told those that are not as they would be anyway
 */
record EffectiveOptions(List<String> logs, Map<String, String> values, Set<String> told) {
    private static final Set<String> OF_NO_MATTER =
            Set.of(
                    "--out",
                    "--no-report",
                    "--format",
                    "--times",
                    "--scenario",
                    "--help",
                    "--version");

    /** Of a command line that was parsed. */
    static EffectiveOptions of(List<String> logs, ParseResult parsed) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String name : names(parsed.commandSpec())) {
            String value = value(name, parsed);
            if (value != null) {
                values.put(name, value);
            }
        }
        List<String> told = new ArrayList<>(values.keySet());
        told.removeIf(name ->
                values.getOrDefault(name, "")
                        .equals(parsed.commandSpec().findOption(name).defaultValue()));
        return new EffectiveOptions(logs, values, Set.copyOf(told));
    }

    /** Options that change figures. */
    static List<String> names(CommandSpec command) {
        return command.options().stream()
                .map(OptionSpec::longestName)
                .filter(name -> !OF_NO_MATTER.contains(name))
                .toList();
    }

    private static @Nullable String value(String name, ParseResult parsed) {
        if (!parsed.hasMatchedOption(name)) {
            return parsed.commandSpec().findOption(name).defaultValue();
        }
        return parsed.matchedOption(name).originalStringValues().getLast();
    }

    /**
     * The command that repeats the simulation, for a shell.
     *
     * @param scenario null for none; else everything is said that it may say otherwise
     */
    String command(@Nullable Path scenario) {
        List<String> words = new ArrayList<>(List.of("offcut", "simulate"));
        words.addAll(logs);
        values.forEach((name, value) -> {
            if (scenario != null || told.contains(name)) {
                words.add(name + "=" + value);
            }
        });
        if (scenario != null) {
            words.add("--scenario=" + scenario);
        }
        return ThisProgram.shell(words);
    }
}
