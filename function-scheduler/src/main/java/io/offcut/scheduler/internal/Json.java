package io.offcut.scheduler.internal;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * JSON from and to outside: strict, bounded in depth and length, and no record with a null that its
 * type does not allow. Safe for any thread.
 */
public final class Json {
    private static final int MAX_DEPTH = 32;
    private static final int MAX_TEXT_CHARS = 1 << 18;
    private static final int SHOWN_CHARS = 160;

    private static final ObjectMapper MAPPER =
            JsonMapper.builder(
                            JsonFactory.builder()
                                    .streamReadConstraints(
                                            StreamReadConstraints.builder()
                                                    .maxNestingDepth(MAX_DEPTH)
                                                    .maxStringLength(MAX_TEXT_CHARS)
                                                    .maxNumberLength(40)
                                                    .build())
                                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                                    .build())
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                    .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
                    .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
                    .build();

    private static final ClassValue<RecordComponent[]> COMPONENTS =
            new ClassValue<>() {
                @Override
                protected RecordComponent[] computeValue(Class<?> type) {
                    return Stream.of(type.getRecordComponents())
                            .filter(c -> !c.getType().isPrimitive())
                            .peek(c -> c.getAccessor().setAccessible(true))
                            .toArray(RecordComponent[]::new);
                }
            };

    /** Input that is not what it should be; the message is one line. */
    public static final class BadJson extends Exception {
        private static final long serialVersionUID = 1;

        BadJson(String message) {
            super(message);
        }

        @Override
        public String getMessage() {
            return String.valueOf(super.getMessage());
        }
    }

    private Json() {}

    /** The value as UTF-8 JSON. */
    public static byte[] bytes(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot write " + value.getClass(), e);
        }
    }

    /** The value as JSON text in one line. */
    public static String text(Object value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot write " + value.getClass(), e);
        }
    }

    /** Any JSON text as a tree. */
    public static JsonNode tree(byte[] text) throws BadJson {
        try {
            return MAPPER.readTree(text);
        } catch (JacksonException e) {
            throw bad(e);
        } catch (IOException e) {
            throw new BadJson("it is not UTF-8 text");
        }
    }

    /** Any JSON text as a tree. */
    public static JsonNode tree(String text) throws BadJson {
        try {
            return MAPPER.readTree(text);
        } catch (JacksonException e) {
            throw bad(e);
        }
    }

    /** A record from a tree; every part that is not nullable is there. */
    public static <T> T read(JsonNode tree, Class<T> type) throws BadJson {
        try {
            T value = MAPPER.treeToValue(tree, type);
            requireComplete(value, "");
            return value;
        } catch (JacksonException e) {
            throw bad(e);
        }
    }

    private static BadJson bad(JacksonException e) {
        if (e instanceof JsonMappingException mapping) {
            return badPart(mapping);
        }
        String said = String.valueOf(e.getOriginalMessage()).strip();
        int line = said.indexOf('\n');
        return new BadJson(printable(line < 0 ? said : said.substring(0, line)));
    }

    /** Names the part, and what our own types say against it; the rest is about our classes. */
    private static BadJson badPart(JsonMappingException e) {
        StringBuilder path = new StringBuilder();
        for (JsonMappingException.Reference part : e.getPath()) {
            if (part.getFieldName() == null) {
                path.append('[').append(part.getIndex()).append(']');
            } else {
                path.append(path.isEmpty() ? "" : ".").append(part.getFieldName());
            }
        }
        String name = "'" + printable(path.toString()) + "'";
        if (e instanceof UnrecognizedPropertyException) {
            return new BadJson(name + " is not known here");
        }
        String why =
                e.getCause() instanceof IllegalArgumentException said
                        ? ": " + printable(String.valueOf(said.getMessage()))
                        : "";
        return new BadJson(
                path.isEmpty() ? "it is not acceptable" + why : name + " is not acceptable" + why);
    }

    /** Text from outside, made fit for one line of a message. */
    public static String printable(String hostile) {
        StringBuilder text = new StringBuilder();
        hostile.codePoints()
                .limit(SHOWN_CHARS)
                .forEach(c -> text.appendCodePoint(Character.isISOControl(c) ? '?' : c));
        return text.append(hostile.length() > SHOWN_CHARS ? "…" : "").toString();
    }

    private static void requireComplete(@Nullable Object value, String path) throws BadJson {
        if (value == null) {
            throw new BadJson("'" + path + "' is missing");
        }
        if (value instanceof List<?> list) {
            for (int i = 0; i < list.size(); i++) {
                requireComplete(list.get(i), path + "[" + i + "]");
            }
        } else if (value instanceof Record) {
            for (RecordComponent component : COMPONENTS.get(value.getClass())) {
                Object part = part(component, value);
                if (part != null || !mayBeNull(component)) {
                    requireComplete(
                            part,
                            path.isEmpty()
                                    ? component.getName()
                                    : path + "." + component.getName());
                }
            }
        }
    }

    private static boolean mayBeNull(RecordComponent component) {
        return component.getAnnotatedType().isAnnotationPresent(Nullable.class);
    }

    private static @Nullable Object part(RecordComponent component, Object owner) {
        try {
            return component.getAccessor().invoke(owner);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException("cannot read " + component, e);
        }
    }
}
