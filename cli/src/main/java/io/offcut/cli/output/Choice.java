package io.offcut.cli.output;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Options that take one of a few words: the names of an enum, in small letters. */
public final class Choice {
    private Choice() {}

    /** One of the values of an option, as it is written on the command line. */
    public static <E extends Enum<E>> E of(String option, Class<E> type, String text) {
        List<String> names = new ArrayList<>();
        for (E value : type.getEnumConstants()) {
            if (name(value).equalsIgnoreCase(text)) {
                return value;
            }
            names.add(name(value));
        }
        throw new OffcutException(
                ErrorCode.USAGE,
                option + " is " + String.join(", ", names) + "; not '" + text + "'");
    }

    /** As it is written on the command line. */
    public static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
