package io.offcut.core.function;

import java.util.List;

/**
 * What a bundle says of itself.
 *
 * @param name how users refer to it: letters, digits, {@code . _ -}, at most 64
 * @param functions in the order of their indices; at least one
 */
public record BundleManifest(String name, List<FunctionSpec> functions) {
    public BundleManifest {
        functions = List.copyOf(functions);
    }
}
