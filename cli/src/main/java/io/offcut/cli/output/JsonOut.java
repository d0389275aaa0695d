package io.offcut.cli.output;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Values as JSON for scripts, with the very names of the HTTP interface. */
public final class JsonOut {
    private static final ObjectMapper JSON =
            JsonMapper.builder()
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .defaultPropertyInclusion(
                            JsonInclude.Value.construct(
                                    JsonInclude.Include.NON_NULL, JsonInclude.Include.NON_NULL))
                    .build();

    private JsonOut() {}

    /** The value as indented JSON. Credentials inside are left out. */
    public static String text(Object value) {
        JsonNode tree = JSON.valueToTree(value);
        withoutTokens(tree);
        try {
            return JSON.writeValueAsString(tree);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot write " + value.getClass(), e);
        }
    }

    private static void withoutTokens(JsonNode node) {
        if (node instanceof ObjectNode object) {
            object.remove("token");
        }
        node.forEach(JsonOut::withoutTokens);
    }
}
