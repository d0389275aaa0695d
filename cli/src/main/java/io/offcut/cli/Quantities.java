package io.offcut.cli;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Sizes and times as people write them. */
public final class Quantities {
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,15})\\s*([KMGT]?)(I?B)?");
    private static final Pattern TIME = Pattern.compile("([0-9]{1,12})\\s*(ms|s|m|h|d)?");

    private Quantities() {}

    /** Has a command line refuse what is no number in words of users, not of Java. */
    public static void explainNumbers(CommandLine line) {
        line.registerConverter(long.class, Quantities::whole);
        line.registerConverter(Long.class, Quantities::whole);
        line.registerConverter(int.class, Quantities::wholeOfInt);
        line.registerConverter(Integer.class, Quantities::wholeOfInt);
        line.registerConverter(double.class, Quantities::number);
        line.registerConverter(Double.class, Quantities::number);
    }

    private static long whole(String text) {
        try {
            return new BigInteger(text).longValueExact();
        } catch (NumberFormatException e) {
            throw new TypeConversionException("'" + text + "' is not a whole number");
        } catch (ArithmeticException e) {
            throw new TypeConversionException("'" + text + "' is out of range");
        }
    }

    private static int wholeOfInt(String text) {
        long value = whole(text);
        if (value != (int) value) {
            throw new TypeConversionException("'" + text + "' is out of range");
        }
        return (int) value;
    }

    private static double number(String text) {
        try {
            return new BigDecimal(text).doubleValue();
        } catch (NumberFormatException e) {
            throw new TypeConversionException("'" + text + "' is not a number");
        }
    }

    /** Bytes: {@code 512M}, {@code 2GiB}, {@code 4096}. */
    public static final class Bytes implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            Matcher parts = SIZE.matcher(text.strip().toUpperCase(Locale.ROOT));
            if (!parts.matches()) {
                throw new TypeConversionException("'" + text + "' is not a size, as 512M");
            }
            int shift =
                    switch (parts.group(2)) {
                        case "K" -> 10;
                        case "M" -> 20;
                        case "G" -> 30;
                        case "T" -> 40;
                        default -> 0;
                    };
            long number = Long.parseLong(parts.group(1));
            if (number > Long.MAX_VALUE >> shift) {
                throw new TypeConversionException("'" + text + "' is too large a size");
            }
            return number << shift;
        }
    }

    /** A time: {@code 500ms}, {@code 30s} or {@code 30}, {@code 5m}, {@code 2h}, {@code 1d}. */
    public static final class Time implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            Matcher parts = TIME.matcher(text.strip().toLowerCase(Locale.ROOT));
            if (!parts.matches()) {
                throw new TypeConversionException("'" + text + "' is not a time, as 30s or 5m");
            }
            long number = Long.parseLong(parts.group(1));
            String unit = parts.group(2) == null ? "s" : parts.group(2);
            return switch (unit) {
                case "ms" -> Duration.ofMillis(number);
                case "m" -> Duration.ofMinutes(number);
                case "h" -> Duration.ofHours(number);
                case "d" -> Duration.ofDays(number);
                default -> Duration.ofSeconds(number);
            };
        }
    }
}
