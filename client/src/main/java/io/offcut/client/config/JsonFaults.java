package io.offcut.client.config;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.core.exc.StreamReadException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What is wrong with YAML or JSON that a user wrote, in a user's words. */
public final class JsonFaults {
    private JsonFaults() {}

    /** The line and the key where there is one, and why it is refused. */
    public static String explained(JsonProcessingException e) {
        return line(e)
                + switch (e) {
                    case JsonMappingException at
                            when at.getCause() instanceof InputCoercionException ->
                            key(at) + "the number is too large";
                    case JsonMappingException at
                            when at.getCause() instanceof StreamReadException ->
                            key(at) + "is not YAML or JSON from here on";
                    case JsonMappingException at -> ofKey(at);
                    default -> ofText(e);
                };
    }

    private static String line(JsonProcessingException e) {
        JsonLocation location = e.getLocation();
        return location == null || location.getLineNr() < 1
                ? ""
                : "line " + location.getLineNr() + ": ";
    }

    private static String ofText(JsonProcessingException e) {
        return "is not YAML or JSON: "
                + e.getOriginalMessage().lines().findFirst().orElse("").strip();
    }

    private static String ofKey(JsonMappingException e) {
        if (e instanceof UnrecognizedPropertyException unknown) {
            return "unknown key '"
                    + unknown.getPropertyName()
                    + "': give "
                    + unknown.getKnownPropertyIds().stream()
                            .map(String::valueOf)
                            .collect(
                                    Collectors.collectingAndThen(
                                            Collectors.toCollection(TreeSet::new),
                                            keys -> String.join(", ", keys)));
        }
        String value =
                e instanceof InvalidFormatException wrong ? "'" + wrong.getValue() + "'" : "it";
        String expected =
                e instanceof MismatchedInputException mismatch && mismatch.getTargetType() != null
                        ? expected(mismatch.getTargetType()).toLowerCase(Locale.ROOT)
                        : "of the form that is needed";
        return key(e) + value + " is not " + expected;
    }

    private static String key(JsonMappingException e) {
        String path = path(e);
        return path.isEmpty() ? "" : "key " + path + ": ";
    }

    /** {@code nodes[2].cores}, counted from 1. */
    public static String path(JsonMappingException e) {
        StringBuilder path = new StringBuilder();
        for (JsonMappingException.Reference step : e.getPath()) {
            if (step.getFieldName() != null) {
                path.append(path.isEmpty() ? "" : ".").append(step.getFieldName());
            } else if (step.getIndex() >= 0) {
                path.append('[').append(step.getIndex() + 1).append(']');
            }
        }
        return path.toString();
    }

    static String expected(Class<?> type) {
        if (type == int.class
                || type == Integer.class
                || type == long.class
                || type == Long.class) {
            return "a whole number";
        }
        if (type == double.class || type == Double.class) {
            return "a number";
        }
        if (type == boolean.class || type == Boolean.class) {
            return "true or false";
        }
        if (Collection.class.isAssignableFrom(type)) {
            return "a list";
        }
        if (Map.class.isAssignableFrom(type) || type.isRecord()) {
            return "a mapping";
        }
        if (type.isEnum()) {
            return "one of "
                    + Arrays.stream(type.getEnumConstants())
                            .map(String::valueOf)
                            .collect(Collectors.joining(", "));
        }
        return type == String.class ? "a text" : "a " + type.getSimpleName();
    }
}
