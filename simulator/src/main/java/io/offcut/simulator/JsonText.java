package io.offcut.simulator;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Maps, lists and records of numbers and words as JSON; fractions rounded to six digits. With the
 * generator alone: to set up what else Jackson has takes longer than many a simulation.
 */
final class JsonText {
    private static final int DIGITS = 6;

    private JsonText() {}

    static String of(Map<String, ? extends @Nullable Object> value) {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = new JsonFactory().createGenerator(text)) {
            out.useDefaultPrettyPrinter();
            write(value, out);
        } catch (IOException e) {
            throw new IllegalStateException("cannot write " + value, e);
        }
        return text.toString();
    }

    private static void write(@Nullable Object value, JsonGenerator out) throws IOException {
        switch (value) {
            case null -> out.writeNull();
            case Map<?, ?> map -> {
                out.writeStartObject();
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    out.writeFieldName(String.valueOf(entry.getKey()));
                    write(entry.getValue(), out);
                }
                out.writeEndObject();
            }
            case Collection<?> all -> {
                out.writeStartArray();
                for (Object one : all) {
                    write(one, out);
                }
                out.writeEndArray();
            }
            case Record row -> writeRecord(row, out);
            case Double number -> out.writeNumber(rounded(number));
            case Integer number -> out.writeNumber(number);
            case Long number -> out.writeNumber(number);
            case Boolean truth -> out.writeBoolean(truth);
            default -> out.writeString(value.toString());
        }
    }

    private static void writeRecord(Record row, JsonGenerator out) throws IOException {
        out.writeStartObject();
        for (RecordComponent component : row.getClass().getRecordComponents()) {
            out.writeFieldName(component.getName());
            try {
                write(component.getAccessor().invoke(row), out);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("cannot read " + component, e);
            }
        }
        out.writeEndObject();
    }

    private static String rounded(double value) {
        BigDecimal decimal =
                new BigDecimal(value).setScale(DIGITS, RoundingMode.HALF_EVEN).stripTrailingZeros();
        return decimal.toPlainString();
    }
}
