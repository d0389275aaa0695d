package io.offcut.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class OffcutExceptionTest {
    static Stream<Arguments> saysWhyAFileCannotBeWrittenAndWhatToDo() {
        return Stream.of(
                Arguments.of(
                        new AccessDeniedException("/data/r9"),
                        ErrorCode.FORBIDDEN,
                        "(permission denied): check the permissions of its folder"),
                Arguments.of(
                        new FileNotFoundException("/data/r9 (Permission denied)"),
                        ErrorCode.FORBIDDEN,
                        "(permission denied): check the permissions of its folder"),
                Arguments.of(
                        new FileSystemException("/data/r9", null, "Not a directory"),
                        ErrorCode.CONFLICT,
                        "(a file or folder is in its way): remove it or name another output"),
                Arguments.of(
                        new NoSuchFileException("/data/r9"),
                        ErrorCode.NOT_FOUND,
                        "(its folder is not there): make it or name another output"),
                Arguments.of(
                        new IOException("No space left on device"),
                        ErrorCode.EXHAUSTED,
                        "(No space left on device): check the disk's room"));
    }

    @ParameterizedTest
    @MethodSource
    void saysWhyAFileCannotBeWrittenAndWhatToDo(IOException cause, ErrorCode code, String said) {
        OffcutException told = OffcutException.cannotWrite(Path.of("/data/r9"), cause);

        assertThat(told.code()).isEqualTo(code);
        assertThat(told).hasMessage("output /data/r9: cannot be written " + said);
    }
}
