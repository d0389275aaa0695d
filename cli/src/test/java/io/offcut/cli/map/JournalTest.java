package io.offcut.cli.map;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
    private static final Journal.Header GZIP = new Journal.Header("files", "gzip/gzip", "ab12");

    @TempDir Path folder;

    private Journal open() {
        return Journal.open(folder, GZIP, false);
    }

    @Test
    void remembersWhatWasWritten() {
        try (Journal journal = open()) {
            assertThat(journal.earlier()).isEmpty();
            journal.append(Journal.entry().put("done", "a\nb").put("bytes", 3));
        }
        try (Journal journal = open()) {
            assertThat(journal.earlier())
                    .singleElement()
                    .satisfies(entry -> assertThat(entry.path("done").asText()).isEqualTo("a\nb"));
        }
    }

    @Test
    void cutsOffALineThatWasNotWrittenToItsEnd() throws IOException {
        try (Journal journal = open()) {
            journal.append(Journal.entry().put("done", "a"));
        }
        Path file = folder.resolve(Journal.FOLDER).resolve("journal");
        Files.write(file, "{\"done\":\"b".getBytes(UTF_8), StandardOpenOption.APPEND);

        try (Journal journal = open()) {
            assertThat(journal.earlier()).hasSize(1);
            journal.append(Journal.entry().put("done", "c"));
        }
        try (Journal journal = open()) {
            assertThat(journal.earlier())
                    .extracting(entry -> entry.path("done").asText())
                    .containsExactly("a", "c");
        }
    }

    @Test
    void refusesResultsOfAnotherFunction() {
        open().close();
        for (Journal.Header other :
                new Journal.Header[] {
                    new Journal.Header("lines", "gzip/gzip", "ab12"),
                    new Journal.Header("files", "gzip/bzip", "ab12"),
                    new Journal.Header("files", "gzip/gzip", "cd34")
                }) {
            assertThatThrownBy(() -> Journal.open(folder, other, false))
                    .isInstanceOfSatisfying(
                            OffcutException.class,
                            e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT))
                    .hasMessageContaining(folder.toString())
                    .hasMessageContaining("--restart");
        }
    }

    @Test
    void forgetsOnRestart() {
        try (Journal journal = open()) {
            journal.append(Journal.entry().put("done", "a"));
        }
        Journal.Header other = new Journal.Header("files", "gzip/gzip", "cd34");
        try (Journal journal = Journal.open(folder, other, true)) {
            assertThat(journal.earlier()).isEmpty();
        }
    }

    @Test
    void isForOneProcessAtATime() {
        try (Journal journal = open()) {
            assertThat(journal.earlier()).isEmpty();
            assertThatThrownBy(this::open)
                    .isInstanceOfSatisfying(
                            OffcutException.class,
                            e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT))
                    .hasMessageContaining("another map");
        }
        open().close();
    }
}
