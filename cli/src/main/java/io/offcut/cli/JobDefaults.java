package io.offcut.cli;

import io.offcut.client.config.ConfigLoader;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.lang.reflect.Field;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;

/**
 * What stands for flags that are not given, in a job with {@code --offcut-workers}: Slurm's plugin
 * puts it into the environment.
 */
record JobDefaults(ConfigLoader environment) implements IDefaultValueProvider {
    /** Names the variable that stands for a flag or parameter which is not given. */
    @Retention(RetentionPolicy.RUNTIME)
    @Target(ElementType.FIELD)
    @interface Variable {
        String value();
    }

    @Override
    public @Nullable String defaultValue(ArgSpec argument) {
        String name = variable(argument);
        return name == null ? null : environment.variable(name);
    }

    /** The variable that stands for it; null if there is none. */
    static @Nullable String variable(@Nullable ArgSpec argument) {
        Variable variable =
                argument != null && argument.userObject() instanceof Field field
                        ? field.getAnnotation(Variable.class)
                        : null;
        return variable == null ? null : variable.value();
    }
}
