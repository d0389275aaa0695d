package io.offcut.cli.simulate;

import io.offcut.cli.Quantities;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.TypeConversionException;

/** A name and its parameters, written {@code name,key=value,key=value}. For one thread. */
final class Words {
    private final String option;
    private final String name;
    private final Map<String, String> values = new LinkedHashMap<>();

    Words(String option, String text) {
        this.option = option;
        String[] parts = text.split(",", -1);
        this.name = parts[0];
        for (int at = 1; at < parts.length; at++) {
            int equals = parts[at].indexOf('=');
            if (equals < 1) {
                throw usage("'" + parts[at] + "' is not key=value");
            }
            values.put(parts[at].substring(0, equals), parts[at].substring(equals + 1));
        }
    }

    String name() {
        return name;
    }

    /** Takes a value; each can be taken once. */
    String text(String key, String otherwise) {
        String value = values.remove(key);
        return value == null ? otherwise : value;
    }

    boolean flag(String key, boolean otherwise) {
        String value = text(key, otherwise ? "on" : "off");
        return switch (value) {
            case "on" -> true;
            case "off" -> false;
            default -> throw usage(key + " is on or off, not '" + value + "'");
        };
    }

    long millis(String key, long otherwise) {
        String value = values.remove(key);
        return value == null ? otherwise : millisOf(key, value);
    }

    long millisOf(String key, String value) {
        try {
            return new Quantities.Time().convert(value).toMillis();
        } catch (TypeConversionException e) {
            throw usage(key + ": " + e.getMessage());
        }
    }

    long bytes(String key, long otherwise) {
        String value = values.remove(key);
        try {
            return value == null ? otherwise : new Quantities.Bytes().convert(value);
        } catch (TypeConversionException e) {
            throw usage(key + ": " + e.getMessage());
        }
    }

    double number(String key, double otherwise) {
        String value = values.remove(key);
        try {
            double number = value == null ? otherwise : new BigDecimal(value).doubleValue();
            if (Double.isInfinite(number)) {
                throw usage(key + " is out of range: " + value);
            }
            return number;
        } catch (NumberFormatException e) {
            throw usage(key + " is a number, not '" + value + "'");
        }
    }

    /** A number with up to three decimals, in thousandths. */
    int permille(String key, double otherwise) {
        double value = number(key, otherwise);
        if (!(Math.abs(value) <= 1e6)) {
            throw usage(key + " is out of range: " + value);
        }
        return (int) Math.round(value * 1000);
    }

    int count(String key, int otherwise) {
        double value = number(key, otherwise);
        if (value != (int) value) {
            throw usage(key + " is a whole number of ten digits at most, not " + value);
        }
        return (int) value;
    }

    /** To be called when all was taken that means something. */
    void checkAllTaken() {
        if (!values.isEmpty()) {
            throw usage("'" + values.keySet().iterator().next() + "' is no parameter of " + name);
        }
    }

    OffcutException usage(String what) {
        return new OffcutException(
                ErrorCode.USAGE, option + " " + name + ": " + what + "; see --help");
    }
}
