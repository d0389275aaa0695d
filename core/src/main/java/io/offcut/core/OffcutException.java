package io.offcut.core;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A failure that a user can understand and act on. The message is one line: what was wrong, where,
 * what to do.
 *
 * <p>Defects are ordinary runtime exceptions; they are not turned into this.
 */
public final class OffcutException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private static final String DENIED = "permission denied";
    private static final String IN_ITS_WAY = "a file or folder is in its way";
    private static final String NO_FOLDER = "its folder is not there";

    private final ErrorCode code;

    public OffcutException(ErrorCode code, String message) {
        this(code, message, null);
    }

    public OffcutException(ErrorCode code, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    /**
     * What to tell of a file or folder that cannot be written: {@link ErrorCode#FORBIDDEN}, {@link
     * ErrorCode#CONFLICT} or {@link ErrorCode#NOT_FOUND} where the place is wrong, else {@link
     * ErrorCode#EXHAUSTED}.
     *
     * @param cause of a file system, whose message is the path, and with luck a reason
     */
    public static OffcutException cannotWrite(Path file, IOException cause) {
        String reason = reason(cause);
        ErrorCode code =
                switch (reason) {
                    case DENIED -> ErrorCode.FORBIDDEN;
                    case IN_ITS_WAY -> ErrorCode.CONFLICT;
                    case NO_FOLDER -> ErrorCode.NOT_FOUND;
                    default -> ErrorCode.EXHAUSTED;
                };
        String remedy =
                switch (code) {
                    case FORBIDDEN -> "check the permissions of its folder";
                    case CONFLICT -> "remove it or name another output";
                    case NOT_FOUND -> "make it or name another output";
                    default -> "check the disk's room";
                };
        return new OffcutException(
                code, "output " + file + ": cannot be written (" + reason + "): " + remedy, cause);
    }

    private static String reason(IOException e) {
        String said =
                e instanceof FileSystemException refused ? refused.getReason() : e.getMessage();
        String text = said == null ? e.getClass().getSimpleName() : said;
        return switch (e) {
            case AccessDeniedException _ -> DENIED;
            case FileAlreadyExistsException _, NotDirectoryException _ -> IN_ITS_WAY;
            case NoSuchFileException _ -> NO_FOLDER;
            // As strerror(3) says it, where Java has no class for it.
            case IOException _ when text.contains("Permission denied") -> DENIED;
            case IOException _
                    when text.contains("Not a directory") || text.contains("Is a directory") ->
                    IN_ITS_WAY;
            case IOException _ when text.contains("No such file or directory") -> NO_FOLDER;
            default -> text;
        };
    }

    public ErrorCode code() {
        return code;
    }

    /** The message; never null. */
    @Override
    public String getMessage() {
        String message = super.getMessage();
        return message == null ? code.name() : message;
    }
}
