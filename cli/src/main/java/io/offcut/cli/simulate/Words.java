package io.offcut.cli.simulate;

import io.offcut.cli.Quantities;
import io.offcut.cli.output.Choice;
import io.offcut.client.config.ConfigShape;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.TypeConversionException;

/** A name and its parameters, written {@code name,key=value,key=value}. For one thread. */
final class Words {
    private final String option;
    private final String name;
    private String narrowed = "";
    private final Map<String, String> values = new LinkedHashMap<>();

    /** What could have been said. */
    private final Set<String> known = new LinkedHashSet<>();

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

    /** Has refusals say which of several ways is meant. */
    void narrow(String key, String value) {
        narrowed = "," + key + "=" + value;
    }

    /** Takes a value; each can be taken once. */
    String text(String key, String otherwise) {
        String value = taken(key);
        return value == null ? otherwise : value;
    }

    private @Nullable String taken(String key) {
        known.add(key);
        return values.remove(key);
    }

    /** One of the values of an enum, as it is written on the command line. */
    <E extends Enum<E>> E choice(String key, E otherwise) {
        String value = text(key, Choice.name(otherwise));
        return Choice.of(option + " " + name + ": " + key, otherwise.getDeclaringClass(), value);
    }

    boolean flag(String key, boolean otherwise) {
        String value = text(key, otherwise ? "on" : "off");
        return switch (value) {
            case "on" -> true;
            case "off" -> false;
            default -> throw usage(key + " is on or off, not '" + value + "'");
        };
    }

    /** A time, with its unit: what is a second to one is a millisecond to another. */
    long millis(String key, long otherwise) {
        String value = taken(key);
        if (value == null) {
            return otherwise;
        }
        requireUnit(key, value, "s", "ms");
        try {
            return new Quantities.Time().convert(value).toMillis();
        } catch (TypeConversionException e) {
            throw usage(key + ": " + e.getMessage());
        }
    }

    /** A time above 0. */
    long positiveMillis(String key, long otherwise) {
        long millis = millis(key, otherwise);
        if (millis < 1) {
            throw usage(key + " is above 0");
        }
        return millis;
    }

    /** A size, with its unit. */
    long bytes(String key, long otherwise) {
        String value = taken(key);
        if (value == null) {
            return otherwise;
        }
        requireUnit(key, value, "M", "B");
        try {
            return new Quantities.Bytes().convert(value);
        } catch (TypeConversionException e) {
            throw usage(key + ": " + e.getMessage());
        }
    }

    private void requireUnit(String key, String value, String usual, String small) {
        if (value.matches("[0-9]*[1-9][0-9]*")) {
            throw usage(
                    key
                            + "="
                            + value
                            + " has no unit: say "
                            + value
                            + usual
                            + " or "
                            + value
                            + small);
        }
    }

    private double number(String key, double otherwise) {
        String value = taken(key);
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

    double numberAbove0(String key, double otherwise) {
        double value = number(key, otherwise);
        if (!(value > 0)) {
            throw usage(key + " is above 0, not " + plain(value));
        }
        return value;
    }

    double numberUpTo(double most, String key, double otherwise) {
        double value = number(key, otherwise);
        if (!(value >= 0 && value <= most)) {
            throw usage(key + " is from 0 to " + plain(most) + ", not " + plain(value));
        }
        return value;
    }

    /** A share, in thousandths. */
    int permille(String key, double otherwise) {
        return (int) Math.round(numberUpTo(1, key, otherwise) * 1000);
    }

    /** A whole number. */
    int count(String key, int least, int otherwise) {
        double value = number(key, otherwise);
        if (value != (int) value || value < least) {
            throw usage(
                    key
                            + " is a whole number from "
                            + least
                            + " to "
                            + Integer.MAX_VALUE
                            + ", not "
                            + plain(value));
        }
        return (int) value;
    }

    private static String plain(double value) {
        return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }

    /** To be called when all was taken that means something. */
    void checkAllTaken() {
        if (!values.isEmpty()) {
            String unknown = values.keySet().iterator().next();
            throw usage("'" + unknown + "' is no parameter: " + ConfigShape.hint(known, unknown));
        }
    }

    OffcutException usage(String what) {
        return new OffcutException(
                ErrorCode.USAGE, option + " " + name + narrowed + ": " + what + "; see --help");
    }
}
