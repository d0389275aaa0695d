package io.offcut.bundle;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.util.Locale;

/** One-line refusals of this module. Text that came from outside is made printable and short. */
final class Refusal {
    private static final int SHOWN_CHARS = 120;

    private Refusal() {}

    static OffcutException invalid(String message) {
        return new OffcutException(ErrorCode.INVALID_INPUT, message);
    }

    static OffcutException tooLarge(String message) {
        return new OffcutException(ErrorCode.TOO_LARGE, message);
    }

    static String quoted(String hostile) {
        StringBuilder text = new StringBuilder("'");
        hostile.codePoints()
                .limit(SHOWN_CHARS)
                .forEach(c -> text.appendCodePoint(Character.isISOControl(c) ? '?' : c));
        return text.append(hostile.length() > SHOWN_CHARS ? "…'" : "'").toString();
    }

    /** Names what kept us from using a file of ours. */
    static OffcutException io(String doing, Path where, IOException e) {
        String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        String lower = why.toLowerCase(Locale.ROOT);
        if (lower.contains("no space left") || lower.contains("quota exceeded")) {
            return new OffcutException(
                    ErrorCode.EXHAUSTED,
                    doing + " in " + where + ": the disk is full; free space there",
                    e);
        }
        if (e instanceof AccessDeniedException || lower.contains("read-only file system")) {
            return new OffcutException(
                    ErrorCode.FORBIDDEN,
                    doing + " in " + where + ": permission denied; check its owner and mode",
                    e);
        }
        return new OffcutException(
                ErrorCode.INTERNAL, doing + " in " + where + ": " + quoted(why), e);
    }
}
