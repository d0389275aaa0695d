package io.offcut.core.api;

import io.offcut.core.function.BundleManifest;

/**
 * A stored bundle.
 *
 * @param bundle SHA-256 of the archive, 64 lower-case hexadecimal digits
 * @param owner who pushed it under this name
 */
public record FunctionView(
        String bundle,
        String owner,
        BundleManifest manifest,
        long archiveBytes,
        long pushedAtEpochMillis) {}
