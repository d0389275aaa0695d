package io.offcut.core;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
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

    private final ErrorCode code;

    public OffcutException(ErrorCode code, String message) {
        this(code, message, null);
    }

    public OffcutException(ErrorCode code, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    /**
     * What to tell of a file or folder that cannot be written.
     *
     * @param cause of a file system, whose message is the path, and with luck a reason
     */
    public static OffcutException cannotWrite(Path file, IOException cause) {
        return new OffcutException(
                ErrorCode.EXHAUSTED,
                "output "
                        + file
                        + ": cannot be written ("
                        + reason(cause)
                        + "): check the disk's room and the folder's permissions",
                cause);
    }

    private static String reason(IOException e) {
        String said =
                e instanceof FileSystemException refused ? refused.getReason() : e.getMessage();
        return switch (e) {
            case AccessDeniedException _ -> "permission denied";
            case FileAlreadyExistsException _ -> "a file is in its way";
            case NoSuchFileException _ -> "its folder is not there";
            default -> said == null ? e.getClass().getSimpleName() : said;
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
