package io.offcut.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.FunctionView;
import io.offcut.core.api.ResolvedFunction;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResolvedFunctionTest {
    private static final List<FunctionView> STORED =
            List.of(
                    FakeCluster.view("aaaaaaaa11".repeat(6) + "0000", "gzip", "gzip"),
                    FakeCluster.view("aaaaaaaa22".repeat(6) + "0000", "finance", "price", "greeks"),
                    FakeCluster.view("bbbbbbbb33".repeat(6) + "0000", "physics", "step", "price"));

    @ParameterizedTest
    @CsvSource({
        "gzip/gzip, gzip/gzip",
        "gzip, gzip/gzip",
        "greeks, finance/greeks",
        "finance/price, finance/price",
        "bbbbbbbb/price, physics/price",
        "aaaaaaaa22/greeks, finance/greeks",
    })
    void finds(String reference, String name) {
        assertThat(ResolvedFunction.resolve(reference, STORED, "me").name()).isEqualTo(name);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "price          | USAGE     | finance/price, physics/price",
                "finance        | USAGE     | finance/greeks, finance/price",
                "aaaaaaaa/price | USAGE     | give more digits",
                "nothing        | NOT_FOUND | it has finance, gzip, physics",
                "bbbbbbb/price  | NOT_FOUND | bundle bbbbbbb",
                "gzip/bzip      | NOT_FOUND | it has gzip/gzip",
            })
    void refuses(String reference, ErrorCode code, String hint) {
        assertThatThrownBy(() -> ResolvedFunction.resolve(reference, STORED, "me"))
                .isInstanceOfSatisfying(
                        OffcutException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContaining(hint);
    }

    private static FunctionView pushed(String sha, String owner, long atMillis, String function) {
        FunctionView view = FakeCluster.view(sha.repeat(32), "gzip", function);
        return new FunctionView(view.bundle(), owner, view.manifest(), 1, atMillis);
    }

    @Test
    void meansTheUsersOwnLatestVersionOfAName() {
        FunctionView old = pushed("c1", "me", 1, "retired");
        FunctionView mine = pushed("c2", "me", 2, "pack");
        FunctionView other = pushed("c3", "you", 3, "pack");
        List<FunctionView> stored = List.of(old, mine, other);

        assertThat(ResolvedFunction.resolve("gzip", stored, "me").view()).isEqualTo(mine);
        assertThat(ResolvedFunction.resolve("pack", stored, "me").view()).isEqualTo(mine);
        assertThat(ResolvedFunction.resolve("gzip", stored, "she").view()).isEqualTo(other);
        assertThat(ResolvedFunction.resolve("c1c1c1c1", stored, "me").view()).isEqualTo(old);
        assertThatThrownBy(() -> ResolvedFunction.resolve("retired", stored, "me"))
                .hasMessageContaining("retired");
    }

    @Test
    void saysHowToPushWhenThereIsNothing() {
        assertThatThrownBy(() -> ResolvedFunction.resolve("gzip", List.of(), "me"))
                .hasMessageContaining("offcut function push");
    }
}
