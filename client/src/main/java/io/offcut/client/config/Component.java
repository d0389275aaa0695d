package io.offcut.client.config;

import org.jspecify.annotations.Nullable;

/**
 * A component that is configured by a record. Keys are the names of the record's components; a
 * record inside is a mapping inside.
 *
 * @param name names the default files, {@code <name>.yaml}
 * @param type the record; must take null for what is left out, unless {@code defaults} are given
 * @param environmentPrefix begins the names of its environment variables
 * @param ownsPrefix whether every variable that begins so must be one of its keys
 * @param defaults for what is left out; null when the record itself knows
 */
public record Component<T extends Record>(
        String name,
        Class<T> type,
        String environmentPrefix,
        boolean ownsPrefix,
        @Nullable T defaults) {}
