package io.offcut.cli.simulate.sweep;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.util.List;
import java.util.Set;

/**
 * An option of {@code offcut simulate} that a sweep varies.
 *
 * @param option as on the command line, {@code --scheduler}
 * @param values one after the other
 */
record Axis(String option, List<String> values) {
    /** What a sweep gives its points itself. */
    private static final Set<String> OWN = Set.of("--seed", "--out", "--format");

    Axis {
        values = List.copyOf(values);
    }

    /**
     * Reads {@code scheduler=fcfs,easy}. With a semicolon in it, that and not the comma stands
     * between values, for values that have commas themselves.
     */
    static Axis parse(String text) {
        String[] parts = text.replaceFirst("^-+", "").split("=", 2);
        String option = "--" + parts[0].strip();
        if (parts.length < 2 || parts[0].isBlank() || parts[1].isBlank()) {
            throw refused(text, "give OPTION=VALUE,VALUE,…, as scheduler=fcfs,easy");
        }
        if (OWN.contains(option)) {
            throw refused(text, option + " is set by the sweep; see --replications for seeds");
        }
        List<String> values =
                List.of(parts[1].strip().split(parts[1].contains(";") ? ";" : ",", -1));
        if (values.stream().anyMatch(String::isEmpty)
                || Set.copyOf(values).size() < values.size()) {
            throw refused(text, "a value is empty or there twice");
        }
        return new Axis(option, values);
    }

    private static OffcutException refused(String text, String why) {
        return new OffcutException(ErrorCode.USAGE, "--vary " + text + ": " + why);
    }

    /** The option with its value number so much, as one word. */
    String word(int value) {
        return option + "=" + values.get(value);
    }

    /** Head of its column. */
    String name() {
        return option.replaceFirst("^--", "");
    }
}
