package io.offcut.cli.simulate;

import io.offcut.cli.ThisProgram;
import java.util.ArrayList;
import java.util.List;

/** The command line that repeats a simulation, for a shell; where results go is no part of it. */
final class ShownCommand {
    private static final String COMMAND = "simulate";
    private static final String OUT = "--out";

    private ShownCommand() {}

    /** Of the arguments as they were given, from the name of the command on. */
    static String of(List<String> arguments) {
        List<String> words = new ArrayList<>(List.of("offcut", COMMAND));
        for (int at = arguments.indexOf(COMMAND) + 1; at < arguments.size(); at++) {
            if (arguments.get(at).equals(OUT)) {
                at++;
            } else if (!arguments.get(at).startsWith(OUT + "=")) {
                words.add(arguments.get(at));
            }
        }
        return ThisProgram.shell(words);
    }
}
