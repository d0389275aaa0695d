package io.offcut.benchmarks;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import org.jspecify.annotations.Nullable;

/**
 * Everything that was measured in one run.
 *
 * @param core null when it was left out
 * @param links null when it was left out
 */
record Report(@Nullable GrantResult core, @Nullable LinkResult links) {
    boolean withinBounds() {
        return (core == null || core.withinBounds()) && (links == null || links.withinBounds());
    }

    String table() {
        return (core == null ? "" : core.table()) + (links == null ? "" : links.table());
    }

    String json() {
        try {
            return new ObjectMapper()
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .writeValueAsString(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a record of numbers is not JSON", e);
        }
    }
}
