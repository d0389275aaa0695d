package io.offcut.cli;

import io.offcut.client.config.ConfigShape;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** What is wrong with a command line, with what was probably meant. */
public final class Mistyped {
    private Mistyped() {}

    /** The message, and the nearest option or command where one is near. */
    public static String explained(ParameterException e) {
        String message = String.valueOf(e.getMessage());
        if (!(e instanceof UnmatchedArgumentException unmatched)
                || unmatched.getUnmatched().isEmpty()) {
            return message;
        }
        String word = unmatched.getUnmatched().getFirst().split("=", 2)[0];
        return message
                + ConfigShape.nearest(known(word, e.getCommandLine().getCommandSpec()), word)
                        .map(near -> ": did you mean '" + near + "'?")
                        .orElse("");
    }

    private static Collection<String> known(String word, CommandSpec command) {
        if (!word.startsWith("-")) {
            return command.subcommands().keySet();
        }
        List<String> names = new ArrayList<>();
        for (OptionSpec option : command.options()) {
            if (!option.hidden()) {
                names.addAll(List.of(option.names()));
            }
        }
        return names;
    }
}
