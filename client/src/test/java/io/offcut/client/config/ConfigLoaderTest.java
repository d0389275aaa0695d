package io.offcut.client.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigLoaderTest {
    record Disk(String dir, int files) {}

    record Boat(
            String name,
            int port,
            double share,
            boolean fast,
            Disk disk,
            List<String> flags,
            Map<String, String> labels) {
        Boat {
            if (port > 65_535) {
                throw new IllegalArgumentException("port " + port + " is over 65535");
            }
        }
    }

    private static final Boat DEFAULTS =
            new Boat("ada", 1, 0.5, false, new Disk("/tmp", 3), List.of(), Map.of());
    private static final Component<Boat> BOAT =
            new Component<>("boat", Boat.class, "OFFCUT_BOAT_", true, DEFAULTS);

    @TempDir Path folder;

    private Boat load(
            Map<String, String> environment, Map<String, ? extends @Nullable Object> flags) {
        return new ConfigLoader(environment, List.of(folder)).load(BOAT, null, flags);
    }

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("boat.yaml"), text);
    }

    private static void refused(ThrowingCallable call, String... parts) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        OffcutException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.USAGE))
                .hasMessageContainingAll(parts)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
    }

    @Test
    void takesDefaultsWhereThereIsNothing() {
        assertThat(load(Map.of(), Map.of())).isEqualTo(DEFAULTS);
    }

    @Test
    void takesWordsLikeOnAndNoAsTheyAreWritten() throws IOException {
        file("name: on\nflags: [off, no, yes]\nfast: true\n");

        Boat boat = load(Map.of(), Map.of());

        assertThat(boat.name()).isEqualTo("on");
        assertThat(boat.flags()).containsExactly("off", "no", "yes");
        assertThat(boat.fast()).isTrue();
    }

    @Test
    void laysEnvironmentOverFileAndFlagsOverEnvironment() throws IOException {
        file("name: file\nport: 2\nshare: 0.25\ndisk: {dir: /data, files: 9}\nflags: [a, b]\n");

        Boat boat =
                load(
                        Map.of(
                                "OFFCUT_BOAT_PORT", "3",
                                "OFFCUT_BOAT_DISK_DIR", "/env",
                                "OFFCUT_BOAT_FAST", "true",
                                "OFFCUT_BOAT_LABELS", "a=1, b=2",
                                "OFFCUT_OTHER", "x"),
                        Map.of("port", 4));

        assertThat(boat)
                .isEqualTo(
                        new Boat(
                                "file",
                                4,
                                0.25,
                                true,
                                new Disk("/env", 9),
                                List.of("a", "b"),
                                Map.of("a", "1", "b", "2")));
    }

    @Test
    void readsTheNamedFileInsteadOfTheUsualOne(@TempDir Path other) throws IOException {
        file("name: usual\n");
        Path named = Files.writeString(other.resolve("x.yaml"), "name: named\n");

        Boat boat = new ConfigLoader(Map.of(), List.of(folder)).load(BOAT, named, Map.of());

        assertThat(boat.name()).isEqualTo("named");
    }

    @Test
    void takesTheFirstFolderThatHasAFile(@TempDir Path etc) throws IOException {
        Files.writeString(etc.resolve("boat.yaml"), "name: etc\n");
        ConfigLoader loader = new ConfigLoader(Map.of(), List.of(folder, etc));

        assertThat(loader.load(BOAT, null, Map.of()).name()).isEqualTo("etc");
        file("name: home\n");
        assertThat(loader.load(BOAT, null, Map.of()).name()).isEqualTo("home");
    }

    @Test
    void acceptsAFileOfCommentsOnly() throws IOException {
        file("# nothing yet\n");
        assertThat(load(Map.of(), Map.of())).isEqualTo(DEFAULTS);
    }

    @Test
    void namesTheUnknownKeyItsFileAndTheKeyThatWasMeant() throws IOException {
        Path file = file("prot: 3\n");
        refused(() -> load(Map.of(), Map.of()), "'prot'", file.toString(), "'port'");
    }

    @Test
    void namesTheUnknownKeyInsideAGroup() throws IOException {
        Path file = file("disk: {size: 3}\n");
        refused(() -> load(Map.of(), Map.of()), "'disk.size'", file.toString());
    }

    @Test
    void namesTheVariableThatIsNoKey() {
        refused(
                () -> load(Map.of("OFFCUT_BOAT_SPEED", "3"), Map.of()),
                "OFFCUT_BOAT_SPEED",
                "'SPEED'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "port: many             | port       | 'many' is not a whole number",
                "port: 1.5              | port       | '1.5' is not a whole number",
                "share: much            | share      | 'much' is not a number",
                "fast: perhaps          | fast       | 'perhaps' is not true or false",
                "flags: {a: 1}          | flags      | is not a list",
                "disk: {files: lots}    | disk.files | 'lots' is not a whole number",
                "port: 70000            | 70000      | port 70000 is over 65535",
            })
    void namesTheKeyAndTheFileOfABadValue(String text, String key, String why) throws IOException {
        Path file = file(text + "\n");
        refused(() -> load(Map.of(), Map.of()), key, why, file.toString());
    }

    @Test
    void namesTheVariableOfABadValue() {
        refused(
                () -> load(Map.of("OFFCUT_BOAT_PORT", "many"), Map.of()),
                "OFFCUT_BOAT_PORT",
                "key port",
                "'many'");
    }

    @ParameterizedTest
    @CsvSource({"'a: [1'", "'- a'", "'a: 1\na: 2'", "'\tx: 1'"})
    void saysThatAFileIsNotAMapping(String text) throws IOException {
        Path file = file(text);
        refused(() -> load(Map.of(), Map.of()), file.toString());
    }

    @Test
    void saysThatTheNamedFileIsNotThere() {
        assertThatThrownBy(() ->
                        new ConfigLoader(Map.of(), List.of())
                                .load(BOAT, folder.resolve("none.yaml"), Map.of()))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_FOUND))
                .hasMessageContaining("none.yaml");
    }
}
