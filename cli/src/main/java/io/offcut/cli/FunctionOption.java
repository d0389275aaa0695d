package io.offcut.cli;

import io.offcut.cli.JobDefaults.Variable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** Which function a command wants workers for; a job may have said it at its start. */
final class FunctionOption {
    @Spec(Target.MIXEE)
    CommandSpec command = CommandSpec.create();

    @Variable("OFFCUT_FUNCTION")
    @Option(
            names = {"-f", "--function"},
            paramLabel = "F",
            description =
                    "bundle/function, bundle or function, over OFFCUT_FUNCTION; one of them must be"
                            + " given.")
    String reference = "";

    /** What was given. */
    String required() {
        if (reference.isBlank()) {
            throw new ParameterException(
                    command.commandLine(), "no function: give --function or set OFFCUT_FUNCTION");
        }
        return reference;
    }
}
