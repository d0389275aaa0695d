package io.offcut.bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.function.BundleManifest;
import io.offcut.core.function.FunctionKind;
import io.offcut.core.function.FunctionSpec;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BundleManifestTest {
    private static BundleManifest read(String yaml) {
        return ManifestReader.read(yaml.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void readsEveryKind() {
        BundleManifest manifest =
                read(
                        """
                        name: black-scholes
                        functions:
                          - name: price
                            kind: native
                            file: ./libprice.so
                            symbol: price
                            checked: true
                            idempotent: true
                            timeoutMillis: 5000
                          - name: reverse
                            kind: java
                            file: classes/
                            symbol: org.example.Reverse
                          - name: gzip
                            kind: command
                            command: [gzip, -c, "9"]
                        """);
        assertThat(manifest.name()).isEqualTo("black-scholes");
        assertThat(manifest.functions())
                .containsExactly(
                        new FunctionSpec(
                                "price",
                                FunctionKind.NATIVE,
                                "libprice.so",
                                "price",
                                true,
                                List.of(),
                                true,
                                5000),
                        new FunctionSpec(
                                "reverse",
                                FunctionKind.JAVA,
                                "classes",
                                "org.example.Reverse",
                                false,
                                List.of(),
                                false,
                                60_000),
                        new FunctionSpec(
                                "gzip",
                                FunctionKind.COMMAND,
                                "",
                                "",
                                false,
                                List.of("gzip", "-c", "9"),
                                false,
                                60_000));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "symbol: ok                 | symbl: f            | unknown key 'functions[0].symbl'",
                "kind: native               | kind: nativ         | 'nativ' is not one of",
                "symbol: ok                 | symbol: 'a b'       | functions[0].symbol",
                "symbol: ok                 | symbol: 3           | put it in quotes",
                "file: lib.so               | file: ../lib.so     | functions[0].file",
                "file: lib.so               | file: /lib.so       | absolute",
                "name: one                  | name: a/b           | functions[0].name",
                "name: one                  | name: [a]           | functions[0].name",
                "checked: true              | checked: maybe      | functions[0].checked",
                "timeoutMillis: 5           | timeoutMillis: 0    | functions[0].timeoutMillis",
                "timeoutMillis: 5           | timeoutMillis: 1e99 | functions[0].timeoutMillis",
                "timeoutMillis: 5           | timeoutMillis: 99999999999999999999 | timeoutMillis",
                "timeoutMillis: 5           | command: [x]        | unknown key 'functions[0].command'",
                "timeoutMillis: 5           | checked: true       | not valid YAML",
            })
    void namesTheKeyThatIsWrong(String from, String to, String words) {
        String good =
                """
                name: bundle
                functions:
                  - name: one
                    kind: native
                    file: lib.so
                    symbol: ok
                    checked: true
                    timeoutMillis: 5
                """;
        assertThat(read(good).functions()).hasSize(1);
        assertThat(good).contains(from);
        refuses(good.replace(from, to), words);
    }

    @Test
    void refusesWhatIsNotAManifest() {
        refuses("", "expected the keys");
        refuses("just text", "expected the keys");
        refuses("name: [", "not valid YAML");
        refuses("name: x\nfunctions: []", "list of 1 to");
        refuses("name: x", "list of 1 to");
        refuses("name: " + "a".repeat(64) + Zips.MANIFEST.substring(10), "SHA-256");
        refuses(Zips.MANIFEST + "extra: 1\n", "unknown key 'extra'");
        refuses(Zips.MANIFEST + "---\nname: second\n", "not valid YAML");
        String twice = Zips.MANIFEST + Zips.MANIFEST.substring(Zips.MANIFEST.indexOf("  - "));
        refuses(twice, "'gzip' is there twice");
    }

    @Test
    void refusesAFunctionWithoutWhatItsKindNeeds() {
        String head = "name: b\nfunctions:\n  - {name: f, kind: ";
        refuses(head + "native, file: lib.so}", "functions[0].symbol: is missing");
        refuses(head + "java, symbol: J}", "functions[0].file: is missing");
        refuses(head + "command}", "functions[0].command: expected a list");
        refuses(head + "command, command: ['']}", "functions[0].command[0]");
    }

    @Test
    void survivesDeepNestingAndAliases() {
        refuses("name: " + "[".repeat(100_000), "YAML");
        refuses(
                "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b]",
                "unknown key");
    }

    private static void refuses(String yaml, String words) {
        assertThatThrownBy(() -> read(yaml))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> {
                            assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT);
                            assertThat(e.getMessage())
                                    .startsWith("offcut.yaml")
                                    .contains(words)
                                    .doesNotContain("\n");
                        });
    }
}
