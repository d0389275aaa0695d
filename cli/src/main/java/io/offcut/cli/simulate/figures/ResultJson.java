package io.offcut.cli.simulate.figures;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Results as JSON, whose numbers keep their digits from file to file. */
public final class ResultJson {
    private static final int DIGITS = 6;
    private static final JsonMapper JSON =
            JsonMapper.builder()
                    .enable(StreamWriteFeature.WRITE_BIGDECIMAL_AS_PLAIN)
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                    .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
                    .build();

    private ResultJson() {}

    /** The value, indented, without a line end after it. */
    public static String text(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot write " + value.getClass(), e);
        }
    }

    /**
     * What a file says.
     *
     * @throws OffcutException {@link ErrorCode#NOT_FOUND} or {@link ErrorCode#INVALID_INPUT}
     */
    public static JsonNode read(Path file) {
        return read(file, JsonNode.class);
    }

    /** The same as a value of a type. */
    public static <T> T read(Path file, Class<T> type) {
        try {
            return JSON.readValue(Files.readAllBytes(file), type);
        } catch (NoSuchFileException e) {
            throw new OffcutException(ErrorCode.NOT_FOUND, "no result at " + file, e);
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT,
                    file + ": is not what Offcut wrote (" + e.getMessage() + ")",
                    e);
        }
    }

    /**
     * What a simulation printed.
     *
     * @throws OffcutException {@link ErrorCode#INTERNAL} if it is no JSON
     */
    public static JsonNode parse(byte[] printed) {
        try {
            return JSON.readTree(printed);
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.INTERNAL, "a simulation printed no JSON: " + e.getMessage(), e);
        }
    }

    /** The number with the digits that results have. */
    public static BigDecimal number(double value) {
        BigDecimal rounded =
                new BigDecimal(value).setScale(DIGITS, RoundingMode.HALF_EVEN).stripTrailingZeros();
        return rounded.scale() < 0 ? rounded.setScale(0) : rounded;
    }
}
